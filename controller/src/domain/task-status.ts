/**
 * What a Task's status should say now. People read it in `vela status`, so it leads with one line.
 */
import type { Condition, RunSummary, Task, TaskStatus } from '../resources/index.ts';
import { compact } from './compact.ts';
import { isFinished, type RunView, type TaskView } from './classify.ts';
import { coarseAge, formatDuration } from './duration.ts';
import { isHealthy } from './policies/healthy-when.ts';
import { reasons } from './run-status.ts';
import { oneLine } from './sentence.ts';
import type { Refusal } from './state.ts';
import { revisionHash } from './trigger.ts';

/** The CRD's limits. */
const maxActive = 20;
const maxLastRuns = 10;

export function taskStatus(view: TaskView, now: Date): TaskStatus {
  const { active, finished, kept } = view;
  const phase = taskPhase(view);
  const message = oneLine(taskMessage(view, now));
  return {
    observedGeneration: view.state.task.metadata.generation ?? 0,
    observedTrigger: observedTrigger(view),
    phase,
    message,
    active: active.slice(0, maxActive).map(summary),
    lastRuns: finished.slice(0, maxLastRuns).map(summary),
    totals: {
      active: active.length,
      succeeded: finished.filter((run) => run.phase === 'Succeeded').length,
      failed: finished.filter((run) => run.phase === 'Failed').length,
      cancelled: finished.filter((run) => run.phase === 'Cancelled').length,
      kept: kept.length,
    },
    conditions: conditions(view, phase, now),
  };
}

/** A trigger whose run was refused is not answered: it stays due, also after a restart. */
function observedTrigger(view: TaskView): NonNullable<TaskStatus['observedTrigger']> {
  const { metadata, spec, status } = view.state.task;
  if (runRefusal(view)) return status?.observedTrigger ?? {};
  const { run, snapshotHash } = view.answered ?? {};
  return compact({ ...spec.trigger, generation: metadata.generation ?? 0, revisionHash: revisionHash(view.state.task), run, snapshotHash });
}

/** When the message's running time changes next, in milliseconds since the epoch. */
export function nextMessageAt({ current }: TaskView, now: Date): number | undefined {
  const start = current?.phase === 'Running' ? current.run.status?.startTime : undefined;
  if (start === undefined) return undefined;
  return Date.parse(start) + coarseAge(now.getTime() - Date.parse(start)).next;
}

/** The refusal to create the run that the Task asks for. */
export function runRefusal({ state }: TaskView): Refusal | undefined {
  return state.refusals.find(({ object }) => object === 'TaskRun');
}

function taskPhase(view: TaskView): NonNullable<TaskStatus['phase']> {
  const refusal = runRefusal(view);
  if (refusal) return refusal.final ? 'Failed' : 'Pending';
  if (view.current) return view.current.phase;
  const before = view.state.task.status?.phase ?? 'Idle';
  if (view.answered?.run === undefined) return 'Idle';
  return isFinished(before) ? before : 'Cancelled';
}

function taskMessage(view: TaskView, now: Date): string {
  const others = view.active.filter((run) => run !== view.current).length;
  return [currentLine(view, now), ...(others > 0 ? [`${others} more active`] : []), `${view.kept.length} kept`].join(' · ');
}

function currentLine(view: TaskView, now: Date): string {
  const refusal = runRefusal(view);
  if (refusal) return `${refusal.run} not created: ${refusal.message}`;
  if (view.current) return runLine(view.current, now);
  const name = view.answered?.run;
  return name === undefined ? 'no run yet' : `${name} is no longer on record`;
}

/** mytask-v3 Running 10s; mytask-v3 Succeeded in 31s; mytask-v3 Failed after 3s: exit code 1 in container mytask. */
function runLine({ name, phase, run }: RunView, now: Date): string {
  const { startTime, duration, message } = run.status ?? {};
  const tail = message === undefined ? '' : `: ${message}`;
  if (phase === 'Running' && startTime !== undefined) {
    const { shown } = coarseAge(now.getTime() - Date.parse(startTime));
    return `${name} Running${shown > 0 ? ` ${formatDuration(shown)}` : ''}${tail}`;
  }
  const time = duration === undefined ? '' : phase === 'Succeeded' ? ` in ${duration}` : ` after ${duration}`;
  return `${name} ${phase}${time}${tail}`;
}

function summary({ name, phase, kept, run }: RunView): RunSummary {
  const { reason, message, startTime, completionTime, duration } = run.status ?? {};
  return compact({
    name,
    phase,
    reason,
    message,
    startTime,
    completionTime,
    duration,
    kept: isFinished(phase) ? kept : undefined,
  });
}

/** Ready: what was deployed is done, as healthyWhen means it. Stalled: something keeps the run from getting on (as kstatus has it). */
function conditions(view: TaskView, phase: NonNullable<TaskStatus['phase']>, now: Date): Condition[] {
  const { task } = view.state;
  const status = view.current?.run.status;
  const ready = isHealthy(phase, view.policy);
  const stalled = stalledBy(view);
  return [
    condition(task, { type: 'Ready', status: ready ? 'True' : 'False', reason: status?.reason ?? phase, message: status?.message ?? '' }, now),
    ...(stalled ? [condition(task, { type: 'Stalled', status: 'True', ...stalled }, now)] : []),
  ];
}

/** Why the current run does not get on: a refusal, or what its unfinished Job waits for; a Job that tries again is getting on. */
export function stalledBy(view: TaskView): { reason: string; message: string } | undefined {
  const refusal = runRefusal(view);
  if (refusal) return { reason: refusal.reason, message: oneLine(refusal.message) };
  if (!view.current || view.current.finished) return undefined;
  const { reason, message = '' } = view.current.run.status ?? {};
  return reason === undefined || reason === reasons.podFailed ? undefined : { reason, message };
}

function condition(task: Task, wanted: Pick<Condition, 'type' | 'status' | 'reason' | 'message'>, now: Date): Condition {
  const before = task.status?.conditions?.find(({ type }) => type === wanted.type);
  const lastTransitionTime = before?.status === wanted.status ? before.lastTransitionTime : now.toISOString();
  return { ...wanted, lastTransitionTime };
}
