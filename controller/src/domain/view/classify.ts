import type { RunPhase, Snapshot, TaskRun, TaskRunStatus } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { trueCondition } from '../model/conditions.ts';
import { policyOf, type CompletePolicy } from '../model/execution-policy.ts';
import type { FlowStep } from '../shape/arrange.ts';
import { stepsOf } from '../shape/items.ts';
import { nodeSteps } from '../shape/nodes.ts';
import { joinName } from '../lang/names.ts';
import { isFinished } from '../model/phase.ts';
import { reasons } from '../model/reasons.ts';
import { lacksTemplates, withTemplates } from '../shape/templates.ts';
import type { Job, Pod, PodRefusal, Refusal, TaskState } from '../model/state.ts';
import { lastAnswered, type Answered } from '../model/trigger.ts';

type JobRow = NonNullable<TaskRunStatus['jobs']>[number];

/** One Job's worth of work with what belongs to it: a run, or a step of one as if it were a run of its own. */
export interface PartView {
  readonly run: TaskRun;
  readonly name: string;
  /** As recorded; what the run should say now is decided in run-status.ts. */
  readonly phase: RunPhase;
  readonly finished: boolean;
  /** Its Jobs that are still there, be it on their way out. */
  readonly jobs: readonly Job[];
  /** The number of its latest attempt, counted from 0; undefined for what never had a Job. */
  readonly attempt: number | undefined;
  /** The latest attempt's Job as it is, or as it was when somebody deleted it. */
  readonly job: Job | undefined;
  /** Whether that Job is still there, be it on its way out. */
  readonly jobExists: boolean;
  /** How the latest attempt failed, if it did, be it that only the record is left of it. */
  readonly failed: FailedAttempt | undefined;
  /** Whether one of its Jobs is there to stay. */
  readonly kept: boolean;
  /** Of the latest attempt. */
  readonly pods: readonly Pod[];
  /** Whether a Job of it, or a pod that has not ended, is still there. */
  readonly leaves: boolean;
  readonly podRefusal: PodRefusal | undefined;
  readonly refusal: Refusal | undefined;
}

export interface RunView extends PartView {
  /**
   * The steps in their order, where the run is a flow: then it has no Job of its own, and what is said of Jobs above is
   * of all of theirs.
   */
  readonly flow?: readonly StepView[] | undefined;
  /** The same steps without what became of them: one list as long as they stay the same. */
  readonly steps?: readonly FlowStep[];
}

export interface StepView extends PartView {
  readonly step: FlowStep;
  /** What is on record of it. */
  readonly row: JobRow | undefined;
}

export interface FailedAttempt {
  readonly attempt: number;
  readonly reason: string;
  readonly message: string;
  readonly completionTime: string;
}

/** Everything of a Task, sorted once for all policies. */
export interface TaskView {
  readonly state: TaskState;
  readonly policy: CompletePolicy;
  readonly answered: Answered | undefined;
  /**
   * The run that the Task's status speaks of: the newest that was not skipped, unless the last trigger's is no longer
   * on record.
   */
  readonly current: RunView | undefined;
  /** The same of the runs that no schedule asked for: a failure tonight is no failed deployment. */
  readonly deployed: RunView | undefined;
  /** Newest first, as are the lists below. */
  readonly runs: readonly RunView[];
  readonly active: readonly RunView[];
  readonly finished: readonly RunView[];
  /** Finished, with a Job. */
  readonly kept: readonly RunView[];
}

export function classify(state: TaskState): TaskView {
  const runs = state.runs.map((run) => viewRun(run, state)).sort(newestFirst);
  const answered = lastAnswered(state.task, state.runs, state.answered);
  const policy = policyOf(state.task);
  const finished = runs.filter((view) => view.finished);
  return {
    state,
    policy,
    answered,
    current: currentOf(runs, answered, policy),
    deployed: currentOf(
      runs.filter(({ run }) => run.spec.trigger?.type !== 'Schedule'),
      answered,
      policy,
    ),
    runs,
    active: runs.filter((view) => !view.finished),
    finished,
    kept: finished.filter((view) => view.kept),
  };
}

function currentOf(
  runs: readonly RunView[],
  answered: Answered | undefined,
  { trigger }: CompletePolicy,
): RunView | undefined {
  const asked = runs.find(({ name }) => name === answered?.run);
  const since = trigger === 'Manual' || asked?.phase === 'Skipped' ? 0 : (answered?.generation ?? 0);
  return runs.find((view) => view.phase !== 'Skipped' && (view === asked || generationOf(view) >= since)) ?? asked;
}

