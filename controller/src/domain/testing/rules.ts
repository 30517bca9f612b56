/**
 * What always holds, checked by the World at every call that the rule is about.
 */
import {
  labels,
  type RunTrigger,
  type Snapshot,
  type Task,
  type TaskRun,
  type TaskStatus,
} from '../../resources/index.ts';
import type { JobManifest } from '../model/actions.ts';
import { policyOf } from '../model/execution-policy.ts';
import { waitsInQueue, type Workload } from '../model/kueue.ts';
import { anyCondition, isOwnedBy, type Job, type Pod } from '../model/objects.ts';
import { isFinished } from '../model/phase.ts';
import { reasons } from '../model/reasons.ts';
import { isSuperseded } from '../model/trigger.ts';
import { scheduleKey, timesBetween } from './calendar.ts';

/** What the rules look at; the World is one. */
export interface Observed {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly task: Task;
  readonly runsCreated: ReadonlyMap<string, readonly string[]>;
  readonly jobsCreated: ReadonlyMap<string, readonly Job[]>;
  readonly ends: ReadonlyMap<string, { readonly phase: 'Succeeded' | 'Failed'; readonly at: number }>;
  readonly outcomes: ReadonlyMap<string, 'Succeeded' | 'Failed'>;
  readonly starts: ReadonlyMap<string, number>;
  readonly waitsSince: ReadonlyMap<string, number>;
  readonly workloads: ReadonlyMap<string, Workload>;
  readonly pods: readonly Pod[];
  readonly jobs: ReadonlyMap<string, Job>;
  readonly isKueueInstalled: boolean;
  readonly scheduleGeneration: number;
  readonly spoiled: ReadonlySet<string>;
  inForceSince(schedule: NonNullable<Task['spec']['schedule']>): number;
  ownRuns(): readonly TaskRun[];
  ownJobs(): readonly Job[];
  runOf(job: Job): string;
  rfc3339(): string;
}

export class RuleBroken extends Error {}

export function mustHold(rule: string, holds: boolean, detail: string): void {
  if (!holds) throw new RuleBroken(`${rule}: ${detail}`);
}

/**
 * What tells one trigger from another: a time of the schedule, a generation of the Task, or what was not seen up to
 * one.
 */
export function askedBy({ scheduledTime, generation, superseded }: Partial<RunTrigger> = {}): string {
  return scheduledTime ?? `${superseded ? 'unseen up to ' : ''}generation ${generation ?? -1}`;
}

/**
 * The schedule asks at its times alone, for the latest of them, within its deadline, and not before it was in force.
 */
export function checkScheduledRun(world: Observed, scheduledTime: string): void {
  const { schedule, suspend } = world.task.spec;
  const due = Date.parse(scheduledTime);
  mustHold('without a schedule no time asks for a run', schedule !== undefined, scheduledTime);
  if (!schedule) return;
  const { count, latest } = timesBetween(schedule, due - 1, world.now);
  const detail = `${scheduledTime} of ${scheduleKey(schedule)} at ${world.rfc3339()}`;
  mustHold('a run is for the latest time of the schedule', count === 1 && latest === due, detail);
  mustHold('a suspended Task makes no scheduled run', suspend !== true, detail);
  mustHold(
    'a time counts within startingDeadlineSeconds',
    world.now - due <= (schedule.startingDeadlineSeconds ?? Infinity) * 1000,
    detail,
  );
  mustHold("a time of before the schedule was in force is nobody's", due > world.inForceSince(schedule), detail);
  const last = world.task.status?.lastScheduleTime;
  mustHold(
    'a time that is answered is not answered again',
    last === undefined || due > Date.parse(last),
    `${detail}, last ${last}`,
  );
}

/** More are not counted one by one: one more stands for any number of them. */
const mostCounted = 100;

/**
 * Each time of a schedule, from when it was in force to the last one that is answered, has a run or is counted as
 * missed: once.
 */
