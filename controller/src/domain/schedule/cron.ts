/**
 * schedule: when the clock asks for runs, in the words of CronJob's schedule, timeZone and startingDeadlineSeconds. The
 * arithmetic is croner's; docs/decisions/0004-cron-arithmetic.md says how it was chosen, and what it does where clocks
 * change.
 */
import { memoText } from '../lang/memo.ts';
import { Cron } from 'croner';
import type { Task } from '../../resources/index.ts';
import { rfc3339 } from '../lang/rfc3339.ts';
import { messageOf } from '../lang/words.ts';

export type ScheduleSpec = NonNullable<Task['spec']['schedule']>;

/** A schedule that can be carried out. */
export interface Schedule {
  readonly timeZone: string;
  /** As croner reads them. */
  readonly crons: readonly string[];
  /** The times that were asked for last; many Tasks share a schedule, and each decision asks for the same times. */
  readonly known: KnownTimes;
}

/** All the times after a moment up to the last of them. */
interface KnownTimes {
  after: number;
  readonly times: number[];
}

/** What is wrong with a schedule, in a sentence with the remedy. */
export interface ScheduleError {
  readonly message: string;
}

export function isScheduleError(schedule: Schedule | ScheduleError): schedule is ScheduleError {
  return 'message' in schedule;
}

export function parseSchedule({ crons, timeZone = 'UTC' }: ScheduleSpec): Schedule | ScheduleError {
  return parsed(JSON.stringify([timeZone, crons]));
}

/** More different schedules than a cluster has: each is small. */
const mostParsed = 20_000;

/** Remembered: each Task is decided many times, and its times are remembered with its schedule. */
const parsed = memoText(mostParsed, (key) => {
  const [timeZone, crons] = JSON.parse(key) as [string, string[]];
  return parse(crons, timeZone);
});

function parse(crons: readonly string[], timeZone: string): Schedule | ScheduleError {
  if (!isTimeZone(timeZone)) {
    return {
      message: `schedule.timeZone "${timeZone}" is not a time zone: write one of the IANA database, such as Europe/Berlin, or leave it out for UTC`,
    };
  }
  for (const text of crons) {
    const problem = problemOf(text, timeZone);
    if (problem) return { message: `the schedule "${text}" ${problem}` };
  }
  return { timeZone, crons: crons.map(asCroner), known: { after: Infinity, times: [] } };
}

