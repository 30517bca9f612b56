/** What a run's record says about its waits in queues, for people: where, since when, and for how long. */
import type { JobRow, TaskRunStatus } from '../resources/index.ts';
import { compact } from '../domain/lang/compact.ts';
import { rfc3339 } from '../domain/lang/rfc3339.ts';
import { secondsBetween } from '../domain/lang/duration.ts';
import { isFinished } from '../domain/model/phase.ts';

export interface RunQueue {
  readonly name: string;
  readonly priorityClass?: string | undefined;
}

/** Where queues are read from: a snapshot, a Task's spec, or the archived part of one. */
export interface Queued {
  readonly queue?: RunQueue | undefined;
  readonly steps?: readonly { readonly name: string; readonly queue?: RunQueue | undefined }[] | undefined;
}

/** How long something has waited, and whether it still waits. */
export interface Wait {
  /** Since when it has waited, RFC 3339; undefined if it does not wait. */
  readonly queuedTime?: string;
  /** The ended waits, in seconds: those that ended with an admission, and one that ended with the run. */
  readonly waitedSeconds?: number;
}

/**
 * For a run of one Job: all of its attempts together. For steps, items or nodes, which wait at the same time: the
 * longest wait, and the earliest one that continues.
 */
export function waitOfRun({ jobs = [], completionTime }: TaskRunStatus = {}): Wait {
  const waits = jobs
    .filter(({ run }) => run === undefined)
    .map((row) => ({ ...waitOfRow(row, completionTime), isPart: row.step !== undefined }));
  const waited = waits.flatMap(({ waitedSeconds }) => waitedSeconds ?? []);
  const isParts = waits.some(({ isPart }) => isPart);
  return compact({
    queuedTime: waits.flatMap(({ queuedTime }) => queuedTime ?? []).sort()[0],
    waitedSeconds:
      waited.length === 0
        ? undefined
        : waited.reduce((sum, seconds) => (isParts ? Math.max(sum, seconds) : sum + seconds), 0),
  });
}

/** @param ended when the run ended, if it has: then nothing waits any longer */
export function waitOfRow({ phase, queuedTime, waitedSeconds, completionTime }: JobRow, ended?: string): Wait {
  const end = ended ?? (isFinished(phase) ? completionTime : undefined);
  if (queuedTime === undefined || end === undefined) return compact({ queuedTime, waitedSeconds });
  return { waitedSeconds: (waitedSeconds ?? 0) + Math.round(secondsBetween(queuedTime, completionTime ?? end) ?? 0) };
}

/**
 * When the run first entered a queue, RFC 3339: its start minus the wait before it. After an eviction only the latest
 * start is recorded, so its waits count as one.
 */
export function firstQueuedTime({ jobs = [], startTime }: TaskRunStatus): string | undefined {
  return jobs.flatMap((row) => queuedTimeOf(row, row.step === undefined ? startTime : row.startTime) ?? []).sort()[0];
}

function queuedTimeOf(
  { run, attempt = 0, step, queuedTime, waitedSeconds }: JobRow,
  start: string | undefined,
): string | undefined {
  if (run !== undefined || (attempt > 0 && step === undefined)) return undefined;
  if (queuedTime !== undefined || waitedSeconds === undefined || start === undefined) return queuedTime;
  return rfc3339(new Date(Date.parse(start) - waitedSeconds * 1000));
}

/** The queue that a row's Job waits in: a step's own, or else the run's. */
export function queueOfRow({ queue, steps = [] }: Queued = {}, { step }: Pick<JobRow, 'step'>): RunQueue | undefined {
  return steps.find(({ name }) => name === step)?.queue ?? queue;
}

/** All queues that Jobs of the run wait in, each once. */
export function queuesOf({ queue, steps }: Queued = {}): readonly RunQueue[] {
  const all = steps === undefined ? [queue] : steps.map((step) => step.queue ?? queue);
  const byName = new Map(all.flatMap((one) => (one === undefined ? [] : [[queueWords(one), one] as const])));
  return [...byName.values()];
}

/** `nightly (priority class urgent)`. */
export function queueWords({ name, priorityClass }: RunQueue): string {
  return priorityClass === undefined ? name : `${name} (priority class ${priorityClass})`;
}
