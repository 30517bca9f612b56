/** Words for programs; the rest of a run's reasons are Kubernetes' own (BackoffLimitExceeded, ImagePullBackOff, ...). */
export const reasons = {
  cancelled: 'Cancelled',
  concurrencyForbidden: 'ConcurrencyForbidden',
  dependencyFailed: 'DependencyFailed',
  invalidFlow: 'InvalidFlow',
  invalidSchedule: 'InvalidSchedule',
  jobDeleted: 'JobDeleted',
  nothingFailed: 'NothingFailed',
  outputsInvalid: 'OutputsInvalid',
  overrideNotAllowed: 'OverrideNotAllowed',
  podFailed: 'PodFailed',
  podNotCreated: 'FailedCreate',
  queueFull: 'QueueFull',
  quotaExceeded: 'QuotaExceeded',
  replaced: 'Replaced',
  retryBackoff: 'RetryBackoff',
  serviceAccountNotFound: 'ServiceAccountNotFound',
  stepFailed: 'StepFailed',
  suspended: 'Suspended',
  taskNotFound: 'TaskNotFound',
  timedOut: 'DeadlineExceeded',
  waitsForPods: 'WaitsForPods',
  waitsForTurn: 'WaitsForTurn',
  workflowStepEnded: 'WorkflowStepEnded',
} as const;

/** What a run waits for that is in order: nothing is wrong, so nothing stalls. */
export const patientReasons: ReadonlySet<string> = new Set([
  reasons.podFailed,
  reasons.retryBackoff,
  reasons.suspended,
  reasons.waitsForPods,
  reasons.waitsForTurn,
]);
