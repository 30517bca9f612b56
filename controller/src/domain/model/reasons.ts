/**
 * Words for programs; the rest of a run's reasons are Kubernetes' own (BackoffLimitExceeded, ImagePullBackOff, ...).
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
  nothingFailed: 'NothingFailed',
  notStarted: 'NotStarted',
  noWorkload: 'NoWorkload',
  notRetryable: 'NotRetryable',
  outputsInvalid: 'OutputsInvalid',
  overrideNotAllowed: 'OverrideNotAllowed',
  paused: 'Paused',
  pending: 'Pending',
  podFailed: 'PodFailed',
  podNotCreated: 'FailedCreate',
  priorityClassNotFound: 'PriorityClassNotFound',
  queueFull: 'QueueFull',
  queueTimeout: 'QueueTimeout',
  quotaExceeded: 'QuotaExceeded',
  replaced: 'Replaced',
  retryBackoff: 'RetryBackoff',
  serviceAccountNotFound: 'ServiceAccountNotFound',
  stepFailed: 'StepFailed',
  suspended: 'Suspended',
  taskNotFound: 'TaskNotFound',
  templateNotFound: 'TemplateNotFound',
  timedOut: 'DeadlineExceeded',
  waitsForPods: 'WaitsForPods',
  waitsForTurn: 'WaitsForTurn',
  workflowStepEnded: 'WorkflowStepEnded',
} as const;

/** What Jobs end with by themselves, and what the API server refuses objects with (controllers/refusal.ts). */
const kubernetesReasons = [
  'AlreadyExists',
  'BackoffLimitExceeded',
  'FailedIndexes',
  'Forbidden',
  'InternalError',
  'Invalid',
  'MaxFailedIndexesExceeded',
  'PodFailurePolicy',
];

/** What Kueue gives a run up with. */
const kueueReasons = [
  'DeactivatedDueToAdmissionCheck',
  'DeactivatedDueToMaximumExecutionTimeExceeded',
  'DeactivatedDueToRequeuingLimitExceeded',
];

/** All reasons that runs are known to end with; others may come with a later Kubernetes. */
export const knownReasons: ReadonlySet<string> = new Set([
  ...Object.values(reasons),
  ...kubernetesReasons,
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
];

/** What it has one wait with that may never be admitted as things are. */
const kueueTroubles = ['Misconfigured', 'NoMatchingFlavor', 'TopologyPlacementFailed'];

/** All reasons with which a run, or a step of one, is known to be Queued. */
export const queuedReasons: ReadonlySet<string> = new Set([
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
export const patientReasons: ReadonlySet<string> = new Set([
  reasons.pending,
  reasons.podFailed,
  reasons.retryBackoff,
  reasons.suspended,
  reasons.waitsForPods,
  reasons.waitsForTurn,
  ...kueuePatience,
]);
