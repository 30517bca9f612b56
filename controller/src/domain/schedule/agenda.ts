/**
 * What a Task's schedule asks for now: as CronJob does, the latest time that is due and not answered yet, and no other.
 * Times of before the schedule was in force are nobody's; a CronJob whose schedule is changed may run at once
 * (kubernetes#63371).
 */
import { memoLatest } from '../lang/memo.ts';
import type { RunTrigger, TaskStatus } from '../../resources/index.ts';
import { canonicalJson, hexHash } from '../lang/canonical-json.ts';
import { compact } from '../lang/compact.ts';
import { rfc3339 } from '../lang/rfc3339.ts';
import type { Action } from '../model/actions.ts';
import { eventReasons } from '../model/events.ts';
import type { TaskState } from '../model/state.ts';
import {
  dueTimes,
  formatScheduledTime,
  isScheduleError,
  nextTime,
  parseSchedule,
  type Schedule,
  type ScheduleSpec,
} from './cron.ts';

export interface Agenda {
  /** Why the schedule cannot be carried out. */
  readonly problem?: string;
  /** The time that asks for a run now. */
  readonly due?: DueTime;
  /** The latest time that was answered, with a run or as missed. */
  readonly last?: Date;
  /** When the next run is due; left out while the Task is suspended, for times pass then. */
  readonly next?: Date;
  /** The times that passed without a run and that the status has not counted yet. */
  readonly missed: number;
  readonly observed: NonNullable<TaskStatus['observedSchedule']>;
}

export interface DueTime {
  readonly time: Date;
  readonly trigger: RunTrigger;
}

/** @returns undefined for a Task without a schedule */
export function agendaOf(state: TaskState, now: Date): Agenda | undefined {
  const spec = state.task.spec.schedule;
  if (spec === undefined) return undefined;
  return readAgenda(state, spec, now);
}

/** Remembered: one decision asks several times. */
const readAgenda = memoLatest((state: TaskState, spec: ScheduleSpec, now: Date): Agenda => {
  const observed = observedSchedule(state, now);
  const answered = newest(
    counted(state),
    timeOf(state.memory.lastScheduled),
    ...state.cluster.runs.map(({ spec: { trigger } }) => timeOf(trigger?.scheduledTime)),
  );
  const schedule = parseSchedule(spec);
  if (isScheduleError(schedule)) return compact({ problem: schedule.message, last: answered, missed: 0, observed });
  const since = timeOf(observed.since) ?? now;
  const answers = { schedule, since, answered, observed };
  return state.task.spec.suspend === true
    ? agenda(answers, state, {})
    : agenda(answers, state, timesOf(answers, spec, now));
});

interface Answers {
  readonly schedule: Schedule;
  readonly since: Date;
  readonly answered: Date | undefined;
  readonly observed: Agenda['observed'];
}

interface Times {
  readonly due?: Date | undefined;
  /** A time that is no longer due, because its startingDeadlineSeconds are over. */
  readonly tooLate?: Date | undefined;
  readonly next?: Date | undefined;
}

function timesOf(
  { schedule, since, answered }: Answers,
  { startingDeadlineSeconds = Infinity }: ScheduleSpec,
  now: Date,
): Times {
  const { latest } = dueTimes(schedule, { after: newest(since, answered) ?? since, until: now });
  const next = nextTime(schedule, newest(now, answered) ?? now);
  // In whole seconds: a deadline of none would otherwise be over with the millisecond.
  const secondsLate = latest === undefined ? 0 : Math.floor((now.getTime() - latest.getTime()) / 1000);
  const isTooLate = secondsLate > startingDeadlineSeconds;
  return isTooLate ? { tooLate: latest, next } : { due: latest, next };
}

function agenda(
  { schedule, since, answered, observed }: Answers,
  state: TaskState,
  { due, tooLate, next }: Times,
): Agenda {
  const last = newest(answered, tooLate);
  const from = newest(since, counted(state)) ?? since;
  return compact({
    due: due && { time: due, trigger: scheduleTrigger(due, schedule) },
    last,
    next,
    missed: last ? missedUntil(last, schedule, from, state) : 0,
    observed,
  });
}

/**
 * More than so many at once are not counted one by one, and worth another word, as CronJob has it: a clock or a
 * controller stood still.
 */
const tooMany = 100;

/** An event where times passed without a run. */
export function missedEvents(state: TaskState, now: Date): readonly Action[] {
  const { missed = 0, last } = agendaOf(state, now) ?? {};
  if (missed === 0 || !last) return [];
  const reason = missed > tooMany ? eventReasons.tooManyMissedTimes : eventReasons.missSchedule;
  const times =
    missed === 1
      ? 'a time of the schedule'
      : `${missed > tooMany ? `more than ${tooMany}` : missed} times of the schedule`;
  const message = `${times} up to ${rfc3339(last)} passed without a run: the controller did not run, the Task was suspended, or startingDeadlineSeconds was over`;
  return [{ kind: 'event', type: 'Warning', reason, message }];
}

/**
 * The schedule in force, and since when: a new Task's from its creation, a changed one's from when the change was seen.
 */
function observedSchedule({ task, memory: { seenAt } }: TaskState, now: Date): Agenda['observed'] {
  const { crons = [], timeZone } = task.spec.schedule ?? {};
  const hash = hexHash(canonicalJson({ crons: [...crons].sort(), timeZone }), 12);
  const before = task.status?.observedSchedule;
  if (before?.hash === hash) return before;
  const { generation = 1, creationTimestamp } = task.metadata;
  const since = generation === 1 ? new Date(creationTimestamp) : new Date(seenAt.get(generation) ?? now);
  return { hash, since: rfc3339(since) };
}

function scheduleTrigger(time: Date, schedule: Schedule): RunTrigger {
  return { type: 'Schedule', value: formatScheduledTime(time, schedule), scheduledTime: rfc3339(time) };
}

/**
 * The times after `since` up to `last` that no run answers, not counting runs of a schedule before this one; one more
 * than `tooMany` stands for any number of them.
 */
function missedUntil(
  last: Date,
  schedule: Schedule,
  since: Date,
  { cluster: { runs }, memory: { lastScheduled } }: TaskState,
): number {
  const answered = new Set([lastScheduled, ...runs.map(({ spec }) => spec.trigger?.scheduledTime)]);
  const isDue = (time: Date) => dueTimes(schedule, { after: new Date(time.getTime() - 1), until: time }).count === 1;
  const withRun = [...answered]
    .map(timeOf)
    .filter((time) => time !== undefined && time > since && time <= last && isDue(time)).length;
  const { count } = dueTimes(schedule, { after: since, until: last });
  return count > tooMany ? tooMany + 1 : Math.max(0, count - withRun);
}

/** The latest time that the status has counted. */
function counted({ task }: TaskState): Date | undefined {
  return timeOf(task.status?.lastScheduleTime);
}

function newest(...times: readonly (Date | undefined)[]): Date | undefined {
  return times.reduce(
    (latest, time) => (latest === undefined || (time !== undefined && time > latest) ? time : latest),
    undefined,
  );
}

function timeOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}
