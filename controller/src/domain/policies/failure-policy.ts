/**
 * failurePolicy: what a run of several Jobs does once one of them has finally failed. Kruise's BroadcastJob has these
 * three for nodes; FailFast cancels what runs, as a matrix of GitHub's does, and leaves notifications and clean-up,
 * which say when they run.
 */
import type { FlowRun, StepView } from '../model/view.ts';
import { nextAttempt } from './retry.ts';

export interface Stop {
  readonly policy: 'FailFast' | 'Pause';
  /** The step that failed. */
  readonly step: string;
}

/** What a failure means for the steps of a run that have not ended; undefined while all of them go on. */
export function stopOf({ record, parts }: FlowRun, now: Date): Stop | undefined {
  const { failurePolicy: policy = 'Continue' } = record.spec.snapshot ?? {};
  if (policy === 'Continue' || (policy === 'Pause' && record.spec.resume === true)) return undefined;
  const failed = parts.find((part) => part.step.continueOnFailure !== true && hasFailed(part, now));
  return failed && { policy, step: failed.step.name };
}

/** Whether the failure ends the step, though it is for others. */
export function endsStep({ policy }: Stop, { step }: StepView): boolean {
  return policy === 'FailFast' && (step.when ?? 'OnSuccess') === 'OnSuccess';
}

/** Known before it is on record: no other may begin in between. */
function hasFailed(part: StepView, now: Date): boolean {
  return part.finished ? part.phase === 'Failed' : part.failed !== undefined && nextAttempt(part, now) === undefined;
}
