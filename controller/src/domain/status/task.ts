/**
 * What a Task's status should say now. People read it in `vela status`, so it leads with one line.
 */
import type { Condition, RunSummary, TaskStatus } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { coarseAge, formatDuration } from '../lang/duration.ts';
import { rfc3339 } from '../lang/rfc3339.ts';
import { oneLine } from '../lang/words.ts';
import { type Refusal, reportedFailures } from '../model/memory.ts';
import { isFinished } from '../model/phase.ts';
import { patientReasons, reasons } from '../model/reasons.ts';
import { revisionHash } from '../model/trigger.ts';
import type { RunView, TaskView } from '../model/view.ts';
import { isHealthy } from '../policies/healthy-when.ts';
import { speaksOfBefore } from '../policies/ran-before.ts';
import { supersededCount } from '../policies/superseded.ts';
import { waitsTooLongForNode } from './node-state.ts';
import { condition } from './condition.ts';
import { jobProblem, validType } from './job-problem.ts';
import { lingersTooLong, startsTooLong } from './overdue.ts';
import { type Agenda, agendaOf } from '../schedule/agenda.ts';
import { templatesHash } from '../shape/templates.ts';
import { isOfThisVersion } from '../view/classify.ts';

/** The CRD's limits. */
const maxActive = 20;
const maxLastRuns = 10;
const maxSteps = 100;

export function taskStatus(view: TaskView, now: Date): TaskStatus {
  const { active, finished } = view;
  const agenda = agendaOf(view.state, now);
  const phase = taskPhase(view);
  const message = oneLine(taskMessage(view, agenda, now));
  const count = (counted: string) => finished.filter((run) => run.phase === counted).length;
  return compact({
    observedGeneration: view.state.task.metadata.generation ?? 0,
    observedTrigger: observedTrigger(view),
    observedTemplates: templatesHash(view.state.task, view.state.cluster.templates),
    phase,
    message,
    active: active.slice(0, maxActive).map(summary),
    lastRuns: finished.slice(0, maxLastRuns).map(summary),
    totals: {
      active: active.length,
      succeeded: count('Succeeded'),
      failed: count('Failed'),
      cancelled: count('Cancelled'),
      kept: countKept(view),
      ...positive({ skipped: count('Skipped'), queued: active.filter(isQueued).length }),
    },
    ...scheduleStatus(view, agenda),
    lastSuccessfulTime: lastSuccessfulTime(view),
    outputs: view.current?.record.status?.outputs,
    steps: stepSummaries(view.current),
    conditions: conditions(view, phase, now),
  });
}

/** The steps of the flow that the status speaks of. */
function stepSummaries(current: RunView | undefined): TaskStatus['steps'] {
  const rows = current?.record.status?.jobs ?? [];
  if (rows[0]?.step === undefined) return undefined;
  return rows
    .slice(0, maxSteps)
    .map(({ step: name = '', phase = 'Pending', message, duration }) => compact({ name, phase, message, duration }));
}

/** The counts that most Tasks never have are left out while they are zero. */
function positive<K extends string>(counts: Readonly<Record<K, number>>): { [key in K]?: number } {
  return Object.fromEntries(Object.entries<number>(counts).filter(([, count]) => count > 0)) as { [key in K]?: number };
}

function scheduleStatus({ state }: TaskView, agenda: Agenda | undefined): Partial<TaskStatus> {
  if (!agenda) return {};
  const { last, next, missed, observed } = agenda;
  const missedSchedules = (state.task.status?.missedSchedules ?? 0) + missed;
  return compact({
    lastScheduleTime: last && rfc3339(last),
    nextScheduleTime: next && rfc3339(next),
    observedSchedule: observed,
    missedSchedules: missedSchedules > 0 ? missedSchedules : undefined,
  });
}

/** As CronJob's field of this name. */
function lastSuccessfulTime({ finished, state }: TaskView): string | undefined {
  const ends = finished.flatMap(({ phase, record: run }) =>
    phase === 'Succeeded' ? [run.status?.completionTime ?? ''] : [],
  );
  return [...ends, state.task.status?.lastSuccessfulTime ?? ''].sort().at(-1) || undefined;
}

/** Whether the run waits for its turn, in a queue, or for the end of a suspension. */
function isQueued({ began, record: run }: RunView): boolean {
  const { phase, reason } = run.status ?? {};
  return phase === 'Queued' || (!began && reason === reasons.suspended);
}

