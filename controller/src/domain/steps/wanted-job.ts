/**
 * The Job that a run wants for an attempt, or for a step of a flow.
 */
import { nameWithHash } from '../lang/names.ts';
import { type AttemptJob, jobManifest, jobName, longestJobName } from '../manifest/job.ts';
import type { JobManifest } from '../model/actions.ts';
import type { FlowRun, PartView, StepView } from '../model/view.ts';
import { nodeOfRun } from '../shape/same-node.ts';
import { stepTemplate } from '../shape/step-template.ts';
import { withWorkspace } from '../shape/workspace.ts';

/** The names that an attempt's Job may have: its own, and the one to take where somebody else has that. */
export function jobNames({ record: run }: PartView, attempt: number): readonly [string, string] {
  const wanted = jobName(run, attempt);
  return [wanted, nameWithHash(wanted, run.metadata.uid, longestJobName(run))];
}

/** @returns the step's Job, with the outputs of the steps before it filled in */
export function stepJobManifest(run: FlowRun, { record, step }: StepView, job: AttemptJob): JobManifest {
  const template = stepTemplate(step, withWorkspace(run.record), run.record.status?.jobs ?? [], nodeOfRun(run.record));
  const { spec } = record;
  const filled = { ...record, spec: { ...spec, snapshot: { hash: '', ...spec.snapshot, template } } };
  return jobManifest(filled, { ...job, step: step.name });
}