export function checkScheduleStatus(world: Observed, before: TaskStatus = {}, after: TaskStatus): void {
  const { schedule } = world.task.spec;
  if (schedule === undefined || before.observedSchedule === undefined) return;
  const lastBefore = moment(before.lastScheduleTime);
  const last = moment(after.lastScheduleTime);
  mustHold(
    'the last time does not go back',
    last >= lastBefore,
    `${before.lastScheduleTime} to ${after.lastScheduleTime}`,
  );
  const from = Math.max(lastBefore, moment(after.observedSchedule?.since));
  const { count } = timesBetween(schedule, from, Math.max(from, last));
  // After the clock was set back a run of the schedule before may be among them.
  const isOfSchedule = (time: number) => timesBetween(schedule, time - 1, time).count === 1;
  const answered = [...world.runsCreated.keys()]
    .map(Date.parse)
    .filter((time) => time > from && time <= last && isOfSchedule(time)).length;
  const missed = (after.missedSchedules ?? 0) - (before.missedSchedules ?? 0);
  const detail = `${count} times from ${new Date(from).toISOString()} to ${after.lastScheduleTime}: ${answered} runs, ${missed} missed`;
  mustHold(
    'each time has a run or is counted as missed',
    count > mostCounted ? missed === mostCounted + 1 : answered + missed === count,
    detail,
  );
}

function moment(time: string | undefined): number {
  return time === undefined ? -Infinity : Date.parse(time);
}

/** The latest time that is due and has neither a run nor a place in the status. */
export function unanswered({ task, now, runsCreated, scheduleGeneration }: Observed): string | undefined {
  const { schedule, suspend } = task.spec;
  const { observedGeneration = 0, observedSchedule, lastScheduleTime } = task.status ?? {};
  if (schedule === undefined || suspend === true || observedGeneration < scheduleGeneration) return undefined;
  const since = Math.max(moment(observedSchedule?.since), moment(lastScheduleTime));
  const { count, latest } = timesBetween(schedule, since, Math.max(now, since));
  const time = rfc3339(latest);
  return count === 0 || runsCreated.has(time) ? undefined : time;
}

function rfc3339(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}

/** One Job for each attempt, the next one only after a failure, in time, and none for a run that is over. */
export function checkAttempt(world: Observed, manifest: JobManifest, run: TaskRun | undefined): void {
  const created = world.jobsCreated.get(manifest.metadata.ownerReferences[0]?.uid ?? '') ?? [];
  const detail = `${manifest.metadata.name} after ${created.map(({ metadata }) => metadata.name).join(', ')}`;
  const [last] = created.slice(-1);
  if (isSpoiled(world, run)) return checkSpoiledAttempt(world, last, detail);
  mustHold(
    'a run has one Job an attempt, and a deleted one is never started again',
    created.length === attemptOf(manifest),
    detail,
  );
  if (!run) return;
  const { snapshot, cancel } = run.spec;
  mustHold('a run without a snapshot starts nothing', snapshot !== undefined, detail);
  mustHold('a cancelled run starts nothing', cancel !== true, detail);
  mustHold('a finished run starts nothing', !isFinished(run.status?.phase), detail);
  if (last && snapshot) checkFurtherAttempt(world, { run, snapshot, last, attempt: attemptOf(manifest) });
  mustHold('a Job has no more time than its run', hasTime(manifest, snapshot?.timeoutSeconds), detail);
}

function isSpoiled({ spoiled }: Observed, run: TaskRun | undefined): boolean {
  return run !== undefined && spoiled.has(run.metadata.uid);
}

/** Nothing but this is sure of a run that somebody tampered with. */
function checkSpoiledAttempt({ ends }: Observed, last: Job | undefined, detail: string): void {
  mustHold('no run starts twice', !last || ends.get(last.metadata.uid)?.phase === 'Failed', detail);
}

function hasTime({ spec }: JobManifest, timeoutSeconds = Infinity): boolean {
  return timeoutSeconds === Infinity || Number(spec['activeDeadlineSeconds']) <= timeoutSeconds;
}

interface FurtherAttempt {
  readonly run: TaskRun;
  readonly snapshot: Snapshot;
  readonly last: Job;
  readonly attempt: number;
}

function checkFurtherAttempt(world: Observed, { run, snapshot, last, attempt }: FurtherAttempt): void {
  const { limit, delaySeconds, backoff } = {
    delaySeconds: 10,
    backoff: 'Exponential',
    ...(snapshot.retry ?? { limit: 0 }),
  };
  const { name, uid } = last.metadata;
  const end = world.ends.get(uid);
  mustHold('attempts are limited', attempt <= limit, name);
  mustHold('another attempt follows a failure', end?.phase === 'Failed', name);
  const pause = backoff === 'Constant' ? delaySeconds : delaySeconds * 2 ** (attempt - 1);
  mustHold('an attempt waits for its time', world.now >= (end?.at ?? 0) + pause * 1000, name);
  if (snapshot.queue) return; // what is evicted has its whole time again
  const timeUp = (world.starts.get(run.metadata.uid) ?? 0) + (snapshot.timeoutSeconds ?? Infinity) * 1000;
  mustHold('no attempt begins after timeoutSeconds', world.now < timeUp, `${name} at ${world.rfc3339()}`);
}