function viewRun(bare: TaskRun, state: TaskState): RunView {
  const recorded = withTemplates(bare);
  const run = withKept(recorded);
  const { name, uid } = run.metadata;
  const found: Found = {
    jobs: state.jobs.filter((job) => isOwnedBy(job, uid)),
    deletedJobs: state.deletedJobs.filter((deleted) => isOwnedBy(deleted, uid)),
    pods: state.pods,
    podRefusals: state.podRefusals,
    refusals: state.refusals.filter((refusal) => refusal.run === name && refusal.object !== 'TaskRun'),
  };
  if (lacksTemplates(run)) return viewPart(run, name, found);
  const steps = run.spec.snapshot?.nodes ? nodeSteps(recorded, state.nodes) : stepsOf(run.spec.snapshot);
  return steps ? viewFlow(run, steps, found) : viewPart(run, name, found);
}

/** What succeeded in the run that this one is a retry of counts as on record from the start. */
function withKept(run: TaskRun): TaskRun {
  const { status, spec } = run;
  return spec.snapshot?.kept && !status?.jobs ? { ...run, status: { ...status, jobs: spec.snapshot.kept } } : run;
}

/** What of a run has Jobs: its steps, or itself. */
export function partsOf(run: RunView): readonly PartView[] {
  return run.flow ?? [run];
}

type Found = Pick<TaskState, 'jobs' | 'deletedJobs' | 'pods' | 'podRefusals' | 'refusals'>;

function viewPart(run: TaskRun, name: string, found: Found): PartView {
  return found === nothing && run.status?.jobs === undefined ? untouched(run, name) : viewFound(run, name, found);
}

/** As below, of a step that nothing happened to: most of a large flow. */
function untouched(run: TaskRun, name: string): PartView {
  const phase = run.status?.phase ?? 'Pending';
  const { jobs, pods } = nothing;
  return {
    run,
    name,
    phase,
    finished: isFinished(phase),
    jobs,
    attempt: undefined,
    job: undefined,
    jobExists: false,
    failed: undefined,
    kept: false,
    pods,
    leaves: false,
    podRefusal: undefined,
    refusal: undefined,
  };
}

function viewFound(
  run: TaskRun,
  name: string,
  { jobs, deletedJobs, pods: allPods, podRefusals, refusals }: Found,
): PartView {
  const known = [...jobs, ...deletedJobs];
  const rows = run.status?.jobs ?? [];
  const attempt = latest([...known.map(attemptOf), ...rows.map(attemptOf)]);
  const job = known.find((candidate) => attemptOf(candidate) === attempt);
  const jobUids = new Set([...known.map(({ metadata }) => metadata.uid), ...rows.map((row) => row.uid)]);
  const pods = allPods.filter((pod) => pod.metadata.ownerReferences?.some((owner) => jobUids.has(owner.uid)));
  const phase = run.status?.phase ?? 'Pending';
  return {
    run,
    name,
    phase,
    finished: isFinished(phase),
    jobs,
    attempt,
    job,
    jobExists: job !== undefined && jobs.includes(job),
    failed: attempt === undefined ? undefined : failedAttempt(attempt, job, run),
    kept: jobs.some(({ metadata }) => metadata.deletionTimestamp === undefined),
    pods: job ? pods.filter((pod) => isOwnedBy(pod, job.metadata.uid)) : [],
    leaves: jobs.length > 0 || pods.some((pod) => pod.phase !== 'Failed' && pod.phase !== 'Succeeded'),
    podRefusal: podRefusals.find(({ jobUid }) => jobUid === job?.metadata.uid),
    refusal: refusals[0],
  };
}

function viewFlow(run: TaskRun, steps: readonly FlowStep[], found: Found): RunView {
  const { name } = run.metadata;
  const recorded = run.status?.jobs ?? [];
  const rows = new Map(recorded.map((row) => [row.step, row]));
  const belongings = belongingsByStep(found, recorded);
  const flow = steps.map((step): StepView => {
    const row = rows.get(step.name);
    const asRun = stepRun(run, step, row);
    return Object.assign(viewPart(asRun, asRun.spec.jobName ?? name, belongings.get(step.name) ?? nothing), {
      step,
      row,
    });
  });
  const phase = run.status?.phase ?? 'Pending';
  return {
    run,
    name,
    phase,
    finished: isFinished(phase),
    jobs: found.jobs,
    attempt: flow.some(({ attempt }) => attempt !== undefined) ? 0 : undefined,
    job: undefined,
    jobExists: false,
    failed: undefined,
    kept: flow.some(({ kept }) => kept),
    pods: [],
    leaves: flow.some(({ leaves }) => leaves),
    podRefusal: undefined,
    refusal: found.refusals.find(({ step }) => step === undefined),
    flow,
    steps,
  };
}

const nothing: Found = { jobs: [], deletedJobs: [], pods: [], podRefusals: [], refusals: [] };

