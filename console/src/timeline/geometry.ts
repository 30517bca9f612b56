import type { Run } from '../../../controller/src/api/schemas.ts';
import { queuedFrom } from '../run/queue.ts';
import { axisTicks, type Tick } from './axis.ts';

/** A time at which a task will run. */
export interface Upcoming {
  readonly namespace: string;
  readonly task: string;
  readonly time: string;
}

/** What a timeline is drawn of. Times are in milliseconds. */
export interface TimelineInput {
  readonly runs: readonly Run[];
  readonly upcoming: readonly Upcoming[];
  readonly from: number;
  readonly to: number;
  readonly now: number;
  /** The width of the time axis, in pixels. */
  readonly width: number;
  /** How far local time is ahead of UTC. */
  readonly zoneMs: number;
}

/** A run as it is drawn: what it waited, then what it ran. */
export interface Bar {
  readonly run: Run;
  readonly x: number;
  readonly width: number;
  /** Runs of one task that overlap lie in lanes of their own; 0 is the uppermost. */
  readonly lane: number;
  /** It has not ended: its right end is now. */
  readonly open: boolean;
  /** From when it was due, or asked for, until it started. */
  readonly wait?: { readonly x: number; readonly width: number };
  /** The part of it that was spent in a queue. */
  readonly queue?: { readonly x: number; readonly width: number };
}

/** A task's part of the picture. */
export interface TimelineRow {
  readonly namespace: string;
  readonly task: string;
  readonly y: number;
  readonly height: number;
  readonly bars: readonly Bar[];
  /** Where its next times are. */
  readonly upcoming: readonly number[];
}

/** Everything to draw, in pixels. */
export interface Timeline {
  readonly rows: readonly TimelineRow[];
  readonly ticks: readonly Tick[];
  readonly nowX: number;
  readonly height: number;
}

export const laneHeight = 12;
const padding = 6;
/** A run of a second is a line in a week, and must be seen all the same. */
const leastWidth = 3;
/** More overlapping runs than this share the last lane. */
const mostLanes = 6;

interface Span {
  readonly run: Run;
  readonly due: number;
  readonly start: number;
  readonly end: number;
  readonly open: boolean;
}

/** Where everything of a timeline is. The input is not changed. */
export function timelineOf(input: TimelineInput): Timeline {
  const { runs, from, to, now, width, zoneMs } = input;
  const scale = scaleOf(input);
  const groups = Map.groupBy(
    runs.map((run) => spanOf(run, now)).filter(({ due, end }) => end >= from && due <= to),
    ({ run }) => keyOf(run.namespace, run.task),
  );
  const upcoming = Map.groupBy(
    input.upcoming.filter(({ time }) => Date.parse(time) <= to),
    ({ namespace, task }) => keyOf(namespace, task),
  );
  const rows: TimelineRow[] = [];
  let y = 0;
  for (const key of [...new Set([...groups.keys(), ...upcoming.keys()])].sort()) {
    const [namespace = '', task = ''] = key.split('/');
    const { bars, lanes } = barsOf(groups.get(key) ?? [], scale);
    const height = lanes * laneHeight + 2 * padding;
    rows.push({
      namespace,
      task,
      y,
      height,
      bars,
      upcoming: (upcoming.get(key) ?? []).map(({ time }) => scale(Date.parse(time))),
    });
    y += height;
  }
  return { rows, ticks: axisTicks({ from, to, width, zoneMs }), nowX: scale(now), height: y };
}

function keyOf(namespace: string, task: string): string {
  return `${namespace}/${task}`;
}

/** From time to pixels, within the picture. */
function scaleOf({ from, to, width }: TimelineInput): (time: number) => number {
  return (time) => round((Math.max(from, Math.min(to, time)) - from) * (width / (to - from)));
}

function spanOf(run: Run, now: number): Span {
  const asked = Date.parse(run.trigger.scheduledTime ?? run.creationTimestamp);
  const ended = run.completionTime === undefined ? undefined : Date.parse(run.completionTime);
  const start = run.startTime === undefined ? (ended ?? (isOver(run) ? asked : now)) : Date.parse(run.startTime);
  const end = ended ?? (isOver(run) ? start : Math.max(now, start));
  return { run, due: Math.min(asked, start), start, end, open: ended === undefined && !isOver(run) };
}

function isOver({ phase }: Run): boolean {
  return phase !== 'Running' && phase !== 'Queued' && phase !== 'Pending';
}

/** Each run goes into the first lane that is free when it is asked for. */
function barsOf(spans: readonly Span[], scale: (time: number) => number): { bars: readonly Bar[]; lanes: number } {
  const freeFrom: number[] = [];
  const bars = [...spans]
    .sort((a, b) => a.due - b.due || a.end - b.end)
    .map((span) => {
      const free = freeFrom.findIndex((time) => time <= span.due);
      const lane = free >= 0 ? free : Math.min(freeFrom.length, mostLanes - 1);
      freeFrom[lane] = Math.max(freeFrom[lane] ?? 0, span.end);
      return barOf(span, lane, scale);
    });
  return { bars, lanes: Math.max(1, freeFrom.length) };
}

function barOf({ run, due, start, end, open }: Span, lane: number, scale: (time: number) => number): Bar {
  const x = scale(start);
  const bar = { run, x, width: Math.max(leastWidth, round(scale(end) - x)), lane, open };
  const queued = queuedFrom(run);
  return {
    ...bar,
    ...stretch('wait', scale(due), x),
    ...(queued === undefined ? {} : stretch('queue', scale(Math.max(due, queued)), x)),
  };
}

/** Anything narrower than a pixel is not drawn. */
function stretch(name: 'wait' | 'queue', from: number, to: number): Pick<Bar, 'wait' | 'queue'> {
  const width = round(to - from);
  return width < 1 ? {} : { [name]: { x: from, width } };
}

/** Tenths of a pixel are enough, and keep the document small. */
function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
