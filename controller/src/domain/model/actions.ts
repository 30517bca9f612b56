/**
 * What `decide` returns: API calls as readonly data. The controller carries them out in order and stops at the first
 * that fails.
 */
import type { OwnerReference, TaskRunSpec, TaskRunStatus, TaskStatus } from '../../resources/index.ts';
import type { Problem, Refusal } from './memory.ts';
import type { Mark } from './trigger.ts';

/** A TaskRun as it is created. */
export interface TaskRunManifest {
  readonly apiVersion: string;
  readonly kind: 'TaskRun';
  readonly metadata: ManifestMeta;
  readonly spec: TaskRunSpec;
}

/** A Job as it is created; never patched afterwards. */
export interface JobManifest {
  readonly apiVersion: 'batch/v1';
  readonly kind: 'Job';
  readonly metadata: ManifestMeta;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A Job that the API server is asked about before its turn. */
export interface TriedJob {
  /** The step of a flow that it is of. */
  readonly step?: string | undefined;
  /** The TaskTemplate that says what it runs. */
  readonly template?: string | undefined;
  readonly job: JobManifest;
}

export interface ClaimManifest {
  readonly apiVersion: 'v1';
  readonly kind: 'PersistentVolumeClaim';
  readonly metadata: ManifestMeta;
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface ManifestMeta {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences: readonly OwnerReference[];
}

export interface ApplicationRef {
  readonly name: string;
  readonly namespace: string;
}

/** What a TaskRun that somebody made lacks to be a run of its Task. */
export interface Adoption {
  readonly labels: Readonly<Record<string, string>>;
  readonly ownerReference: OwnerReference;
  readonly spec: Pick<TaskRunSpec, 'trigger' | 'jobName' | 'snapshot'>;
}

/**
 * Why a finished run's Job goes: a policy by its field's name, or what became of the run. Few, for metrics count by it.
 */
export const deletionCauses = [
  'keepLast',
  'keepLastFailed',
  'ttlSecondsAfterFinished',
  'replaced',
  'cancelled',
  'notAdmitted',
] as const;
export type DeletionCause = (typeof deletionCauses)[number];

/** Why a Job is deleted, as one word for programs and in words for people. */
export interface Deletion {
  readonly cause: DeletionCause;
  readonly because: string;
}

export type Action =
  /** Where it is a retry its snapshot is made of that run's, which only the API server has whole. */
  | {
      readonly kind: 'adoptRun';
      readonly name: string;
      readonly uid: string;
      readonly adoption: Adoption;
      readonly retryOf?: { readonly name: string; readonly uid: string };
    }
  /** Give a run copies of the TaskTemplates that it names. */
  | {
      readonly kind: 'fillTemplates';
      readonly name: string;
      readonly uid: string;
      readonly templates: Readonly<Record<string, object>>;
    }
  | { readonly kind: 'createRun'; readonly run: TaskRunManifest }
  | { readonly kind: 'createClaim'; readonly run: string; readonly claim: ClaimManifest }
  | { readonly kind: 'deleteClaim'; readonly name: string; readonly uid: string; readonly because: string }
  | { readonly kind: 'createJob'; readonly run: string; readonly step?: string; readonly job: JobManifest }
  /** No call: remember that no Job can be made of what a run says, as if the API server had refused it. */
  | { readonly kind: 'refuseJob'; readonly refusal: Omit<Refusal, 'retryAt'> }
  /** Ask the API server whether it would create these Jobs of that version of the Task; it creates none. */
  | {
      readonly kind: 'tryJobs';
      readonly generation: number;
      /** A hash of the TaskTemplates that they take, if any. */
      readonly templates?: string | undefined;
      readonly jobs: readonly TriedJob[];
      /** Why no Job can be made of what they say; then there is none to ask about. */
      readonly problem?: Problem | undefined;
    }
  /** Ask the live API for a Job that the cache does not have, before it is called deleted. */
  | { readonly kind: 'checkJob'; readonly name: string; readonly uid: string }
  /** Read what the pods of a Job that is complete left as termination message. */
  | {
      readonly kind: 'readTermination';
      readonly job: string;
      readonly uid: string;
      readonly container: string | undefined;
    }
  /** Ask the Application whether the workflow step still waits for the run. */
  | {
      readonly kind: 'checkStep';
      readonly run: string;
      readonly application: ApplicationRef;
      readonly step: { readonly name: string; readonly id: string };
    }
  | { readonly kind: 'writeRunStatus'; readonly name: string; readonly uid: string; readonly status: TaskRunStatus }
  /** Deletes in the background, so that the pods go after the Job; before it where a finalizer holds the Job. */
  | ({ readonly kind: 'deleteJob'; readonly name: string; readonly uid: string; readonly podsFirst?: true } & Deletion)
  | { readonly kind: 'deleteRun'; readonly name: string; readonly uid: string; readonly because: string }
  | { readonly kind: 'writeTaskStatus'; readonly status: TaskStatus }
  | { readonly kind: 'event'; readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string }
  /** Change an annotation of the Application, so that KubeVela reads the Task's status again. */
  | { readonly kind: 'nudge'; readonly application: ApplicationRef; readonly value: string }
  /** Write on the Application that its Tasks keep names that are joined with one dash. */
  | { readonly kind: 'keepName'; readonly application: ApplicationRef }
  /** Write on the Application what ran, and nudge it with the same call. */
  | {
      readonly kind: 'mark';
      readonly application: ApplicationRef;
      readonly mark: Mark;
      /** Another value for another mark. */
      readonly value: string;
      readonly nudge: string;
    }
  /** No call: KubeVela is about to read the Task's status by itself. */
  | { readonly kind: 'expectLook'; readonly value: string }
  /** Decide again at that time. `at` is in milliseconds since the epoch. */
  | { readonly kind: 'wakeAt'; readonly at: number };

export type ActionKind = Action['kind'];
export type ActionOf<K extends ActionKind> = Extract<Action, { kind: K }>;

/**
 * What an action does to which object, as one word: two actions with the same key do the same thing to the same object,
 * though perhaps with other content.
 */
export function actionKey(action: Action): string {
  return `${action.kind} ${targetOf(action)}`;
}

/** A UID where the object has one, otherwise its name; empty for the Task itself. */
function targetOf(action: Action): string {
  switch (action.kind) {
    case 'createRun':
      return action.run.metadata.name;
    case 'createJob':
      return action.job.metadata.name;
    case 'createClaim':
      return action.claim.metadata.name;
    case 'checkStep':
      return action.run;
    case 'refuseJob':
      return `${action.refusal.run}/${action.refusal.step ?? ''}`;
    default:
      return 'uid' in action ? action.uid : '';
  }
}