/** A trigger whose run was refused is not answered: it stays due, also after a restart. */
function observedTrigger(view: TaskView): NonNullable<TaskStatus['observedTrigger']> {
  const { metadata, spec, status } = view.state.task;
  if (runRefusal(view) || isRecordDue(view)) return status?.observedTrigger ?? {};
  const { run, snapshotHash } = view.answered ?? {};
  const { step: _step, ...trigger } = spec.trigger ?? {};
  return compact({
    ...trigger,
    generation: metadata.generation ?? 0,
    revisionHash: revisionHash(view.state.task),
    run,
    snapshotHash,
  });
}

/** When the message's running time changes next, in milliseconds since the epoch. */
export function nextMessageAt({ current }: TaskView, now: Date): number | undefined {
  const start = current?.phase === 'Running' ? current.record.status?.startTime : undefined;
  if (start === undefined) return undefined;
  return Date.parse(start) + coarseAge(now.getTime() - Date.parse(start)).next;
}

/** The refusal to create the run that the Task asks for. */
export function runRefusal({ state }: TaskView): Refusal | undefined {
  return state.memory.refusals.find(({ object, isReturn }) => object === 'TaskRun' && isReturn !== true);
}

/** Whether a record of what nobody saw was refused for now. */
function isRecordDue({ state }: TaskView): boolean {
  return state.memory.refusals.some(({ final, isReturn }) => isReturn === true && !final);
}

function taskPhase(view: TaskView): NonNullable<TaskStatus['phase']> {
  const refusal = runRefusal(view);
  if (refusal) return refusal.final ? 'Failed' : 'Pending';
  if (view.current) return view.current.phase;
  return view.answered?.run === undefined ? 'Idle' : phaseOfGone(view);
}

/** The phase that the answering run had, which is no longer on record. */
function phaseOfGone({ mark, state }: TaskView): NonNullable<TaskStatus['phase']> {
  const before = mark?.phase ?? state.task.status?.phase ?? 'Idle';
  return isFinished(before) ? before : 'Cancelled';
}

