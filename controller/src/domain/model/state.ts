/**
 * What `decide` is given: one Task, what the cluster has of it, and what this process remembers. All of it is plain
 * readonly data that nobody changes afterwards: whoever reads it from live caches copies it.
 */
import type { Task, TaskRun, TaskTemplateSpec } from '../../resources/index.ts';
import { noQueueing, type Queueing } from './kueue.ts';
import type { Refusal, StepLook, TakenNames, TerminationMessage } from './memory.ts';
import type { Claim, Job, Node, Pod, PodRefusal } from './objects.ts';
import type { Answered } from './trigger.ts';

export interface TaskState {
  readonly task: Task;
  /** Versions of the Task that were seen and are older than `task`, oldest first: deployments in quick succession. */
  readonly earlier: readonly Task[];
  /** The TaskRuns that the Task owns. */
  readonly runs: readonly TaskRun[];
  /** TaskRuns that name the Task and that nobody owns yet: people made them. */
  readonly orphans: readonly TaskRun[];
  /** UIDs of the runs that the archive still has to read; their pruning by age or number waits for it. */
  readonly readers: ReadonlySet<string>;
  /** The Jobs that those runs own. */
  readonly jobs: readonly Job[];
  /** Jobs as they were when they were deleted, so that an outcome which nobody recorded yet is not lost. */
  readonly deletedJobs: readonly Job[];
  readonly pods: readonly Pod[];
  /** All of the cluster, where a run has a Job for each; else none. */
  readonly nodes: readonly Node[];
  /** The workspaces of the Task's runs. */
  readonly claims: readonly Claim[];
  /** Those that runs wait for, as far as they are there. */
  readonly templates: Templates;
  readonly podRefusals: readonly PodRefusal[];
  readonly queueing: Queueing;
  readonly refusals: readonly Refusal[];
  readonly taken: TakenNames;
  /** UIDs of Jobs that the live API said are gone. */
  readonly goneJobs: ReadonlySet<string>;
  /** The trigger that this process last created a run for. */
  readonly answered?: Answered | undefined;
  /** The time of the schedule that this process last created a run for, RFC 3339. */
  readonly lastScheduled?: string | undefined;
  /** By the Job's UID. */
  readonly terminationMessages: ReadonlyMap<string, TerminationMessage>;
  /** By the run's name. */
  readonly steps: ReadonlyMap<string, StepLook>;
  /** When this process last wrote each run's status, by the run's name, in milliseconds since the epoch. */
  readonly written: ReadonlyMap<string, number>;
  /** When each version was first seen, by generation, in milliseconds since the epoch. */
  readonly seenAt: ReadonlyMap<number, number>;
  /** What this process last nudged the Application with. */
  readonly nudged?: string | undefined;
}

/** By name. */
export type Templates = ReadonlyMap<string, TaskTemplateSpec>;

/** The state of a Task of which nothing else exists or is remembered: every other state is this one with changes. */
export function emptyState(task: Task): TaskState {
  return {
    task,
    earlier: [],
    runs: [],
    orphans: [],
    readers: new Set(),
    jobs: [],
    deletedJobs: [],
    pods: [],
    nodes: [],
    claims: [],
    templates: new Map(),
    podRefusals: [],
    queueing: noQueueing,
    refusals: [],
    taken: { runs: new Set(), jobs: new Set() },
    goneJobs: new Set(),
    terminationMessages: new Map(),
    steps: new Map(),
    written: new Map(),
    seenAt: new Map(),
  };
}