/** Sorted once, so that a flow of a thousand steps is not searched a thousand times. */
function belongingsByStep(
  { jobs, deletedJobs, pods, podRefusals, refusals }: Found,
  rows: readonly JobRow[],
): ReadonlyMap<string | undefined, Found> {
  const stepOf = new Map(rows.map(({ uid, step }) => [uid, step]));
  for (const { metadata, step } of [...jobs, ...deletedJobs]) stepOf.set(metadata.uid, step);
  const ownerOf = ({ metadata }: Pod) => metadata.ownerReferences?.find(({ uid }) => stepOf.has(uid))?.uid;
  const sorted = {
    jobs: groupBy(jobs, ({ step }) => step),
    deletedJobs: groupBy(deletedJobs, ({ step }) => step),
    pods: groupBy(pods, (pod) => stepOf.get(ownerOf(pod))),
    podRefusals: groupBy(podRefusals, ({ jobUid }) => stepOf.get(jobUid)),
    refusals: groupBy(refusals, ({ step }) => step),
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

function groupBy<T>(
  all: readonly T[],
  keyOf: (one: T) => string | undefined,
): ReadonlyMap<string | undefined, readonly T[]> {
  const groups = new Map<string | undefined, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group) group.push(one);
    else groups.set(keyOf(one), [one]);
  }
  return groups;
}

/** The step as if it were a run of its own, whose Jobs are named after both. */
function stepRun(run: TaskRun, step: FlowStep, row: JobRow | undefined): TaskRun {
  const { metadata } = run;
  const spec = stepSpec(run, step);
  return row ? { metadata, spec, status: stepStatus(row) } : { metadata, spec };
}

const stepSpecs = new WeakMap<FlowStep, { readonly of: TaskRun['spec']; readonly spec: TaskRun['spec'] }>();

/** A run's spec stays what it is, and there may be a thousand steps. */
function stepSpec({ metadata, spec: of }: TaskRun, step: FlowStep): TaskRun['spec'] {
  const known = stepSpecs.get(step);
  if (known?.of === of) return known.spec;
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
  const spec = compact({ taskRef, trigger, jobName: joinName(of.jobName ?? metadata.name, name), snapshot: own });
  stepSpecs.set(step, { of, spec });
  return spec;
}

/** A step that waits for its next attempt has its failed one on record in the same row. */
function stepStatus(row: JobRow): TaskRunStatus {
  const { phase = 'Pending', reason, message, startTime, completionTime, uid } = row;
  const attempt = { ...row, phase: reason === reasons.retryBackoff ? 'Failed' : phase };
  return compact({
    phase: phase as RunPhase,
    reason,
    message,
    startTime,
    completionTime,
    jobs: uid === undefined ? undefined : [attempt],
  });
}

export function attemptOf({ attempt }: { readonly attempt?: number }): number {
  return attempt ?? 0;
}

function latest(attempts: readonly number[]): number | undefined {
  return attempts.length === 0 ? undefined : Math.max(...attempts);
}

function failedAttempt(attempt: number, job: Job | undefined, run: TaskRun): FailedAttempt | undefined {
  const {
    reason = 'Failed',
    message = '',
    completionTime,
  } = (job ? failureOf(job) : recordedFailure(attempt, run)) ?? {};
  return completionTime === undefined ? undefined : { attempt, reason, message, completionTime };
}

type Failure = { readonly [K in 'reason' | 'message' | 'completionTime']?: string | undefined };

function failureOf(job: Job): Failure | undefined {
  const condition = conditionOf(job, 'Failed');
  return condition && { ...condition, completionTime: condition.lastTransitionTime };
}

function recordedFailure(attempt: number, { status }: TaskRun): Failure | undefined {
  return status?.jobs?.find((row) => attemptOf(row) === attempt && row.phase === 'Failed');
}

/**
 * A condition of a Job that is true. As the Job controller says it: only Complete and Failed mean that a Job is
 * finished.
 */
export function conditionOf({ status = {} }: Job, type: 'Complete' | 'Failed') {
  return trueCondition(status, type);
}

/** Whether the object's controller is the one with that UID. Owners are known by UID: names come back. */
export function isOwnedBy(object: Pick<Job, 'metadata'>, uid: string): boolean {
  return object.metadata.ownerReferences?.some((owner) => owner.controller === true && owner.uid === uid) ?? false;
}

/** The Task's generation that the run is of. */
function generationOf({ run: { spec } }: RunView): number {
  return spec.snapshot?.generation ?? spec.trigger?.generation ?? 0;
}

function newestFirst(a: RunView, b: RunView): number {
  const byGeneration = generationOf(b) - generationOf(a);
  const byAge = Date.parse(b.run.metadata.creationTimestamp) - Date.parse(a.run.metadata.creationTimestamp);
  return byGeneration || byAge || compareText(scheduledTime(b), scheduledTime(a)) || compareText(b.name, a.name);
}

function scheduledTime({ run }: RunView): string {
  return run.spec.trigger?.scheduledTime ?? '';
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
