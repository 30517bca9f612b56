/**
 * A few schedules whose times are plain arithmetic, so that the rules need nothing of what they check to know what is
 * due.
 */
import type { Task } from '../../resources/index.ts';

type ScheduleSpec = NonNullable<Task['spec']['schedule']>;

/** Every so many minutes since the epoch, so many minutes past. */
interface Series {
  readonly every: number;
  readonly past: number;
}

const day = 24 * 60;
const often: Series = { every: 5, past: 0 };
const hourly: Series = { every: 60, past: 7 };
const nightly: Series = { every: day, past: 2 * 60 + 30 };

/** In UTC; the series of one schedule share no time. */
const calendars: readonly { readonly crons: readonly string[]; readonly series: readonly Series[] }[] = [
  { crons: ['*/5 * * * *'], series: [often] },
  { crons: ['7 * * * *'], series: [hourly] },
  { crons: ['7 * * * *', '30 2 * * *'], series: [hourly, nightly] },
  // What both name is one time.
  { crons: ['30 2 * * *', '*/5 * * * *'], series: [often] },
];

export const schedules: readonly ScheduleSpec[] = calendars.map(({ crons }) => ({ crons: [...crons] }));

const minute = 60_000;

/** The times after one moment up to and with another, all in milliseconds since the epoch. */
export function timesBetween(
  spec: ScheduleSpec,
  after: number,
  until: number,
): { readonly count: number; readonly latest: number } {
  const key = scheduleKey(spec);
  const series = calendars.find(({ crons }) => scheduleKey({ crons: [...crons] }) === key)?.series;
  if (!series) throw new Error(`the calendar has no ${key}`);
  const index = ({ every, past }: Series, at: number) => Math.floor((at / minute - past) / every);
  const counts = series.map((one) => Math.max(0, index(one, until) - index(one, after)));
  const latest = series.map((one) => (index(one, until) * one.every + one.past) * minute);
  return { count: counts.reduce((sum, count) => sum + count, 0), latest: Math.max(...latest) };
}

/** Equal for schedules of the same times. */
export function scheduleKey({ crons }: ScheduleSpec): string {
  return [...crons].sort().join(' | ');
}
