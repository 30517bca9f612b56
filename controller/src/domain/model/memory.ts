/**
 * What this process remembers of a Task beyond the objects themselves. Losing it costs a few calls, never a rule.
 */
import type { Task } from '../../resources/index.ts';
import type { Job } from './objects.ts';
import type { Answered, Mark } from './trigger.ts';

export interface Memory {
  /** Versions of the Task that were seen and are older than the Task, oldest first: deployments in quick succession. */
  readonly earlier: readonly Task[];
  /** UIDs of the runs that the archive still has to read; their pruning by age or number waits for it. */
  readonly readers: ReadonlySet<string>;
  /** Jobs as they were when they were deleted, so that an outcome which nobody recorded yet is not lost. */
  readonly deletedJobs: readonly Job[];
  readonly refusals: readonly Refusal[];
  /** Actions that failed because of their object, by `actionKey`. */
  readonly setbacks: ReadonlyMap<string, Setback>;
  /** What the API server said of Jobs that it was asked about before their turn. */
  readonly trial?: Trial | undefined;
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
  /** What is to be left out of statuses that were too large, by UID of the run or Task. */
  readonly cuts: ReadonlyMap<string, Cut>;
  /** When each version was first seen, by generation, in milliseconds since the epoch. */
  readonly seenAt: ReadonlyMap<number, number>;
  /** What the Application's mark says of a Task that came without status and runs; undefined while nobody asked. */
  readonly before?: Before | undefined;
  /** Whether the Application was told, or needs not be told, that this Task keeps its name. */
  readonly nameKept?: boolean | undefined;
  /** The value of the mark that this process last wrote on the Application. */
  readonly marked?: string | undefined;
  /** When to mark an Application that did not yet say that it applied the Task, in milliseconds since the epoch. */
  readonly markAt?: number | undefined;
  /** What this process last nudged the Application with. */
  readonly nudged?: string | undefined;
  /**
   * Until when another process surely acted, in milliseconds since the epoch: nobody may have told what changed since
   * then. Undefined in a process that has just begun, after one that acted until then.
   */
  readonly unattendedSince?: number | undefined;
}

/** What was found on the Application and in the archive. */
export interface Before {
  /** The Application's mark; left out where it has none that counts. */
  readonly mark?: Mark | undefined;
  /** Whether the Application is another object than the one that was marked: it came back from a backup. */
  readonly isRestored?: boolean | undefined;
  /** Whether the mark answers the trigger whatever the session of its workflow step is. */
  readonly anySession?: boolean | undefined;
  /** Why the Application has no mark that counts. */
  readonly unmarked?: Unmarked | undefined;
  /** The last deployment of a Task of this name in the archive. */
  readonly archived?: ArchivedDeployment | undefined;
}

export type Unmarked = 'notHere' | 'noMark' | 'changed' | 'notNamed';

export interface ArchivedDeployment {
  readonly run: string;
  /** When it ended, RFC 3339. */
  readonly at: string;
  readonly snapshotHash: string;
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
  /** True where a retry cannot help: the API server called the Job invalid, for example. */
  readonly final: boolean;
  /** It is a record of what nobody saw, after which nothing runs. */
  readonly isReturn?: boolean;
  /** Milliseconds since the epoch. */
  readonly retryAt: number;
}

/** What the API server said of the Jobs of one version of the Task. */
export interface Trial {
  readonly generation: number;
  /** A hash of the TaskTemplates that it uses, as they were. */
  readonly templates?: string | undefined;
  /** Why it would refuse one of them, whenever that is created; undefined where it would refuse none. */
  readonly problem?: Problem | undefined;
}

export interface Problem {
  readonly reason: string;
  /** One sentence with the remedy. */
  readonly message: string;
}

/** Names that turned out to be taken by somebody else's objects. */
export interface TakenNames {
  readonly runs: ReadonlySet<string>;
  readonly jobs: ReadonlySet<string>;
  readonly claims: ReadonlySet<string>;
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

/** A status that the API server refused because it is too large. */
export interface Cut {
  /** How many times in a row; each time less is written. */
  readonly refusals: number;
  /** When to write again, in milliseconds since the epoch. */
  readonly retryAt: number;
}

/** What a process remembers that has just started. */
export const emptyMemory: Memory = {
  earlier: [],
  readers: new Set(),
  deletedJobs: [],
  refusals: [],
  setbacks: new Map(),
  taken: { runs: new Set(), jobs: new Set(), claims: new Set() },
  goneJobs: new Set(),
  terminationMessages: new Map(),
  steps: new Map(),
  written: new Map(),
  cuts: new Map(),
  seenAt: new Map(),
};

/** An action that failed because of the object it is about. It is not tried again before its time; all others go on. */
export interface Setback {
  /** One sentence: what was refused, and why. */
  readonly message: string;
  /** How often it has failed in a row. */
  readonly failures: number;
  /** Milliseconds since the epoch. */
  readonly retryAt: number;
  /**
   * Where the action succeeds and another program undoes it each time: until when that counts, in milliseconds since
   * the epoch. A success says nothing then.
   */
  readonly undoneUntil?: number;
}

/** From so many failures on a setback is reported; fewer are mostly a cache that is behind. */
export const reportedFailures = 5;
