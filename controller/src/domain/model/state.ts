/**
 * What `decide` is given: one Task, what the cluster has of it, and what this process remembers. All of it is plain
 * readonly data that nobody changes afterwards: whoever reads it from live caches copies it.
 */
import type { Task, TaskRun, TaskTemplateSpec } from '../../resources/index.ts';
import { memo } from '../lang/memo.ts';
import { type Action, actionKey } from './actions.ts';
import { noQueueing, type Queueing } from './kueue.ts';
import { emptyMemory, type Memory } from './memory.ts';
import type { Claim, Job, Node, Pod, PodRefusal } from './objects.ts';

export interface TaskState {
  readonly task: Task;
  readonly cluster: Cluster;
  readonly memory: Memory;
}

/** What the API server has that concerns one Task, as this process last saw it. */
export interface Cluster {
  /** The TaskRuns that the Task owns. */
  readonly runs: readonly TaskRun[];
  /** TaskRuns that name the Task and that nobody owns yet: people made them. */
  readonly orphans: readonly TaskRun[];
  /** The Jobs that those runs own. */
  readonly jobs: readonly Job[];
  readonly pods: readonly Pod[];
  /** All of the cluster, where a run has a Job for each; else none. */
  readonly nodes: readonly Node[];
  /** The workspaces of the Task's runs. */
  readonly claims: readonly Claim[];
  /** Those that the Task names or runs wait for, as far as they are there. */
  readonly templates: Templates;
  readonly podRefusals: readonly PodRefusal[];
  readonly queueing: Queueing;
}

const runsByName = memo((runs: readonly TaskRun[]) => new Map(runs.map((run) => [run.metadata.name, run])));

/** The Task's run of that name. Thousands of runs may retry another one. */
export function runNamed({ cluster }: TaskState, name: string): TaskRun | undefined {
  return runsByName(cluster.runs).get(name);
}

/** Whether the action failed because of its object, and is not to be tried again yet. */
export function isPutOff(
  action: Action,
  { memory: { setbacks } }: { readonly memory: Pick<Memory, 'setbacks'> },
  now: Date,
): boolean {
  return (setbacks.get(actionKey(action))?.retryAt ?? 0) > now.getTime();
}

/**
 * An action that failed because of its object waits, with its events, and holds nothing else up: one object that cannot
 * be written must not stop a Task.
 */
export function withoutPutOff(actions: readonly Action[], state: TaskState, now: Date): readonly Action[] {
  if (state.memory.setbacks.size === 0) return actions;
  let waits = false;
  return actions.filter((action) => {
    if (action.kind !== 'event') waits = isPutOff(action, state, now);
    return !waits;
  });
}

/** By name. */
export type Templates = ReadonlyMap<string, TaskTemplateSpec>;

export const emptyCluster: Cluster = {
  runs: [],
  orphans: [],
  jobs: [],
  pods: [],
  nodes: [],
  claims: [],
  templates: new Map(),
  podRefusals: [],
  queueing: noQueueing,
};

/** The state of a Task of which nothing else exists or is remembered: every other state is this one with changes. */
export function emptyState(task: Task): TaskState {
  return { task, cluster: emptyCluster, memory: emptyMemory };
}

/** The state with those changes of the cluster. */
export function withCluster(state: TaskState, changes: Partial<Cluster>): TaskState {
  return { ...state, cluster: { ...state.cluster, ...changes } };
}

/** The state with those changes of the memory. */
export function withMemory(state: TaskState, changes: Partial<Memory>): TaskState {
  return { ...state, memory: { ...state.memory, ...changes } };
}