/** JavaScript takes offsets such as +02:00, too, which a CronJob refuses. */
function isTimeZone(name: string): boolean {
  if (/^[+-]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const example =
  'write five fields (minute hour day-of-month month day-of-week), such as "30 2 * * *", or a name such as @daily';

const names = /jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat/gi;

/** What cron has, and a CronJob or we do not. */
const noTimes = [
  {
    form: /^\s*@every/i,
    problem: 'counts from nowhere: write the times, such as "*/30 * * * *" for every half hour',
  },
  {
    form: /^\s*@reboot/i,
    problem: 'is not about a time: leave the schedule out, and a deployment starts a run; or write the times',
  },
];

function problemOf(text: string, timeZone: string): string | undefined {
  if (/TZ=/.test(text)) return 'names a time zone: write it into schedule.timeZone, such as timeZone: Europe/Berlin';
  const noTime = noTimes.find(({ form }) => form.test(text));
  if (noTime) return noTime.problem;
  if (!/^\s*@/.test(text) && /[LW#+]/i.test(text.replace(names, '')))
    return `has L, W, # or +, which a CronJob does not know either; ${example}`;
  if (!/^\s*@|^\s*(\S+\s+){4}\S+\s*$/.test(text)) return `has not five fields; ${example}`;
  const outside = text.trim().startsWith('@') ? undefined : outOfRange(text.trim().split(/\s+/));
  if (outside !== undefined) return outside;
  try {
    const comes = cronOf(asCroner(text), timeZone).nextRun(new Date(0)) !== null;
    return comes ? undefined : 'names a day that never comes; fix its day-of-month or month';
  } catch (error) {
    const reason = messageOf(error).replace(/^CronPattern: /, '');
    return `is invalid: ${reason}; ${example}`;
  }
}

/** croner takes 7 for Sunday, too, but a step ends with Saturday. */
const fieldRanges = [
  { name: 'minute', first: 0, last: 59, endOfSteps: 59 },
  { name: 'hour', first: 0, last: 23, endOfSteps: 23 },
  { name: 'day-of-month', first: 1, last: 31, endOfSteps: 31 },
  { name: 'month', first: 1, last: 12, endOfSteps: 12 },
  { name: 'day-of-week', first: 0, last: 7, endOfSteps: 6 },
];

/** croner counts days and months from 0, also in what it says of them. */
function outOfRange(fields: readonly string[]): string | undefined {
  for (const [index, { name, first, last }] of fieldRanges.entries()) {
    const numbers = (fields[index] ?? '').split(',').flatMap((part) => part.replace(/\/.*$/, '').match(/\d+/g) ?? []);
    const wrong = numbers.find((number) => Number(number) < first || Number(number) > last);
    if (wrong !== undefined) return `is invalid: Invalid value for ${name}: ${wrong}; ${example}`;
  }
  return undefined;
}

/**
 * What CronJob knows and croner reads otherwise: ? means *, 5/15 means 5 up to the end in steps of 15, and a list with
 * a * in it is a *, also where it decides whether day-of-month and day-of-week must both match.
 */
function asCroner(text: string): string {
  const fields = text.trim().split(/\s+/);
  return fields.map((field, index) => asCronerField(field.split(','), fieldRanges[index]?.endOfSteps ?? 0)).join(' ');
}

function asCronerField(parts: readonly string[], last: number): string {
  if (parts.every((part) => part !== '') && parts.some((part) => /^[*?](\/1)?$/.test(part))) return '*';
  return parts.map((part) => part.replace(/^\?/, '*').replace(/^(\d+|[A-Za-z]{3})\//, `$1-${last}/`)).join(',');
}

function cronOf(text: string, timeZone: string): Cron {
  return cronsUsed(JSON.stringify([timeZone, text]));
}

/** Each is 80 KB large. */
const mostCrons = 200;

/**
 * Remembered: to make one takes longer than to ask it. Where clocks change, a time without a * or a step is a time of
 * day.
 */
const cronsUsed = memoText(mostCrons, (key) => {
  const [timezone, text] = JSON.parse(key) as [string, string];
  return new Cron(text, { timezone, mode: '5-part', fixedTimeRule: 'no-wildcard', paused: true });
});

/** The first time after that moment; undefined where there is none. */
export function nextTime(schedule: Schedule, after: Date): Date | undefined {
  const moment = after.getTime();
  const { known } = schedule;
  const remembered = moment >= known.after ? known.times.find((time) => time > moment) : undefined;
  if (remembered !== undefined) return new Date(remembered);
  const next = calculateNext(schedule, after);
  if (next === undefined) return undefined;
  remember(known, moment, next);
  return new Date(next);
}

function calculateNext({ crons, timeZone }: Schedule, after: Date): number | undefined {
  const times = crons
    .map((cron) => cronOf(cron, timeZone).nextRun(after)?.getTime())
    .filter((time) => time !== undefined);
  return times.length > 0 ? Math.min(...times) : undefined;
}

const mostKnown = 128;

function remember(known: KnownTimes, after: number, next: number): void {
  if (known.times.at(-1) !== after) {
    known.after = after;
    known.times.length = 0;
  }
  known.times.push(next);
  if (known.times.length > mostKnown) known.after = known.times.shift() ?? after;
}

/** The first times after that moment, at most so many; fewer where the schedule ends. */
export function nextTimes(schedule: Schedule, after: Date, most: number): readonly Date[] {
  const times: Date[] = [];
  for (let time = nextTime(schedule, after); time !== undefined && times.length < most; time = nextTime(schedule, time))
    times.push(time);
  return times;
}

/** Times after one moment up to and with another. */
export interface DueTimes {
  readonly latest?: Date;
  /** How many there are; more than a hundred count as a hundred and one, as CronJob stops counting there. */
  readonly count: number;
}

const mostCounted = 100;

/** How many times are due, and the latest of them. Takes at most a hundred steps, also after years of absence. */
export function dueTimes(
  schedule: Schedule,
  { after, until }: { readonly after: Date; readonly until: Date },
): DueTimes {
  let latest: Date | undefined;
  let count = 0;
  for (let time = nextTime(schedule, after); time !== undefined && time <= until; time = nextTime(schedule, time)) {
    latest = time;
    count += 1;
    if (count > mostCounted) return { latest: lastTime(schedule, until) ?? latest, count };
  }
  return latest ? { latest, count } : { count };
}

/** The latest time up to and with that moment. */
function lastTime({ crons, timeZone }: Schedule, until: Date): Date | undefined {
  const justAfter = new Date(until.getTime() + 1000);
  const times = crons
    .flatMap((cron) => cronOf(cron, timeZone).previousRuns(2, justAfter))
    .filter((time) => time <= until);
  return times.length > 0 ? new Date(Math.max(...times.map(Number))) : undefined;
}

/** RFC 3339 in the schedule's zone, as CronJob writes it: 2026-03-20T13:00:00+01:00. */
export function formatScheduledTime(time: Date, { timeZone }: Schedule): string {
  const offset = offsetSeconds(time, timeZone);
  if (offset === 0) return rfc3339(time);
  const local = new Date(time.getTime() + offset * 1000).toISOString().slice(0, 19);
  const minutes = Math.abs(Math.trunc(offset / 60));
  return `${local}${offset < 0 ? '-' : '+'}${twoDigits(minutes / 60)}:${twoDigits(minutes % 60)}`;
}

/** How far the zone's clocks are ahead of UTC then. */
function offsetSeconds(time: Date, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' }).formatToParts(time);
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign = '+', hours = '0', minutes = '0'] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60);
}

function twoDigits(value: number): string {
  return String(Math.trunc(value)).padStart(2, '0');
}

/** UTC minutes: 202503201230. */
export function minuteSuffix(time: Date): string {
  return time.toISOString().replace(/\D/g, '').slice(0, 12);
}
