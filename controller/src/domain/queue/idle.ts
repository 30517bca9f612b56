/**
 * For how long a run of steps, items or nodes stood still because they waited in queues.
 */
import type { JobRow } from '../../resources/index.ts';
import { memo } from '../lang/memo.ts';
import { isFinished } from '../model/phase.ts';

/** From one moment to another, in milliseconds since the epoch. */
type Span = readonly [from: number, to: number];

/**
 * The time since the run's start in which one of its rows at least waited in a queue and none of them ran, in
 * milliseconds. What was evicted waited just before its latest start, and a further attempt just after the first one's:
 * more is not on record.
 * @param since when the run started
 */
export function idleInQueues(rows: readonly JobRow[], since: number, now: number): number {
  if (!rows.some(({ queuedTime, waitedSeconds }) => queuedTime !== undefined || waitedSeconds !== undefined)) return 0;
  const waits = rows.flatMap((row) => within(waitOf(row, now), since, now));
  const ran = rows.flatMap((row) => within(ranOf(row, now), since, now));
  return lengthOfUnion([...waits, ...ran]) - lengthOfUnion(ran);
}

/** Whether one of them waits in a queue at present. Remembered: each step that failed asks it of its run's rows. */
export const anyQueued = memo((rows: readonly JobRow[]): boolean =>
  rows.some(({ phase, queuedTime }) => queuedTime !== undefined && !isFinished(phase)),
);

/** Whether that is so at present: some wait, and none runs. What waits for its next attempt has the end of its last. */
export function standsStill(rows: readonly JobRow[]): boolean {
  const unfinished = rows.filter(({ phase }) => !isFinished(phase));
  return (
    anyQueued(unfinished) &&
    unfinished.every((row) => row.queuedTime !== undefined || row.completionTime !== undefined || !row.startTime)
  );
}

function waitOf(
  { phase, queuedTime, waitedSeconds = 0, startTime, completionTime, attempt = 0 }: JobRow,
  now: number,
): Span | undefined {
  if (queuedTime !== undefined) return [Date.parse(queuedTime), isFinished(phase) ? endOf(completionTime, now) : now];
  if (startTime === undefined) return undefined;
  const start = Date.parse(startTime);
  return attempt === 0 ? [start - waitedSeconds * 1000, start] : [start, start + waitedSeconds * 1000];
}

function ranOf(
  { queuedTime, waitedSeconds = 0, startTime, completionTime, attempt = 0 }: JobRow,
  now: number,
): Span | undefined {
  if (startTime === undefined) return undefined;
  const waited = attempt > 0 && queuedTime === undefined ? waitedSeconds * 1000 : 0;
  return [Date.parse(startTime) + waited, endOf(queuedTime ?? completionTime, now)];
}

function endOf(time: string | undefined, now: number): number {
  return time === undefined ? now : Date.parse(time);
}

function within(span: Span | undefined, since: number, now: number): readonly Span[] {
  if (!span) return [];
  const [from, to] = [Math.max(span[0], since), Math.min(span[1], now)];
  return from < to ? [[from, to]] : [];
}

/** What they cover together, so that what overlaps counts once. */
function lengthOfUnion(spans: readonly Span[]): number {
  let length = 0;
  let covered = -Infinity;
  for (const [from, to] of [...spans].sort(([a], [b]) => a - b)) {
    length += Math.max(0, to - Math.max(from, covered));
    covered = Math.max(covered, to);
  }
  return length;
}
