/**
 * The reasons in the statuses and conditions of Tasks and TaskRuns: stable words for programs. reason-meanings.ts says
 * what each means; docs/reference/reasons.md is generated from it. A run may also carry a reason that a later
 * Kubernetes or Kueue brings.
 */
export const reasons = {
  cancelled: 'Cancelled',
  concurrencyForbidden: 'ConcurrencyForbidden',
  deactivated: 'Deactivated',
  dependencyFailed: 'DependencyFailed',
  exceedsMaxQuota: 'ExceedsMaxQuota',
  failedToStart: 'FailedToStart',
  failFast: 'FailFast',
  inadmissible: 'Inadmissible',
  invalidFlow: 'InvalidFlow',
  invalidParameters: 'InvalidParameters',
  invalidSchedule: 'InvalidSchedule',
  jobDeleted: 'JobDeleted',
  kueueNotInstalled: 'KueueNotInstalled',
  noNodeFits: 'NoNodeFits',
  nodeDeleted: 'NodeDeleted',
  nodeNotReady: 'NodeNotReady',
  nothingFailed: 'NothingFailed',
  notStarted: 'NotStarted',
  noWorkload: 'NoWorkload',
  notAdoptable: 'NotAdoptable',
  notRetryable: 'NotRetryable',
  outputsInvalid: 'OutputsInvalid',
  overrideNotAllowed: 'OverrideNotAllowed',
  paused: 'Paused',
  pending: 'Pending',
  podFailed: 'PodFailed',
  podInitializing: 'PodInitializing',
  podNotCreated: 'FailedCreate',
  podStuck: 'PodStuck',
  priorityClassNotFound: 'PriorityClassNotFound',
  queueFull: 'QueueFull',
  queueTimeout: 'QueueTimeout',
  quotaExceeded: 'QuotaExceeded',
  ranBefore: 'RanBefore',
  reconciliationFailed: 'ReconciliationFailed',
  replaced: 'Replaced',
  retryBackoff: 'RetryBackoff',
  serviceAccountNotFound: 'ServiceAccountNotFound',
  stepFailed: 'StepFailed',
  superseded: 'Superseded',
  suspended: 'Suspended',
  taskNotFound: 'TaskNotFound',
  templateNotFound: 'TemplateNotFound',
  timedOut: 'DeadlineExceeded',
  tooLarge: 'TooLarge',
  waitsForContainer: 'WaitsForContainer',
  waitsForManager: 'WaitsForManager',
  waitsForPods: 'WaitsForPods',
  waitsForTurn: 'WaitsForTurn',
  workflowStepEnded: 'WorkflowStepEnded',
  writeRefused: 'WriteRefused',
} as const;

/** What Jobs end with by themselves, and what the API server refuses objects with (controllers/refusal.ts). */
export const kubernetesReasons = {
  alreadyExists: 'AlreadyExists',
  backoffLimitExceeded: 'BackoffLimitExceeded',
  failedIndexes: 'FailedIndexes',
  forbidden: 'Forbidden',
  internalError: 'InternalError',
  invalid: 'Invalid',
  maxFailedIndexesExceeded: 'MaxFailedIndexesExceeded',
  podFailurePolicy: 'PodFailurePolicy',
} as const;

/** What pods wait with and what containers end with: the ones that people meet most; every other is handed on, too. */
export const podReasons = {
  crashLoopBackOff: 'CrashLoopBackOff',
  createContainerConfigError: 'CreateContainerConfigError',
  error: 'Error',
  errImagePull: 'ErrImagePull',
  evicted: 'Evicted',
  failedAttachVolume: 'FailedAttachVolume',
  failedCreatePodSandBox: 'FailedCreatePodSandBox',
  failedMount: 'FailedMount',
  imagePullBackOff: 'ImagePullBackOff',
  invalidImageName: 'InvalidImageName',
  oomKilled: 'OOMKilled',
  podDeleted: 'PodDeleted',
  preemptionByScheduler: 'PreemptionByScheduler',
  startError: 'StartError',
  unschedulable: 'Unschedulable',
} as const;

/** What Kueue gives a run up with. */
const kueueReasons = [
  'DeactivatedDueToAdmissionCheck',
  'DeactivatedDueToMaximumExecutionTimeExceeded',
  'DeactivatedDueToRequeuingLimitExceeded',
] as const;

/** All reasons that runs are known to end with; others may come with a later Kubernetes. */
export const knownReasons: ReadonlySet<string> = new Set<string>([
  ...Object.values(reasons),
  ...Object.values(kubernetesReasons),
  ...kueueReasons,
]);

/**
 * What Kueue has a Workload wait with where all is in order: gated, until the pods of others are ready, or as it says
 * where it tells the reasons apart.
 */
const kueuePatience = [
  'AdmissionGated',
  'Waiting',
  'PendingEvaluation',
  'WaitingForPodsReady',
  'WaitingForPreemptedWorkloads',
  'WaitingForQuota',
] as const;

/** What it has one wait with that may never be admitted as things are. */
const kueueTroubles = ['Misconfigured', 'NoMatchingFlavor', 'TopologyPlacementFailed'] as const;

/** All reasons with which a run, or a step of one, is known to be Queued. */
export const queuedReasons: ReadonlySet<string> = new Set<string>([
  reasons.deactivated,
  reasons.exceedsMaxQuota,
  reasons.inadmissible,
  reasons.kueueNotInstalled,
  reasons.notStarted,
  reasons.noWorkload,
  reasons.pending,
  reasons.priorityClassNotFound,
  reasons.waitsForTurn,
  ...kueuePatience,
  ...kueueTroubles,
]);

/** What a run waits for that is in order: nothing is wrong, so nothing stalls. */
export const patientReasons: ReadonlySet<string> = new Set<string>([
  reasons.nodeNotReady,
  reasons.pending,
  reasons.podFailed,
  reasons.podInitializing,
  reasons.retryBackoff,
  reasons.suspended,
  reasons.waitsForContainer,
  reasons.waitsForPods,
  reasons.waitsForTurn,
  ...kueuePatience,
]);

type ValueOf<T> = T[keyof T];

/** Every reason that has a meaning in reason-meanings.ts. */
export type Reason =
  | ValueOf<typeof reasons>
  | ValueOf<typeof kubernetesReasons>
  | ValueOf<typeof podReasons>
  | (typeof kueueReasons)[number]
  | (typeof kueuePatience)[number]
  | (typeof kueueTroubles)[number];
