/**
 * What each reason means, and what to do about it. docs/reference/reasons.md is generated from this file; a reason
 * without an entry here does not compile.
 */
import { clusterReasonMeanings } from './cluster-reason-meanings.ts';
import type { ReasonMeaning } from './reason-meaning.ts';
import type { Reason } from './reasons.ts';

const ourReasonMeanings = {
  Cancelled: {
    source: 'task-runs',
    with: ['Cancelled'],
    meaning: 'Somebody cancelled the run (`spec.cancel`). The message says who and why, where that is known.',
    remedy: 'To run again deploy again, or retry the run.',
  },
  ConcurrencyForbidden: {
    source: 'task-runs',
    with: ['Skipped'],
    meaning: 'An older run was active, and `concurrencyPolicy` is `Forbid`.',
    remedy: 'Run again once the other run has ended, or choose `Queue` or `Allow`.',
  },
  Deactivated: {
    source: 'task-runs',
    with: ['Queued'],
    meaning: "Somebody set `spec.active` of the run's Workload to false.",
    remedy: 'Set it to true, or cancel the run.',
  },
  DeadlineExceeded: {
    source: 'task-runs',
    with: ['Failed', 'Skipped'],
    meaning: 'The run, or a step, took longer than `timeoutSeconds`. A step that had not started by then is skipped.',
    remedy: 'See in `task-runs logs` what took so long, or raise `timeoutSeconds`.',
  },
  DependencyFailed: {
    source: 'task-runs',
    with: ['Skipped'],
    meaning: 'A step that this step depends on did not succeed.',
    remedy: 'Fix the step that failed, and retry the run.',
  },
  ExceedsMaxQuota: {
    source: 'task-runs',
    with: ['Queued'],
    meaning: 'The run asks for more than its queue ever has.',
    remedy: 'Ask for less, or raise the quota of the ClusterQueue.',
  },
  FailFast: {
    source: 'task-runs',
    with: ['Skipped', 'Cancelled'],
    meaning: 'Another step, item or node failed, and `failurePolicy` is `FailFast`.',
    remedy: 'Fix what failed, and retry the run.',
  },
  FailedCreate: {
    source: 'task-runs',
    with: ['Pending', 'Running'],
    meaning: "The Job's pods cannot be created.",
    remedy: 'The message has what the API server says: mostly an admission policy or missing rights.',
  },
  Inadmissible: {
    source: 'task-runs',
    with: ['Queued'],
    meaning: 'The LocalQueue or its ClusterQueue does not exist, or is stopped.',
    remedy: 'Create the queue, correct `queue.name`, or start the queue again.',
  },
  InvalidFlow: {
    source: 'task-runs',
    with: ['Failed'],
    meaning: 'The steps, items, nodes or outputs of the run contradict each other.',
    remedy: 'The message says what to change. Correct the Application, and deploy it again.',
  },
  InvalidParameters: {
    source: 'task-runs',
    with: ['Failed', 'Stalled'],
    meaning: 'The parameters do not fit the TaskTemplate.',
    remedy: 'The message names the parameter. Correct the Application, and deploy it again.',
  },
  InvalidSchedule: {
    source: 'task-runs',
    with: ['Stalled'],
    meaning: 'The schedule or its time zone is invalid, so nothing is scheduled.',
    remedy: 'Correct `schedule` as the message says, and deploy again.',
  },
  JobDeleted: {
    source: 'task-runs',
    with: ['Failed'],
    meaning: 'Somebody deleted the Job before it finished, so its outcome is unknown.',
    remedy: 'Deploy again, or retry the run. To end a run, cancel it instead of deleting its Job.',
  },
  KueueNotInstalled: {
    source: 'task-runs',
    with: ['Queued'],
    meaning: 'The run names a queue, and Kueue is not installed in this cluster.',
    remedy: 'Install Kueue, or take `queue` out of the Application and deploy again.',
  },
  NoNodeFits: {
    source: 'task-runs',
    with: ['Pending'],
    meaning: 'No node fits a run that runs on nodes, or the node on which all its steps are to run does not exist.',
    remedy: 'Correct the selector, or add a node. The run starts by itself afterwards.',
  },
  NoWorkload: {
    source: 'task-runs',
    with: ['Queued'],
    meaning: "Kueue has not made a Workload for the run's Job.",
    remedy: "See whether Kueue's controller runs, and manages `batch/job` in this namespace.",
  },
  NodeDeleted: {
    source: 'task-runs',
    with: ['Skipped', 'Cancelled'],
    meaning: 'The node of this part of the run was deleted.',
    remedy: '',
  },
  NotAdoptable: {
    source: 'task-runs',
    with: ['Failed'],
    meaning: 'The TaskRun says something that only the controller writes, so it is not made a run of its Task.',
    remedy: 'Delete it, and create a TaskRun without the field that the message names (`task-runs run`).',
  },
  NotRetryable: {
    source: 'task-runs',
    with: ['Failed'],
    meaning: 'The run that `spec.retryOf` names cannot be retried.',
    remedy: 'The message says why: it does not exist, did not fail, or its workspace is gone. Start a new run instead.',
  },
  NotStarted: {
    source: 'task-runs',
    with: ['Queued'],
    meaning: 'Kueue admitted the run, and has not started its Job for a minute.',
    remedy:
      "Kueue's log says why. Mostly its account is missing in the addon's `queueControllers`, or an admission check sets labels or annotations that `queuePodKeys` does not name.",
  },
  NodeNotReady: {
    source: 'task-runs',
    with: ['Pending', 'Running', 'Stalled'],
    meaning:
      'The node that a Job is bound to is not ready, so nothing on it goes on. After 5 minutes the Task is Stalled.',
    remedy:
      'Repair the node, or delete it: its Job ends with it, and the run goes on. `exclude` leaves a node out of the next run.',
  },
  NothingFailed: {
    source: 'task-runs',
    with: ['Skipped'],
    meaning: 'The step runs `OnFailure`, and nothing failed; or it depends on a step that was not needed.',
    remedy: '',
  },
  OutputsInvalid: {
    source: 'task-runs',
    with: ['Failed'],
    meaning: 'The Job succeeded, but the outputs that it wrote are missing or invalid.',
    remedy: 'The message names the output. Correct what the program writes, or the declaration in `outputs`.',
  },
  OverrideNotAllowed: {
    source: 'task-runs',
    with: ['Failed'],
    meaning: 'The TaskRun overrides something that `executionPolicy.allowedOverrides` does not allow.',
    remedy: 'Start the run without that override, or allow it in the Application.',
  },
  Paused: {
    source: 'task-runs',
    with: ['Running'],
    meaning: 'A part of the run failed, and `failurePolicy` is `Pause`: nothing else starts.',
    remedy: 'Set `spec.resume` of the TaskRun to true to go on, or cancel the run.',
  },
  Pending: {
    source: 'task-runs',
    with: ['Queued'],
    meaning: 'The run waits in its queue, and nothing is wrong.',
    remedy: '',
  },
  PodFailed: {
    source: 'task-runs',
    with: ['Running', 'Pending'],
    meaning: 'A pod failed, and the Job tries again (`backoffLimit`).',
    remedy: 'Nothing, if it succeeds next time. `task-runs logs` has the output of the pod that failed.',
  },
  PodInitializing: {
    source: 'task-runs',
    with: ['Pending', 'Running', 'Stalled'],
    meaning:
      'The program has not started: an init container of its pod still runs, or a sidecar has not passed its startupProbe. A sidecar stalls the Task after ten minutes, an init container after an hour.',
    remedy:
      'Look at the log of the container that the message names; often it waits for a service that does not answer.',
  },
  PodStuck: {
    source: 'task-runs',
    with: ['Pending', 'Running', 'Stalled'],
    meaning:
      'The run waits for the pods of an earlier run, or for its own before they are replaced, and one of them is not gone though its grace period is over.',
    remedy:
      'Look at the node that the message names. If it is dead, delete the pod with `--force`, or taint the node with `node.kubernetes.io/out-of-service`.',
  },
  PriorityClassNotFound: {
    source: 'task-runs',
    with: ['Queued'],
    meaning: 'The WorkloadPriorityClass that the run names does not exist, so Kueue does not queue it.',
    remedy: 'Create it, or correct `queue.priorityClass`.',
  },
  QueueFull: {
    source: 'task-runs',
    with: ['Skipped'],
    meaning: 'As many runs as `queueLimit` allows were waiting already.',
    remedy: 'See why the runs before it do not end, or raise `queueLimit`.',
  },
  QueueTimeout: {
    source: 'task-runs',
    with: ['Failed'],
    meaning: 'A Job of the run waited in its queue longer than `queueTimeoutSeconds`.',
    remedy: 'The message says what it waited for. Raise the quota or the limit, and retry the run.',
  },
  QuotaExceeded: {
    source: 'task-runs',
    with: ['Pending', 'Running'],
    meaning: 'A ResourceQuota of the namespace does not allow the Job or its pods.',
    remedy: 'Raise the quota, ask for less, or wait until others have ended. The run starts by itself afterwards.',
  },
  RanBefore: {
    source: 'task-runs',
    with: ['Ready'],
    meaning: 'The revision ran before its Task was created again (deleted by hand, or restored), and is not run twice.',
    remedy: 'To run it again change the Application, or create a TaskRun (`task-runs run`).',
  },
  ReconciliationFailed: {
    source: 'task-runs',
    with: ['Stalled'],
    meaning: 'The controller met an error of its own, and nothing of the Task goes on.',
    remedy:
      "Deploy it without what was changed last, and report the message with the controller's log. The controller tries again by itself.",
  },
  Replaced: {
    source: 'task-runs',
    with: ['Cancelled'],
    meaning: 'A newer run took the place of this one (`concurrencyPolicy: Replace`, or `unique: false`).',
    remedy: '',
  },
  RetryBackoff: {
    source: 'task-runs',
    with: ['Pending'],
    meaning: 'An attempt failed, and the next one starts at the time that the message has (`retry`).',
    remedy: '',
  },
  ServiceAccountNotFound: {
    source: 'task-runs',
    with: ['Pending', 'Running'],
    meaning: "The pods' ServiceAccount does not exist.",
    remedy: 'Create it, or correct `serviceAccountName`. The run starts by itself afterwards.',
  },
  StepFailed: {
    source: 'task-runs',
    with: ['Failed'],
    meaning: 'A step, item or node of the run failed.',
    remedy:
      'The message names it and says why. Fix it and deploy again, or retry the run: what succeeded is not run again.',
  },
  Superseded: {
    source: 'task-runs',
    with: ['Skipped'],
    meaning:
      'Several deployments came while no controller ran, and only the last one could run. This record stands for the others; the message says between which revisions they came. If the last one is what ran before, perhaps the Task was only suspended and resumed.',
    remedy:
      'Deploy again what should have run. Look why no controller ran: its Deployment, its lease, and the alert `TaskRunsNoLeader`.',
  },
  Suspended: {
    source: 'task-runs',
    with: ['Pending'],
    meaning: 'The Task is suspended, or somebody suspended the Job.',
    remedy: 'Set `suspend` to false when the run may start.',
  },
  TaskNotFound: {
    source: 'task-runs',
    with: ['Pending'],
    meaning: 'The Task that the TaskRun names does not exist in its namespace.',
    remedy: 'Apply the Task, correct `spec.taskRef`, or delete the TaskRun.',
  },
  TemplateNotFound: {
    source: 'task-runs',
    with: ['Pending', 'Stalled'],
    meaning: 'The TaskTemplate that the Task or its run names does not exist in its namespace.',
    remedy: 'Create it. A run that waits for it starts by itself afterwards.',
  },
  TooLarge: {
    source: 'task-runs',
    with: ['Failed', 'Stalled'],
    meaning: 'The run, one of its Jobs or its record is larger than the API server takes.',
    remedy: 'Make the Task smaller: fewer or shorter items, steps and scripts; put large texts into a ConfigMap.',
  },
  WaitsForContainer: {
    source: 'task-runs',
    with: ['Running', 'Stalled'],
    meaning:
      'The program has ended, whether it succeeded or failed, and another ordinary container keeps its pod running. After 5 minutes the Task is Stalled.',
    remedy:
      'Make the other container a native sidecar: an init container with `restartPolicy: Always`. Kubernetes stops it when the program is done.',
  },
  WaitsForManager: {
    source: 'task-runs',
    with: ['Pending', 'Stalled'],
    meaning: 'The Job is left to another controller (`job.managedBy`), which has not started it.',
    remedy: 'Install that controller, or take `managedBy` out and deploy again.',
  },
  WaitsForPods: {
    source: 'task-runs',
    with: ['Pending'],
    meaning: 'The pods of an earlier run that was cancelled or replaced are not gone yet.',
    remedy: 'If it takes long, see what keeps those pods: a long `terminationGracePeriodSeconds`, or a finalizer.',
  },
  WaitsForTurn: {
    source: 'task-runs',
    with: ['Queued'],
    meaning: 'The run waits until the run before it has ended (`concurrencyPolicy: Queue`).',
    remedy: '',
  },
  WorkflowStepEnded: {
    source: 'task-runs',
    with: ['Cancelled'],
    meaning:
      'The workflow step that asked for the run has ended, for example because somebody terminated the workflow.',
    remedy: '',
  },
  WriteRefused: {
    source: 'task-runs',
    with: ['Stalled'],
    meaning:
      'The API server keeps refusing what the controller writes about one object of the Task. Everything else of the Task goes on.',
    remedy:
      'The message names the object and has the reason. The controller tries again, at least once a minute. If nothing else helps, delete that object.',
  },
} satisfies Partial<Record<Reason, ReasonMeaning>>;

export const reasonMeanings: Readonly<Record<Reason, ReasonMeaning>> = {
  ...ourReasonMeanings,
  ...clusterReasonMeanings,
};
