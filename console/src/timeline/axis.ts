import { localClock, localDate } from '../format.ts';

/** A line of the axis, and what is written beside it. */
export interface Tick {
  readonly x: number;
  readonly label: string;
}

const minute = 60_000;
const steps = [1, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880].map((count) => count * minute);
/** Labels must not run into each other. */
const leastGap = 76;

/** Lines at round local times, as close as their labels allow. */
export function axisTicks({
  from,
  to,
  width,
  zoneMs,
}: {
  readonly from: number;
  readonly to: number;
  readonly width: number;
  readonly zoneMs: number;
}): readonly Tick[] {
  const perMs = width / (to - from);
  const step = steps.find((size) => size * perMs >= leastGap) ?? 7 * 1_440 * minute;
  const ticks: Tick[] = [];
  const first = Math.ceil((from + zoneMs) / step) * step - zoneMs;
  for (let time = first; time <= to; time += step) {
    const date = new Date(time);
    const midnight = (time + zoneMs) % (1_440 * minute) === 0;
    ticks.push({ x: Math.round((time - from) * perMs), label: midnight ? localDate(date).slice(5) : localClock(date) });
  }
  return ticks;
}
