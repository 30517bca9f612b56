/**
 * The Job of a step's attempt.
 */
import type { JobManifest } from '../model/actions.ts';
import type { FlowRun, StepView } from '../model/view.ts';
import { nodeOfRun } from '../shape/same-node.ts';
import { stepTemplate } from '../shape/step-template.ts';
import { withWorkspace } from '../shape/workspace.ts';
import { type AttemptJob, jobManifest } from './job.ts';

/** What one attempt's Job has of its own, and the claim that it mounts as the run's workspace, if any. */
export interface StepAttemptJob extends AttemptJob {
  readonly claimName: string | undefined;
}

/** With what all steps of the flow have, and with the outputs of the steps that are on record. */
export function stepJobManifest(
  { record: run }: FlowRun,
  { record, step }: StepView,
  { claimName, ...attempt }: StepAttemptJob,
): JobManifest {
  const template = stepTemplate(step, withWorkspace(run, claimName), run.status?.jobs ?? [], nodeOfRun(run));
  const snapshot = { hash: '', ...record.spec.snapshot, template };
  return jobManifest({ ...record, spec: { ...record.spec, snapshot } }, { ...attempt, step: step.name });
}