/** What is new is reported together with what comes next. */
const tellsWithin = 10_000;

/**
 * At rest a run that waits says so, nothing else does, none waits longer than it may, and nothing waits for a run that
 * is over.
 */
export function checkQueued(world: Observed): void {
  for (const run of world.ownRuns().filter(({ metadata }) => !world.spoiled.has(metadata.uid))) {
    const { uid, name } = run.metadata;
    const waiting = world.ownJobs().find((job) => isOwnedBy(job, uid) && waitsInQueue(job));
    const isOver = isFinished(run.status?.phase);
    const isQueued = run.status?.phase === 'Queued' && world.jobsCreated.has(uid);
    if (isOver || !waiting)
      mustHold('a Job waits for a run that waits', !waiting && !isQueued, `${name} is ${run.status?.phase}`);
    else if (run.spec.cancel !== true) checkWaiting(world, run, waiting);
  }
}

function checkWaiting(world: Observed, run: TaskRun, job: Job): void {
  const age = world.now - Date.parse(run.metadata.creationTimestamp);
  const { phase, reason, message } = run.status ?? {};
  const says = [phase === 'Queued', reason, message].every(Boolean);
  mustHold(
    'at rest a run that waits in a queue says so',
    says || (age >= 0 && age < tellsWithin),
    `${run.metadata.name} is ${phase} (${reason}: ${message})`,
  );
  const evicted = anyCondition(world.workloads.get(job.metadata.uid) ?? {}, 'Evicted')?.reason;
  mustHold(
    'no run waits for a queue that gave it up',
    evicted !== gaveUp || !world.isKueueInstalled,
    run.metadata.name,
  );
  const since = Math.max(world.waitsSince.get(job.metadata.uid) ?? 0, suspendedSince(job));
  const most = (run.spec.snapshot?.queueTimeoutSeconds ?? Infinity) * 1000;
  mustHold('no run waits longer than queueTimeoutSeconds', world.now < since + most, run.metadata.name);
}

/** Infinity while the Job controller has not said it of an eviction. */
function suspendedSince({ metadata, status }: Job): number {
  const [{ status: is, lastTransitionTime } = { status: metadata.generation === 1 ? 'True' : 'False' }] =
    status?.conditions ?? [];
  return is === 'False' ? Infinity : Date.parse(lastTransitionTime ?? metadata.creationTimestamp);
}

/** No run is given up before its Job has waited that long at a stretch. */
export function checkQueueTimeout(world: Observed, run: TaskRun, job: Job): void {
  const since = world.waitsSince.get(job.metadata.uid) ?? Infinity;
  const detail = `${run.metadata.name} at ${world.rfc3339()}`;
  mustHold(
    'QueueTimeout comes after queueTimeoutSeconds at a stretch',
    world.now >= since + (run.spec.snapshot?.queueTimeoutSeconds ?? Infinity) * 1000,
    detail,
  );
}

/** The number of the attempt that a Job is. */
export function attemptOf({ metadata }: JobManifest): number {
  return Number(metadata.labels[labels.attempt] ?? 0);
}

/** What may start its first Job, and beside which others. */
export function checkStart(world: Observed, run: TaskRun): void {
  const { spec } = world.task;
  const { concurrencyPolicy, allowedOverrides } = policyOf(world.task);
  const { name } = run.metadata;
  mustHold('a suspended Task starts nothing', spec.suspend !== true, name);
  const denied = (['args', 'env'] as const).filter(
    (field) => run.spec.overrides?.[field] !== undefined && !allowedOverrides.includes(field),
  );
  mustHold('overrides are those that the Task allows', denied.length === 0, `${name}: ${denied.join()}`);
  if (concurrencyPolicy === 'Allow') return;
  const others = world.ownRuns().filter((other) => other !== run && !world.spoiled.has(other.metadata.uid));
  const beside = others.filter((other) => isLiving(world, other)).map(({ metadata }) => metadata.name);
  mustHold('one run at a time', beside.length === 0, `${name} beside ${beside.join()} (${concurrencyPolicy})`);
  if (concurrencyPolicy !== 'Queue') return;
  const overtaken = others
    .filter((other) => isWaiting(world, other) && isBefore(other, run))
    .map(({ metadata }) => metadata.name);
  mustHold('a queue keeps order', overtaken.length === 0, `${name} before ${overtaken.join()}`);
}

