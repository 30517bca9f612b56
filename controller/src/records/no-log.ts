/** Why a run that has ended has no pods, and so no log in the cluster. */
import { kubernetesReasons, reasons } from '../domain/model/reasons.ts';

const causes: ReadonlyMap<string | undefined, string> = new Map([
  [reasons.timedOut, 'Kubernetes deleted its pods when the time was up'],
  [
    kubernetesReasons.backoffLimitExceeded,
    'Kubernetes deletes the pods of a Job with restartPolicy OnFailure when its backoffLimit is reached',
  ],
  [reasons.cancelled, 'its pods were deleted when it was cancelled'],
  [reasons.replaced, 'its pods were deleted when another run replaced it'],
  [reasons.workflowStepEnded, 'its pods were deleted when its workflow step had ended'],
  [reasons.queueTimeout, 'its pods were deleted when it had waited too long'],
  [reasons.jobDeleted, 'somebody deleted its Job, and with it its pods'],
]);

/** @returns a clause such as `Kubernetes deleted its pods when the time was up`; undefined where nothing is known */
export function whyNoLog(reason: string | undefined): string | undefined {
  return causes.get(reason);
}