function taskMessage(view: TaskView, agenda: Agenda | undefined, now: Date): string {
  const others = view.active.filter((run) => run !== view.current);
  const queued = others.filter(isQueued).length;
  const parts = [
    view.state.task.metadata.deletionTimestamp === undefined ? '' : 'is being deleted, so nothing starts any more',
    view.state.task.spec.suspend === true ? 'suspended' : '',
    currentLine(view, agenda, now),
    problemLine(view),
    skippedLine(view),
    supersededLine(view),
    view.current?.record.spec.trigger?.again ?? '',
    some(others.length - queued, 'more active'),
    some(queued, 'waiting'),
    `${countKept(view)} kept`,
    agenda?.next ? `next ${rfc3339(agenda.next).slice(0, 16).replace('T', ' ')} UTC` : '',
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

/** Runs whose pods Kubernetes deleted when they failed are not counted: nothing of them can be looked at. */
function countKept({ kept }: TaskView): number {
  return kept.filter(({ keptPods }) => keptPods).length;
}

function some(count: number, what: string): string {
  return count > 0 ? `${count} ${what}` : '';
}

/** The newest run, where it was skipped: the current one is older then. */
function skippedLine({ runs: [newest], current }: TaskView): string {
  if (newest?.phase !== 'Skipped' || newest === current) return '';
  return `${newest.name} Skipped: ${newest.record.status?.message ?? ''}`;
}

/** What is wrong with this version, unless its run has failed of it and says so. */
function problemLine(view: TaskView): string {
  const { current, state } = view;
  const isSaid = current?.phase === 'Failed' && isOfThisVersion(current, state.task);
  return isSaid ? '' : (jobProblem(view)?.message ?? '');
}

/** What no controller saw before the current run. */
function supersededLine({ runs, current }: TaskView): string {
  const { superseded } = (current && runs[runs.indexOf(current) + 1]?.record.spec.trigger) ?? {};
  return superseded ? `${supersededCount(superseded)} before it not seen` : '';
}

function currentLine(view: TaskView, agenda: Agenda | undefined, now: Date): string {
  if (agenda?.problem !== undefined) return agenda.problem;
  const refusal = runRefusal(view);
  if (refusal) return `${refusal.run} not created: ${refusal.message}`;
  if (view.current) return runLine(view.current, now);
  const name = view.answered?.run;
  if (speaksOfBefore(view)) return beforeLine(view);
  return name === undefined ? 'no run yet' : `${name} is no longer on record`;
}

/** What the Task says, also as an event, where its trigger was answered before it was created again. */
export function beforeLine({ answered }: TaskView): string {
  return `${answered?.run} ran before this Task was created again and is not started again; change the Application or create a TaskRun to run it`;
}

/** mytask-v3 Running 10s; mytask-v3 Succeeded in 31s; mytask-v3 Failed after 3s: exit code 1 in container mytask. */
function runLine({ name, phase, record: run }: RunView, now: Date): string {
  const { startTime, duration, message, attempts } = run.status ?? {};
  const tail = message === undefined ? '' : `: ${message}`;
  if (phase === 'Running' && startTime !== undefined) {
    const { shown } = coarseAge(now.getTime() - Date.parse(startTime));
    const attempt = attempts === undefined ? '' : ` (attempt ${attempts})`;
    return `${name} Running${shown > 0 ? ` ${formatDuration(shown)}` : ''}${attempt}${tail}`;
  }
  const time = duration === undefined ? '' : phase === 'Succeeded' ? ` in ${duration}` : ` after ${duration}`;
  return `${name} ${phase}${time}${tail}`;
}

function summary({ name, phase, keptPods, record: run }: RunView): RunSummary {
  const { reason, message, startTime, completionTime, duration } = run.status ?? {};
  return compact({
    name,
    phase,
    reason,
    message,
    startTime,
    completionTime,
    duration,
    kept: isFinished(phase) ? keptPods : undefined,
  });
}

/**
 * Ready: what was deployed is done, as healthyWhen means it. Stalled: something keeps the run from getting on (as
 * kstatus has it). Valid: False where the next run of this version could not have its Job; it is left out otherwise.
 */
function conditions(view: TaskView, phase: NonNullable<TaskStatus['phase']>, now: Date): Condition[] {
  const { task } = view.state;
  const { reason = phase, message = '' } = view.current?.record.status ?? statusOfBefore(view);
  const stalled = stalledBy(view, now);
  const problem = jobProblem(view);
  const status = isReady(view, phase, stalled?.reason) ? 'True' : 'False';
  return [
    condition(task, { type: 'Ready', status, reason, message }, now),
    ...(stalled ? [condition(task, { type: 'Stalled', status: 'True', ...stalled }, now)] : []),
    ...(problem
      ? [condition(task, { type: validType, status: 'False', ...problem, message: oneLine(problem.message) }, now)]
      : []),
  ];
}

function statusOfBefore(view: TaskView): { readonly reason?: string; readonly message?: string } {
  return speaksOfBefore(view) ? { reason: reasons.ranBefore, message: beforeLine(view) } : {};
}

/** What a schedule asked for says nothing of the deployment. */
function isReady(view: TaskView, phase: NonNullable<TaskStatus['phase']>, stalledReason: string | undefined): boolean {
  if (stalledReason === reasons.invalidSchedule || jobProblem(view)) return false;
  const deployed = runRefusal(view) ? phase : view.deployed?.phase;
  return isHealthy(deployed ?? phase, view.policy);
}

/**
 * What keeps the Task from getting on: an invalid schedule, a refusal, a Job that would be refused, or what the current
 * run's unfinished Job waits for; a run that waits as it should, or is retried, is getting on.
 */
export function stalledBy(view: TaskView, now: Date): { reason: string; message: string } | undefined {
  const ofSchedule = agendaOf(view.state, now)?.problem;
  if (ofSchedule !== undefined) return { reason: reasons.invalidSchedule, message: oneLine(ofSchedule) };
  const refusal = runRefusal(view) ?? jobProblem(view);
  if (refusal) return { reason: refusal.reason, message: oneLine(refusal.message) };
  return waitOf(view, now) ?? setBack(view, now);
}

/** What the current run waits for, if something is wrong with that. */
function waitOf(view: TaskView, now: Date): { reason: string; message: string } | undefined {
  const { reason, message = '' } = (view.current?.finished === false && view.current.record.status) || {};
  return reason === undefined || isPatient(reason, view, now) ? undefined : { reason, message };
}

/** What the API server keeps refusing about one object; one that waits no longer is no longer wanted. */
function setBack({ state }: TaskView, now: Date): { reason: string; message: string } | undefined {
  const found = [...state.memory.setbacks.values()].find(
    ({ failures, retryAt }) => failures >= reportedFailures && retryAt > now.getTime(),
  );
  return found && { reason: reasons.writeRefused, message: oneLine(found.message) };
}

/** Whether nothing is wrong with waiting for this, or not yet. */
function isPatient(reason: string, view: TaskView, now: Date): boolean {
  if (reason === reasons.waitsForContainer) return !lingersTooLong(view, now);
  if (reason === reasons.podInitializing) return !startsTooLong(view, now);
  if (reason === reasons.nodeNotReady) return !waitsTooLongForNode(view, now);
  return patientReasons.has(reason);
}
