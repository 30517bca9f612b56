/**
 * globals.workspace: a claim that each run of a flow has for itself, beside what its steps mount. It is made before the
 * first step, and lives as long as the run's pods are there to be looked at, or a retry goes on with what is in it.
 */
import { labels, type Meta, type Task, type TaskRun } from '../../resources/index.ts';
import type { Action, ClaimManifest } from '../model/actions.ts';
import type { RunView, TaskView } from '../view/classify.ts';
import { compact } from '../lang/compact.ts';
import { controlledBy, runLabels } from '../manifest/manifests.ts';
import { joinName, labelValue } from '../lang/names.ts';
import type { TaskState } from '../model/state.ts';

type Globals = NonNullable<Task['spec']['globals']>;
type Workspace = NonNullable<Globals['workspace']> & {
  /** Of the run that this one is a retry of. */
  readonly claimName?: string;
};

const volumeName = 'workspace';
/** The CRD's defaults, for snapshots made by hand. */
const defaults = { accessModes: ['ReadWriteOnce'], mountPath: '/workspace' };

/** A claim that is there. */
export interface Claim {
  readonly metadata: Meta;
}

/** The name of the claim that a run has, or is to have. */
export function claimOf({ metadata, spec, status }: TaskRun): string | undefined {
  const workspace = workspaceOf(spec);
  return status?.workspace ?? workspace?.claimName ?? (workspace && joinName(metadata.name, volumeName));
}

/** Whether the claim is to be made: no step of the run has begun. */
export function lacksClaim({ run, attempt }: RunView, { claims }: TaskState): boolean {
  const name = claimOf(run);
  return attempt === undefined && name !== undefined && !claims.some(({ metadata }) => metadata.name === name);
}

/** What is wrong with a retry whose workspace is no more, in a sentence with the remedy. */
export function workspaceProblem(view: RunView, state: TaskState): string | undefined {
  const name = workspaceOf(view.run.spec)?.claimName;
  if (name === undefined || !lacksClaim(view, state)) return undefined;
  return `the workspace ${name}, with what the steps that succeeded left in it, was deleted: create a TaskRun without retryOf to run all steps`;
}

export function claimManifest({ run, name }: RunView, task: Task): ClaimManifest {
  const { size = '', storageClassName, accessModes } = { ...defaults, ...workspaceOf(run.spec) };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: claimOf(run) ?? name,
      namespace: run.metadata.namespace,
      labels: { ...runLabels(task), [labels.run]: labelValue(name) },
      ownerReferences: [controlledBy('Task', task.metadata)],
    },
    spec: compact({ accessModes, storageClassName, resources: { requests: { storage: size } } }),
  };
}

/** Claims of which neither a run that goes on nor one whose pods are kept has need. */
export function pruneClaims({ state, runs }: TaskView): readonly Action[] {
  if (state.claims.length === 0) return [];
  const needed = new Set(runs.filter((view) => !view.finished || view.kept).map(({ run }) => claimOf(run)));
  const needless = state.claims.filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined && !needed.has(metadata.name),
  );
  return needless.map(({ metadata: { name, uid } }) => ({
    kind: 'deleteClaim',
    name,
    uid,
    because: 'no run needs this workspace any more',
  }));
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

function workspaceOf({ snapshot }: TaskRun['spec']): Workspace | undefined {
  return (snapshot?.globals as Globals | undefined)?.workspace;
}
