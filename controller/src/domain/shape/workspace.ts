/**
 * globals.workspace: a claim that each run of a flow has for itself, beside what its steps mount. It is made before the
 * first step, and lives as long as the run's pods are there to be looked at, or a retry goes on with what is in it.
 */
import type { Task, TaskRun } from '../../resources/index.ts';
import { joinName } from '../lang/names.ts';
import type { TaskState } from '../model/state.ts';
import type { RunView } from '../model/view.ts';
type Globals = NonNullable<Task['spec']['globals']>;
type Workspace = NonNullable<Globals['workspace']> & {
  /** The workspace of the run that this one is a retry of. */
  readonly claimName?: string;
};

const volumeName = 'workspace';
/** The CRD's defaults, for snapshots made by hand. */
export const defaults = { accessModes: ['ReadWriteOnce'], mountPath: '/workspace' };

/** The name of the claim that a run has, or is to have. */
export function claimOf({ metadata, spec, status }: TaskRun): string | undefined {
  const workspace = workspaceOf(spec);
  return status?.workspace ?? workspace?.claimName ?? (workspace && joinName(metadata.name, volumeName));
}

/** Whether the claim is to be made: no step of the run has begun. */
export function lacksClaim({ record: run, began }: RunView, { cluster: { claims } }: TaskState): boolean {
  const name = claimOf(run);
  return !began && name !== undefined && !claims.some(({ metadata }) => metadata.name === name);
}

/** What is wrong with a retry whose workspace no longer exists, in a sentence with the remedy. */
export function workspaceProblem(view: RunView, state: TaskState): string | undefined {
  const name = workspaceOf(view.record.spec)?.claimName;
  if (name === undefined || !lacksClaim(view, state)) return undefined;
  return `the workspace ${name}, with what the steps that succeeded left in it, was deleted: create a TaskRun without retryOf to run all steps`;
}

/** The globals with the workspace as a volume and its mount. */
export function withWorkspace(run: TaskRun): Globals | undefined {
  const { globals } = run.spec.snapshot ?? {};
  const workspace = workspaceOf(run.spec);
  const claimName = claimOf(run);
  if (!workspace || claimName === undefined) return globals;
  const { volumes = [], volumeMounts = [] } = (globals ?? {}) as Globals;
  const mountPath = workspace.mountPath ?? defaults.mountPath;
  return {
    ...globals,
    volumes: [...volumes, { name: volumeName, persistentVolumeClaim: { claimName } }],
    volumeMounts: [...volumeMounts, { name: volumeName, mountPath }],
  };
}

export function workspaceOf({ snapshot }: TaskRun['spec']): Workspace | undefined {
  return (snapshot?.globals as Globals | undefined)?.workspace;
}
