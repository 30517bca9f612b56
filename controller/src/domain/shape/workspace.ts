/**
 * globals.workspace: a claim that each run of a flow has for itself, beside what its steps mount. It is made before the
 * first step, and lives as long as the run's pods are there to be looked at, or a retry goes on with what is in it.
 */
import type { Task, TaskRun } from '../../resources/index.ts';
import { memo } from '../lang/memo.ts';
import { freeName, joinName, namesOf } from '../lang/names.ts';
import type { Claim } from '../model/objects.ts';
import type { TaskState } from '../model/state.ts';
import type { RunView } from '../model/view.ts';
type Globals = NonNullable<Task['spec']['globals']>;
type Workspace = NonNullable<Globals['workspace']> & {
  /** The workspace of the run that this one is a retry of. */
  readonly claimName?: string;
};

/** The volume's name in every pod. */
export const workspaceVolume = 'workspace';
/** The CRD's defaults, for snapshots made by hand. */
export const defaults = { accessModes: ['ReadWriteOnce'], mountPath: '/workspace' };

/**
 * The name of the claim that a run has; undefined where it has none yet. A status does not count before the first Job:
 * the claim that it names may be gone, and its name be somebody else's.
 */
export function claimOf(view: RunView, { cluster: { claims } }: TaskState): string | undefined {
  const { record: run, began, finished } = view;
  const workspace = workspaceOf(run.spec);
  if (finished || !workspace) return run.status?.workspace;
  const recorded = began ? (run.status?.workspace ?? wantedName(run)) : undefined;
  return workspace.claimName ?? ownClaim(run, claims) ?? recorded;
}

/** The name of the claim that was made for the run; of several the one on record. */
function ownClaim(run: TaskRun, claims: readonly Claim[]): string | undefined {
  const own = claims.filter((claim) => isClaimOf(claim, run)).map(({ metadata }) => metadata.name);
  return own.find((name) => name === run.status?.workspace) ?? own[0];
}

/**
 * Whether a claim that the run's Task controls was made for this run, and can be mounted. The first name is that of
 * every run of this name, also of one that was deleted: a claim of that one is older. The other names are made of the
 * run's UID.
 */
export function isClaimOf({ metadata: { name, creationTimestamp = '', deletionTimestamp } }: Claim, run: TaskRun) {
  if (deletionTimestamp !== undefined) return false;
  const { creationTimestamp: since = '' } = run.metadata;
  return name === wantedName(run) ? !(Date.parse(creationTimestamp) < Date.parse(since)) : furtherNames(run).has(name);
}

/** The name under which the run's claim is to be made. */
export function newClaimName(run: TaskRun, { memory: { taken } }: TaskState): string {
  return freeName(wantedName(run), run.metadata.uid, taken.claims);
}

function wantedName({ metadata }: TaskRun): string {
  return joinName(metadata.name, workspaceVolume);
}

/** Remembered: a decision asks several times, and a name costs a hash. */
const furtherNames = memo((run: TaskRun) => new Set(namesOf(wantedName(run), run.metadata.uid).slice(1)));

/** Whether the claim is to be made: no step of the run has begun. */
export function lacksClaim(view: RunView, state: TaskState): boolean {
  if (view.began || !workspaceOf(view.record.spec)) return false;
  const name = claimOf(view, state);
  return !state.cluster.claims.some(
    ({ metadata }) => metadata.name === name && metadata.deletionTimestamp === undefined,
  );
}

/** What is wrong with a retry whose workspace no longer exists, in a sentence with the remedy. */
export function workspaceProblem(view: RunView, state: TaskState): string | undefined {
  const name = workspaceOf(view.record.spec)?.claimName;
  if (name === undefined || !lacksClaim(view, state)) return undefined;
  return `the workspace ${name}, with what the steps that succeeded left in it, was deleted: create a TaskRun without retryOf to run all steps`;
}

/** The globals with the workspace, which is the claim of that name, as a volume and its mount. */
export function withWorkspace(run: TaskRun, claimName: string | undefined): Globals | undefined {
  const { globals } = run.spec.snapshot ?? {};
  const workspace = workspaceOf(run.spec);
  if (!workspace || claimName === undefined) return globals;
  const { volumes = [], volumeMounts = [] } = (globals ?? {}) as Globals;
  const mountPath = workspace.mountPath ?? defaults.mountPath;
  return {
    ...globals,
    volumes: [...volumes, { name: workspaceVolume, persistentVolumeClaim: { claimName } }],
    volumeMounts: [...volumeMounts, { name: workspaceVolume, mountPath }],
  };
}

export function workspaceOf({ snapshot }: TaskRun['spec']): Workspace | undefined {
  return (snapshot?.globals as Globals | undefined)?.workspace;
}
