import { formatDuration } from '../domain/lang/duration.ts';

/** `3m ago` or `in 3m`; empty for no time at all. */
export function relative(time: string | undefined, now: Date): string {
  if (time === undefined) return '';
  const distance = now.getTime() - Date.parse(time);
  return distance >= 0 ? `${formatDuration(distance)} ago` : `in ${formatDuration(-distance)}`;
}

/** A time and its distance from now, where there is room. */
export function exact(time: string | undefined, now: Date): string | undefined {
  return time === undefined ? undefined : `${time} (${relative(time, now)})`;
}

/** How long a run took, or has taken so far. */
export function elapsed(
  { startTime, completionTime, duration }: { startTime?: string; completionTime?: string; duration?: string },
  now: Date,
): string {
  if (duration !== undefined) return duration;
  if (startTime === undefined || completionTime !== undefined) return '';
  return formatDuration(now.getTime() - Date.parse(startTime));
}
