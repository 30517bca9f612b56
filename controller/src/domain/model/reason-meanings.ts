/**
 * What each reason means, and what to do about it. docs/reference/reasons.md is generated from this file; a reason
 * without an entry here does not compile.
 */
import type { RunPhase } from '../../resources/index.ts';
import type { Reason } from './reasons.ts';

export interface ReasonMeaning {
  /** Whose word it is: ours, or of the program whose reason is handed on. */
  readonly source: 'task-runs' | 'Kubernetes' | 'Kueue';
  /** Where it stands: a run's phase, or a step's, or another field of a status. */
  readonly with: readonly (RunPhase | 'Stalled' | 'exitReason')[];
  readonly meaning: string;
  /** What to do about it; empty where nothing is wrong. */
  readonly remedy: string;
}

export const reasonMeanings: Readonly<Record<Reason, ReasonMeaning>> = {
  AdmissionGated: {
    source: 'Kueue',
    with: ['Queued'],
    meaning: 'Somebody gated the Workload, so Kueue does not consider it yet.',
    remedy: 'Remove the gate from the Workload when the run may start.',
  },
  AlreadyExists: {
    source: 'Kubernetes',
    with: ['Pending'],
    meaning: 'The Job or claim cannot be created: another object has its name.',
    remedy: 'Delete or rename the object that the message names. The run starts by itself afterwards.',
  },
  BackoffLimitExceeded: {
    source: 'Kubernetes',
    with: ['Failed'],
    meaning: "The Job's pods failed more often than `backoffLimit` allows.",
    remedy:
      'The message has the exit code of the container that failed last, and `task-runs logs` its output. Fix the program or the manifest and deploy again, or retry the run.',
  },
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
  CrashLoopBackOff: {
    source: 'Kubernetes',
    with: ['Running', 'Pending'],
    meaning: 'A container ends with an error again and again, and the kubelet pauses before it starts it again.',
    remedy: 'Read its output with `task-runs logs`.',
  },
  CreateContainerConfigError: {
    source: 'Kubernetes',
    with: ['Pending', 'Running'],
    meaning: 'A container needs a ConfigMap, a Secret or a key of one that does not exist.',
    remedy: 'Create what the message names, or correct `env`. The run starts by itself afterwards.',
  },
  Deactivated: {
    source: 'task-runs',
    with: ['Queued'],
    meaning: "Somebody set `spec.active` of the run's Workload to false.",
    remedy: 'Set it to true, or cancel the run.',
  },
  DeactivatedDueToAdmissionCheck: {
    source: 'Kueue',
    with: ['Failed'],
    meaning: 'An admission check of the queue rejected the run.',
    remedy: 'The message says which check and why. Fix that, and retry the run.',
  },
  DeactivatedDueToMaximumExecutionTimeExceeded: {
    source: 'Kueue',
    with: ['Failed'],
    meaning: 'The run took longer than the maximum execution time that Kueue knows of it.',
    remedy: 'Raise the limit, or make the run shorter; then retry it.',
  },
  DeactivatedDueToRequeuingLimitExceeded: {
    source: 'Kueue',
    with: ['Failed'],
    meaning: 'Kueue put the run back into its queue too often, because its pods did not become ready in time.',
    remedy: 'See why the pods do not become ready, then retry the run.',
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
  ErrImagePull: {
    source: 'Kubernetes',
    with: ['Pending', 'Running'],
    meaning: 'The image cannot be pulled.',
    remedy: 'Correct `image` or `imagePullSecrets`, and deploy again.',
  },
  Error: {
    source: 'Kubernetes',
    with: ['exitReason'],
    meaning: 'A container ended with an exit code other than 0.',
    remedy: 'Read its output with `task-runs logs`.',
  },
  Evicted: {
    source: 'Kubernetes',
    with: ['exitReason'],
    meaning: 'The kubelet or somebody evicted the pod, for example because its node ran out of memory or disk.',
    remedy: 'Give the task realistic `memory` and `cpu`, or more `backoffLimit`.',
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
  FailedIndexes: {
    source: 'Kubernetes',
    with: ['Failed'],
    meaning: 'At least one index of an indexed Job finally failed.',
    remedy: 'Read the output of the index that failed with `task-runs logs`.',
  },
  FailedAttachVolume: {
    source: 'Kubernetes',
    with: ['Pending', 'Running'],
    meaning: "A volume cannot be attached to the pod's node, mostly because another node still has it.",
    remedy:
      'End the pod that uses the volume on the other node, or run both on one node (`workspace`, `nodeSelector`).',
  },
  FailedCreatePodSandBox: {
    source: 'Kubernetes',
    with: ['Pending', 'Running'],
    meaning: "The pod's network or sandbox cannot be set up on its node: no free address, or a broken network plug-in.",
    remedy: 'Look at the network plug-in of the node that `kubectl describe pod` names.',
  },
  FailedMount: {
    source: 'Kubernetes',
    with: ['Pending', 'Running'],
    meaning: 'A volume cannot be mounted: mostly a ConfigMap, Secret or claim that does not exist.',
    remedy: 'Create what the message names, or correct `volumes`. The run starts by itself afterwards.',
  },
  FailedToStart: {
    source: 'Kueue',
    with: ['Failed'],
    meaning: 'Kueue admitted the run, and could not start its Job.',
    remedy: 'The message has what Kueue says. Fix that, and retry the run.',
  },
  Forbidden: {
    source: 'Kubernetes',
    with: ['Pending'],
    meaning: 'An admission policy, an admission webhook or missing rights keep the Job from being created.',
    remedy: 'The message names the policy or right. The controller tries again by itself.',
  },
  ImagePullBackOff: {
    source: 'Kubernetes',
    with: ['Pending', 'Running'],
    meaning: 'The image cannot be pulled, and the kubelet pauses before it tries again.',
    remedy: 'Correct `image` or `imagePullSecrets`, and deploy again.',
  },
  Inadmissible: {
    source: 'task-runs',
    with: ['Queued'],
    meaning: 'The LocalQueue or its ClusterQueue does not exist, or is stopped.',
    remedy: 'Create the queue, correct `queue.name`, or start the queue again.',
  },
  InternalError: {
    source: 'Kubernetes',
    with: ['Pending'],
    meaning: 'An admission webhook could not be reached, so the Job was not created.',
    remedy: 'Repair the webhook that the message names. The controller tries again by itself.',
  },
  Invalid: {
    source: 'Kubernetes',
    with: ['Failed'],
    meaning: 'The API server refuses the Job or the claim as invalid.',
    remedy: 'The message names the field. Correct the Application, and deploy it again.',
  },
  InvalidFlow: {
    source: 'task-runs',
    with: ['Failed'],
    meaning: 'The steps, items, nodes or outputs of the run contradict each other.',
    remedy: 'The message says what to change. Correct the Application, and deploy it again.',
  },
  InvalidImageName: {
    source: 'Kubernetes',
    with: ['Pending', 'Running'],
    meaning: 'The image does not have a valid name.',
    remedy: 'Correct `image`, and deploy again.',
  },
  InvalidParameters: {
    source: 'task-runs',
    with: ['Failed'],
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
  MaxFailedIndexesExceeded: {
    source: 'Kubernetes',
    with: ['Failed'],
    meaning: 'More indexes of an indexed Job failed than `maxFailedIndexes` allows.',
    remedy: 'Read the output of the indexes that failed with `task-runs logs`.',
  },
  Misconfigured: {
    source: 'Kueue',
    with: ['Queued'],
    meaning: 'The queue is misconfigured.',
    remedy: 'The message has what Kueue says about it. Correct the queue.',
  },
  NoMatchingFlavor: {
    source: 'Kueue',
    with: ['Queued'],
    meaning: 'The node selector or the tolerations of the run fit no flavor of its queue.',
    remedy: 'Correct them, or choose another queue.',
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
    with: ['Pending', 'Running'],
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
  OOMKilled: {
    source: 'Kubernetes',
    with: ['exitReason'],
    meaning: 'A container used more memory than its limit.',
    remedy: 'Raise `memory`.',
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
  PendingEvaluation: {
    source: 'Kueue',
    with: ['Queued'],
    meaning: 'Kueue has not looked at the run yet.',
    remedy: '',
  },
  PodDeleted: {
    source: 'Kubernetes',
    with: ['exitReason'],
    meaning: 'Somebody deleted the pod while it ran. The program has no exit code then.',
    remedy: 'Find out who deleted it: the audit log and the events of the pod say so.',
  },
  PodFailed: {
    source: 'task-runs',
    with: ['Running', 'Pending'],
    meaning: 'A pod failed, and the Job tries again (`backoffLimit`).',
    remedy: 'Nothing, if it succeeds next time. `task-runs logs` has the output of the pod that failed.',
  },
  PodFailurePolicy: {
    source: 'Kubernetes',
    with: ['Failed'],
    meaning: 'A rule of `podFailurePolicy` ended the Job. The run is not retried.',
    remedy: 'The message names the rule, the container and the exit code.',
  },
  PodStuck: {
    source: 'task-runs',
    with: ['Pending', 'Stalled'],
    meaning:
      'The run waits for the pods of an earlier run, and one of them is not gone though its grace period is over.',
    remedy:
      'Look at the node that the message names. If it is dead, delete the pod with `--force`, or taint the node with `node.kubernetes.io/out-of-service`.',
  },
  PreemptionByScheduler: {
    source: 'Kubernetes',
    with: ['exitReason'],
    meaning: 'The scheduler removed the pod for one of a higher priority. The program has no exit code then.',
    remedy: 'Give the task a higher priority class, or more `backoffLimit`.',
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
  StartError: {
    source: 'Kubernetes',
    with: ['exitReason'],
    meaning: 'The container runtime could not start the program. The message quotes it, for example a missing program.',
    remedy: 'Correct `cmd`, `args` or the working directory, or use an image that has the program.',
  },
  StepFailed: {
    source: 'task-runs',
    with: ['Failed'],
    meaning: 'A step, item or node of the run failed.',
    remedy:
      'The message names it and says why. Fix it and deploy again, or retry the run: what succeeded is not run again.',
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
    with: ['Pending'],
    meaning: 'The TaskTemplate that the run names does not exist in its namespace.',
    remedy: 'Create it. The run starts by itself afterwards.',
  },
  TooLarge: {
    source: 'task-runs',
    with: ['Failed'],
    meaning: 'The run, one of its Jobs or its record is larger than the API server takes.',
    remedy: 'Make the Task smaller: fewer or shorter items, steps and scripts; put large texts into a ConfigMap.',
  },
  TopologyPlacementFailed: {
    source: 'Kueue',
    with: ['Queued'],
    meaning: "The queue's topology has no place for all pods of the run together.",
    remedy: 'Ask for fewer pods at once, or for a wider topology.',
  },
  Unschedulable: {
    source: 'Kubernetes',
    with: ['Pending', 'Running'],
    meaning: 'No node has room for the pod, or none fits it.',
    remedy: 'The message says what is missing on how many nodes. Ask for less, or add nodes.',
  },
  Waiting: { source: 'Kueue', with: ['Queued'], meaning: 'The run waits in its queue.', remedy: '' },
  WaitingForPodsReady: {
    source: 'Kueue',
    with: ['Queued'],
    meaning: 'Kueue waits until the pods of runs that it admitted before are ready.',
    remedy: '',
  },
  WaitingForPreemptedWorkloads: {
    source: 'Kueue',
    with: ['Queued'],
    meaning: 'Kueue waits until the workloads that make room for the run have ended.',
    remedy: '',
  },
  WaitingForQuota: {
    source: 'Kueue',
    with: ['Queued'],
    meaning: 'The queue has not enough unused quota at the moment.',
    remedy: '',
  },
  WaitsForContainer: {
    source: 'task-runs',
    with: ['Running'],
    meaning: 'The program has ended with 0, and another ordinary container keeps its pod running.',
    remedy:
      'Make the other container a native sidecar: an init container with `restartPolicy: Always`. Kubernetes stops it when the program is done.',
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
};
