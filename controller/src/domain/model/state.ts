/**
 * What `decide` is given: one Task and everything that belongs to it, as plain readonly data.
 */
import type { Meta, Task, TaskRun } from '../../resources/index.ts';
import type { Node } from '../shape/nodes.ts';
import type { Queueing } from './kueue.ts';
import type { Templates } from '../shape/templates.ts';
import type { Claim } from '../shape/workspace.ts';
import type { Answered } from './trigger.ts';

/** The part of a batch/v1 Job that decisions need. */
export interface Job {
  readonly metadata: Meta;
  /** Which attempt of its run it is; left out for the first, which has number 0. */
  readonly attempt?: number;
  /** The step of its run's flow that it is of. */
  readonly step?: string;
  /** The queue that it is in, by its label. */
  readonly queue?: string;
  readonly spec: {
    readonly parallelism?: number;
    readonly completions?: number;
    readonly backoffLimit?: number;
    readonly suspend?: boolean;
  };
  readonly status?: {
    readonly active?: number;
    readonly ready?: number;
    readonly succeeded?: number;
    readonly failed?: number;
    readonly startTime?: string;
    readonly completionTime?: string;
    readonly conditions?: readonly JobCondition[];
  };
}

export interface JobCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** A pod as far as it explains its run. See digestPod. */
export interface Pod {
  readonly metadata: Meta;
  readonly phase: string;
  /** Once it has one. */
  readonly nodeName?: string;
  /** Why it does not run yet: ImagePullBackOff, Unschedulable, ... */
  readonly waiting?: { readonly reason: string; readonly message: string };
  /** How the container that failed last ended. */
  readonly failure?: ContainerFailure;
}

export interface ContainerFailure {
  /** Empty, and without an exit code, where the pod failed as a whole. */
  readonly container: string;
  readonly exitCode?: number;
  /** The kubelet's word for it: Error, OOMKilled, ... */
  readonly reason: string;
}

/**
 * The Job controller could not create a pod (an Event with reason FailedCreate): a quota, a missing service account, a
 * webhook.
 */
export interface PodRefusal {
  readonly jobUid: string;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly seenAt: number;
}

/** The API server refused to create one of our objects, and when to try again. */
export interface Refusal {
  readonly object: 'TaskRun' | 'Job' | 'PersistentVolumeClaim';
  /** The TaskRun's name, for all of them. */
  readonly run: string;
  /** The step whose Job was refused, in a flow. */
  readonly step?: string | undefined;
  readonly reason: string;
  readonly message: string;
  /** Whether trying again can help: false for a Job that is invalid. */
  readonly final: boolean;
  /** Milliseconds since the epoch. */
  readonly retryAt: number;
}

/** Names that turned out to be taken by somebody else's objects. */
export interface TakenNames {
  readonly runs: ReadonlySet<string>;
  readonly jobs: ReadonlySet<string>;
}

/** What is known of the workflow step that a run belongs to. */
export interface StepLook {
  /** When the Application was last asked, in milliseconds since the epoch. */
  readonly at: number;
  /** Whether the Application's status names the step's session, or nobody could be asked. */
  readonly known: boolean;
  /** Why the step does not wait for the run any more; left out while it does. */
  readonly ended?: string;
}

/** A Job's termination message, as it was read; without text where there was none to read. */
export interface TerminationMessage {
  readonly text?: string | undefined;
  /** Where the pod ran. */
  readonly nodeName?: string | undefined;
}

export interface TaskState {
  readonly task: Task;
  /** Versions of the Task that were seen and are older than `task`, oldest first: deployments in quick succession. */
  readonly earlier: readonly Task[];
  /** The TaskRuns that the Task owns. */
  readonly runs: readonly TaskRun[];
  /** TaskRuns that name the Task and that nobody owns yet: people made them. */
  readonly orphans: readonly TaskRun[];
  /** UIDs of the runs that somebody still reads: for a while nothing of them is pruned by age or by number. */
  readonly held: Pick<ReadonlySet<string>, 'has'>;
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