/** Whether a run has begun and has not ended, or has been cancelled and its pods have not. */
function isLiving(world: Observed, { metadata: { uid }, status }: TaskRun): boolean {
  const jobs = world.jobsCreated.get(uid) ?? [];
  if (!isFinished(status?.phase)) return jobs.length > 0;
  if (status?.phase !== 'Cancelled') return false;
  return jobs.some((job) => world.pods.some((pod) => pod.phase === 'Running' && isOwnedBy(pod, job.metadata.uid)));
}

function isWaiting(world: Observed, { metadata, status }: TaskRun): boolean {
  return !isFinished(status?.phase) && !world.jobsCreated.has(metadata.uid);
}

function isBefore(other: TaskRun, run: TaskRun): boolean {
  const generation = ({ spec }: TaskRun) => spec.snapshot?.generation ?? 0;
  const older = Date.parse(other.metadata.creationTimestamp) < Date.parse(run.metadata.creationTimestamp);
  return older && generation(other) <= generation(run);
}

/** What is wrong with a run once everything has come to its end. */
export function wrongEnd(world: Observed, run: TaskRun): string | undefined {
  const { phase, reason, message } = run.status ?? {};
  // A record of deployments that no controller saw is there from the start, and was never to run.
  if (isSuperseded(run) && phase === 'Skipped') return undefined;
  const wrong = isFinished(phase) ? wrongOutcome(world, run) : 'but should have ended';
  return wrong && `${run.metadata.name} is ${phase} (${reason}: ${message}), ${wrong}`;
}

/** Kueue's word for one of its reasons to deactivate a Workload finally. */
export const gaveUp = 'DeactivatedDueToRequeuingLimitExceeded';

/** What ends a run whatever its Job comes to. */
const endsOtherwise = new Set<string | undefined>([reasons.jobDeleted, reasons.queueTimeout, gaveUp]);

function wrongOutcome(world: Observed, { metadata: { uid }, spec, status }: TaskRun): string | undefined {
  if (status?.phase === 'Cancelled')
    return [...world.jobs.values()].some((job) => isOwnedBy(job, uid)) ? 'and has a Job' : undefined;
  const outcome = world.outcomes.get(uid);
  if (outcome === undefined) return spec.cancel === true ? wrongOfCancelled(world, uid) : undefined;
  return endsOtherwise.has(status?.reason) || status?.phase === outcome ? undefined : `but its Job ${outcome}`;
}

/** A Job's own end counts before a later cancellation, also where somebody deleted the Job in between. */
function wrongOfCancelled({ jobsCreated, ends }: Observed, uid: string): string | undefined {
  const last = jobsCreated.get(uid)?.at(-1);
  return last && ends.has(last.metadata.uid) ? undefined : 'but was cancelled';
}

/** Whether the Task's status answers for what asked for the run: then there is a trace of it. */
export function isAnswered({ task }: Observed, { spec: { trigger } }: TaskRun): boolean {
  const { observedTrigger = {}, lastScheduleTime, observedSchedule } = task.status ?? {};
  const { generation = 0, scheduledTime } = trigger ?? {};
  if (scheduledTime === undefined) return generation <= (observedTrigger.generation ?? 0);
  if (lastScheduleTime !== undefined) return scheduledTime <= lastScheduleTime;
  return task.spec.schedule === undefined && observedSchedule === undefined;
}

/**
 * A Job that is created, killed by a person and missed by a controller that dies, all before the run's status names it,
 * leaves no trace: nobody could tell. What people delete here has left one.
 */
export function isRecorded(world: Observed, job: Job | undefined): boolean {
  const run = job && world.ownRuns().find(({ metadata }) => world.runOf(job) === metadata.uid);
  return isFinished(run?.status?.phase) || (run?.status?.jobs?.some(({ uid }) => uid === job?.metadata.uid) ?? false);
}
