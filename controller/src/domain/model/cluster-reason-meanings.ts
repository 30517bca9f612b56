/** What the reasons mean that are not ours: those of Kubernetes and of Kueue, which are handed on. */
import type { ReasonMeaning } from './reason-meaning.ts';
import type { Reason } from './reasons.ts';

export const clusterReasonMeanings = {
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
  InternalError: {
    source: 'Kubernetes',
    with: ['Pending', 'Stalled'],
    meaning: 'An admission webhook could not be reached, so the Job was not created.',
    remedy: 'Repair the webhook that the message names. The controller tries again by itself.',
  },
  Invalid: {
    source: 'Kubernetes',
    with: ['Failed', 'Stalled'],
    meaning: 'The API server refuses the Job or the claim as invalid, or no Job can be made of what the Task says.',
    remedy: 'The message names the field. Correct the Application, and deploy it again.',
  },
  InvalidImageName: {
    source: 'Kubernetes',
    with: ['Pending', 'Running'],
    meaning: 'The image does not have a valid name.',
    remedy: 'Correct `image`, and deploy again.',
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
  OOMKilled: {
    source: 'Kubernetes',
    with: ['exitReason'],
    meaning: 'A container used more memory than its limit.',
    remedy: 'Raise `memory`.',
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
  PodFailurePolicy: {
    source: 'Kubernetes',
    with: ['Failed'],
    meaning: 'A rule of `podFailurePolicy` ended the Job. The run is not retried.',
    remedy: 'The message names the rule, the container and the exit code.',
  },
  PreemptionByScheduler: {
    source: 'Kubernetes',
    with: ['exitReason'],
    meaning: 'The scheduler removed the pod for one of a higher priority. The program has no exit code then.',
    remedy: 'Give the task a higher priority class, or more `backoffLimit`.',
  },
  StartError: {
    source: 'Kubernetes',
    with: ['exitReason'],
    meaning: 'The container runtime could not start the program. The message quotes it, for example a missing program.',
    remedy: 'Correct `cmd`, `args` or the working directory, or use an image that has the program.',
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
} satisfies Partial<Record<Reason, ReasonMeaning>>;
