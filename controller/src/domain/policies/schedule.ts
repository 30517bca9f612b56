/**
 * schedule: when the clock asks for runs, in the words and ways of CronJob's schedule, timeZone and startingDeadlineSeconds.
 */
import { Cron } from 'croner';
import type { Task } from '../../resources/index.ts';

export type ScheduleSpec = NonNullable<Task['spec']['schedule']>;

/** A schedule that can be carried out. */
export interface Schedule {
  readonly timeZone: string;
  readonly crons: readonly Cron[];
}

/** What is wrong with a schedule, in a sentence with the remedy. */
export interface ScheduleError {
  readonly message: string;
}

export function isScheduleError(schedule: Schedule | ScheduleError): schedule is ScheduleError {
  return 'message' in schedule;
}

const mostParsed = 20_000;
const parsed = new Map<string, Schedule | ScheduleError>();

/** A Task is decided many times: what was parsed is kept, within limits. */
export function parseSchedule({ crons, timeZone = 'UTC' }: ScheduleSpec): Schedule | ScheduleError {
  const key = JSON.stringify([timeZone, crons]);
  const known = parsed.get(key);
  if (known) return known;
  if (parsed.size >= mostParsed) parsed.clear();
  const schedule = parse(crons, timeZone);
  parsed.set(key, schedule);
  return schedule;
}

function parse(crons: readonly string[], timeZone: string): Schedule | ScheduleError {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch {
    return { message: `schedule.timeZone ${timeZone} is no time zone; write one such as Europe/Berlin, or leave it out for UTC` };
  }
  const read: Cron[] = [];
  for (const cron of crons) {
    try {
      read.push(new Cron(cron, { timezone: timeZone, mode: '5-part', paused: true }));
    } catch (error) {
      return { message: `schedule "${cron}" is no cron schedule: ${(error as Error).message}` };
    }
  }
  return { timeZone, crons: read };
}

/** The first time after that moment; undefined where there is none. */
export function nextTime({ crons }: Schedule, after: Date): Date | undefined {
  const times = crons.map((cron) => cron.nextRun(after)).filter((time) => time !== null);
  return times.reduce<Date | undefined>((first, time) => (first === undefined || time < first ? time : first), undefined);
}

/** Times after one moment up to and with another. */
export interface DueTimes {
  readonly latest?: Date;
  readonly count: number;
}

const mostCounted = 1_000;

/** How many times are due, and the latest of them; a count of more than a thousand stays at a thousand. */
export function dueTimes(schedule: Schedule, { after, until }: { readonly after: Date; readonly until: Date }): DueTimes {
  const last = new Date(until.getTime() + 1);
  const times = new Set<number>();
  for (const cron of schedule.crons) {
    for (const time of cron.previousRuns(mostCounted, last)) if (time > after && time <= until) times.add(time.getTime());
  }
  if (times.size === 0) return { count: 0 };
  return { latest: new Date(Math.max(...times)), count: Math.min(times.size, mostCounted) };
}

/** RFC 3339 with the schedule's offset. */
export function formatScheduledTime(time: Date, _schedule: Schedule): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** UTC minutes: 202503201230. */
export function minuteSuffix(time: Date): string {
  return time.toISOString().replace(/\D/g, '').slice(0, 12);
}
