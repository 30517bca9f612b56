/**
 * What this process remembers of a Task beyond the objects themselves. Losing it costs a few calls, never a rule.
 */
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
