/**
 * A run of several Jobs: each step with what belongs to it.
 */
import { memoLatest } from '../lang/memo.ts';
import type { JobRow, RunPhase, Snapshot, TaskRun, TaskRunStatus } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { joinName } from '../lang/names.ts';
import type { FlowStep } from '../model/flow.ts';
import { controllerOf } from '../model/objects.ts';
import { isFinished } from '../model/phase.ts';
import type { FlowRun, StepView } from '../model/view.ts';
import { type Found, viewPart } from './part.ts';

export function viewFlow(run: TaskRun, steps: readonly FlowStep[], found: Found): FlowRun {
  const { name } = run.metadata;
  const recorded = run.status?.jobs ?? [];
  const rows = new Map(recorded.map((row) => [row.step, row]));
  const belongings = belongingsByStep(found, recorded);
  const parts = steps.map((step): StepView => {
    const row = rows.get(step.name);
    const asRun = stepRun(run, step, row);
    return Object.assign(viewPart(asRun, asRun.spec.jobName ?? name, belongings.get(step.name)), {
      step,
      row,
      ofRun: run,
    });
  });
  const phase = run.status?.phase ?? 'Pending';
  return {
    kind: 'flow',
    record: run,
    name,
    phase,
    finished: isFinished(phase),
    jobs: found.jobs,
    kept: parts.some(({ kept }) => kept),
    keptPods: parts.some(({ keptPods }) => keptPods),
    leaves: parts.some(({ leaves }) => leaves),
    refusal: found.refusals.find(({ step }) => step === undefined),
    began: parts.some(({ attempt }) => attempt !== undefined),
    parts,
    steps,
  };
}

/** Sorted once, so that a flow of a thousand steps is not searched a thousand times. */
function belongingsByStep(
  { jobs, deletedJobs, pods, podRefusals, refusals }: Found,
  rows: readonly JobRow[],
): ReadonlyMap<string | undefined, Found> {
  const stepOf = new Map(rows.map(({ uid, step }) => [uid, step]));
  for (const { metadata, step } of [...jobs, ...deletedJobs]) stepOf.set(metadata.uid, step);
  const sorted = {
    jobs: Map.groupBy(jobs, ({ step }) => step),
    deletedJobs: Map.groupBy(deletedJobs, ({ step }) => step),
    pods: Map.groupBy(pods, (pod) => stepOf.get(controllerOf(pod, 'Job') ?? '')),
    podRefusals: Map.groupBy(podRefusals, ({ jobUid }) => stepOf.get(jobUid)),
    refusals: Map.groupBy(refusals, ({ step }) => step),
  };
  const steps = new Set(Object.values(sorted).flatMap((groups) => [...groups.keys()]));
  const belonging = <T>(groups: ReadonlyMap<string | undefined, readonly T[]>, step: string | undefined) =>
    groups.get(step) ?? [];
  return new Map(
    [...steps].map((step) => [
      step,
      {
        jobs: belonging(sorted.jobs, step),
        deletedJobs: belonging(sorted.deletedJobs, step),
        pods: belonging(sorted.pods, step),
        podRefusals: belonging(sorted.podRefusals, step),
        refusals: belonging(sorted.refusals, step),
      },
    ]),
  );
}

/** The step as if it were a run of its own, whose Jobs are named after both. */
function stepRun(run: TaskRun, step: FlowStep, row: JobRow | undefined): TaskRun {
  const { metadata } = run;
  const spec = stepSpec(step, run.spec, metadata.name);
  return row ? { metadata, spec, status: stepStatus(row) } : { metadata, spec };
}

/** Remembered: a run's spec stays what it is, and there may be a thousand steps. */
const stepSpec = memoLatest((step: FlowStep, of: TaskRun['spec'], runName: string): TaskRun['spec'] => {
  const { snapshot, taskRef, trigger } = of;
  const ofAll: Partial<Snapshot> = snapshot ?? {};
  const { hash = '' } = ofAll;
  const {
    name,
    template,
    job,
    timeoutSeconds,
    outputs,
    retry = ofAll.retry,
    queue = ofAll.queue,
    queueTimeoutSeconds = ofAll.queueTimeoutSeconds,
  } = step;
  const own = compact({ template, job, timeoutSeconds, outputs, hash, retry, queue, queueTimeoutSeconds });
  return compact({ taskRef, trigger, jobName: joinName(of.jobName ?? runName, name), snapshot: own });
});

/** A step that waits for its next attempt has its failed one on record in the same row, with the time of its end. */
function stepStatus(row: JobRow): TaskRunStatus {
  const { phase = 'Pending', reason, message, startTime, completionTime, uid } = row;
  const attempt = completionTime !== undefined && !isFinished(phase) ? failedAttempt(row) : row;
  return compact({
    phase: phase as RunPhase,
    reason,
    message,
    startTime,
    completionTime,
    jobs: uid === undefined ? undefined : [attempt],
  });
}

/** Reason and message are of the wait for the next one. */
function failedAttempt({ reason: _reason, message: _message, ...row }: JobRow): JobRow {
  return { ...row, phase: 'Failed' };
}
