/** What `describe` says about a run's wait in queues, and about how late a scheduled run started. */
import { named } from '../../domain/lang/words.ts';
import type { TaskRunStatus } from '../../resources/index.ts';
import { formatDuration } from '../../domain/lang/duration.ts';
import { firstQueuedTime, queuesOf, queueWords, waitOfRun, type Queued } from '../../records/queue-report.ts';
import { exact } from '../moments.ts';

/** The fields of a run in the cluster or in the archive. */
export interface Course {
  readonly snapshot: (Queued & { readonly queueTimeoutSeconds?: number | undefined }) | undefined;
  readonly status: TaskRunStatus;
  /** When the schedule was due. */
  readonly due: string | undefined;
}

/** Empty if the run has no queue and no schedule. */
export function queueFields(
  { snapshot, status, due }: Course,
  now: Date,
): readonly (readonly [string, string | undefined])[] {
  const queues = queuesOf(snapshot);
  const { queuedTime, waitedSeconds } = waitOfRun(status);
  const limit = snapshot?.queueTimeoutSeconds;
  return [
    ['Queue', named(queues.map(queueWords), mostNamed)],
    [
      'Waits since',
      queuedTime &&
        `${exact(queuedTime, now)}${limit === undefined ? '' : `, for ${formatDuration(limit * 1000)} at most`}`,
    ],
    [
      'Waited',
      waitedSeconds === undefined
        ? undefined
        : `${formatDuration(waitedSeconds * 1000)}${isOfParts(status) ? ', the longest of its steps' : ''}`,
    ],
    [
      'Due',
      due &&
        dueLine(
          due,
          status,
          now,
          queues.map(({ name }) => name),
        ),
    ],
  ];
}

const mostNamed = 3;

function isOfParts({ jobs = [] }: TaskRunStatus): boolean {
  return jobs.some(({ step }) => step !== undefined);
}

/** `2026-11-23T03:00:00Z · queued 03:00:01 · started 03:12:41 after 12m40s in queue nightly`. */
function dueLine(due: string, status: TaskRunStatus, now: Date, queues: readonly string[]): string {
  const { startTime, completionTime } = status;
  const queued = firstQueuedTime(status);
  const place = queues.length === 1 ? `queue ${queues[0]}` : 'queues';
  const until = startTime ?? completionTime ?? now.toISOString();
  const waited =
    queued === undefined
      ? ''
      : ` ${startTime === undefined ? 'for' : 'after'} ${formatDuration(Date.parse(until) - Date.parse(queued))} in ${place}`;
  const start =
    startTime === undefined
      ? waited === ''
        ? []
        : [`${completionTime === undefined ? 'waits' : 'waited'}${waited}`]
      : [`started ${clock(startTime, due)}${waited}`];
  return [due, ...(queued === undefined ? [] : [`queued ${clock(queued, due)}`]), ...start].join(' · ');
}

/** A time on the same day needs no date. Both are RFC 3339; one that a person wrote may have a zone. */
function clock(time: string, due: string): string {
  const text = new Date(time).toISOString();
  return due.endsWith('Z') && text.startsWith(due.slice(0, 10)) ? text.slice(11, 19) : text.replace('.000Z', 'Z');
}
