/**
 * queue: the queue of Kueue's that each Job of a run waits in for itself. A Job is created suspended and with the
 * queue's label, so that it waits whether Kueue's webhook is there or not; from then on it is Kueue's to start, to
 * suspend and to start again. Whatever ends the waiting finally (queueTimeoutSeconds, or Kueue that gives up) fails
 * what waits, for nothing would ever start it.
 */
import { formatDuration } from '../lang/duration.ts';
import { type Queueing, waitsInQueue, type Workload } from '../model/kueue.ts';
import { type Job, type JobCondition, trueCondition } from '../model/objects.ts';
import { reasons } from '../model/reasons.ts';
import type { Verdict } from '../model/verdict.ts';
import type { PartView } from '../model/view.ts';
import { type Place, simplyWaits, type Waiting, wordsOf } from '../queue/words.ts';
import { queueDeadlineOf } from './queue-timeout-seconds.ts';

/** Kueue makes a Workload within a fraction of a second. */
const patienceMilliseconds = 10_000;
/** It starts what it has admitted as fast, but hundreds at once only as fast as it may write. */
const startPatienceMilliseconds = 60_000;

/** What the status says about a Job that waits; Failed, without a time, where it waits no further. */
export function queueVerdict(view: PartView, job: Job, queueing: Queueing, now: Date): Verdict {
  const waiting = whyWaiting(view, job, queueing, now);
  if ('gaveUp' in waiting) return { phase: 'Failed', ...waiting.gaveUp };
  const deadline = queueDeadlineOf(view, job);
  if (deadline === undefined || deadline > now.getTime()) return { phase: 'Queued', ...waiting };
  const { queueTimeoutSeconds = 0 } = view.record.spec.snapshot ?? {};
  const time = formatDuration(queueTimeoutSeconds * 1000);
  const what = waiting.reason === reasons.notStarted ? 'started' : 'admitted';
  return {
    phase: 'Failed',
    reason: reasons.queueTimeout,
    message: `was not ${what} within ${time} (queueTimeoutSeconds: ${queueTimeoutSeconds}): ${waiting.message}`,
  };
}

/** When time alone makes a difference to a Job that waits, in milliseconds since the epoch. */
export function nextQueueLook(view: PartView, { workloads }: Queueing): readonly number[] {
  const { job } = view;
  if (!job || !view.jobExists || view.finished || !waitsInQueue(job)) return [];
  const deadline = queueDeadlineOf(view, job);
  const workload = workloads.get(job.metadata.uid);
  return [deadline, workload ? startsBy(workload) : takenUpBy(job)].filter((at) => at !== undefined);
}

function whyWaiting(view: PartView, job: Job, queueing: Queueing, now: Date): Waiting | { readonly gaveUp: Waiting } {
  const { installed, workloads, clusterQueues } = queueing;
  const {
    queue = '',
    metadata: { namespace, uid },
  } = job;
  if (installed === false)
    return {
      reason: reasons.kueueNotInstalled,
      message: `queue ${queue}: Kueue is not installed in this cluster, so nothing admits the run; install it, or take queue out of the Application and deploy it again`,
    };
  const workload = workloads.get(uid);
  if (!workload) return notTakenUp(view, job, queueing, now);
  const over = trueCondition(workload, 'Finished');
  if (over) return gaveUp(over);
  if (!workload.active) return deactivated(view, workload, queue);
  const place: Place = { queue, namespace, clusterQueue: clusterQueues.get(queue) };
  const starts = startsBy(workload);
  if (starts === undefined) return wordsOf(workload, place);
  return now.getTime() < starts ? (onRecord(view) ?? wordsOf(workload, place)) : notStarted(job);
}

/** When a Workload that is admitted should have been seen to start; undefined for any other. */
function startsBy(workload: Workload): number | undefined {
  const { lastTransitionTime } = trueCondition(workload, 'Admitted') ?? {};
  return lastTransitionTime === undefined || trueCondition(workload, 'Evicted')
    ? undefined
    : Date.parse(lastTransitionTime) + startPatienceMilliseconds;
}

/** Kueue tries again for ever, and its own log alone has why it may not. */
function notStarted({ metadata }: Job): Waiting {
  return {
    reason: reasons.notStarted,
    message: `is admitted, and Kueue has not started Job ${metadata.name}: see Kueue's log, and whether the addon's parameter queueControllers names its account`,
  };
}

/** What is about to start is reported when it has started: no write comes in between. */
function onRecord({ record: run, job }: PartView): Waiting | undefined {
  const row = run.status?.jobs?.find(({ uid }) => uid === job?.metadata.uid);
  const { phase, reason, message } = run.status ?? {};
  return row?.phase === 'Queued' && phase === 'Queued' && reason !== undefined && message !== undefined
    ? { reason, message }
    : undefined;
}

/** A Job that Kueue has not made a Workload for yet. */
function notTakenUp(
  { record: run }: PartView,
  job: Job,
  { installed, forbidden, priorityClasses }: Queueing,
  now: Date,
): Waiting {
  const { queue = '' } = job;
  const { priorityClass } = run.spec.snapshot?.queue ?? {};
  if (installed === true && priorityClass !== undefined && !priorityClasses.has(priorityClass)) {
    return {
      reason: reasons.priorityClassNotFound,
      message: `there is no WorkloadPriorityClass ${priorityClass}, without which Kueue does not queue the run: create it, or name another one in queue.priorityClass`,
    };
  }
  if (installed === true && takenUpBy(job) <= now.getTime()) {
    return {
      reason: reasons.noWorkload,
      message: `Kueue has not taken Job ${job.metadata.name} up: see whether its controller runs, and manages batch/job in namespace ${job.metadata.namespace}`,
    };
  }
  const waits = simplyWaits(queue);
  if (forbidden === undefined) return waits;
  return {
    ...waits,
    message: `${waits.message}; what for is not known, for the controller may not list ${forbidden}: give it the ClusterRole that comes with the addon`,
  };
}

function takenUpBy({ metadata }: Job): number {
  return Date.parse(metadata.creationTimestamp) + patienceMilliseconds;
}

/** How Kueue's own reasons begin. */
const deactivatedDueTo = `${reasons.deactivated}DueTo`;

/**
 * What a person deactivated a person may activate again; Kueue's own reasons, such as
 * DeactivatedDueToRequeuingLimitExceeded, are final.
 */
function deactivated(view: PartView, workload: Workload, queue: string): Waiting | { readonly gaveUp: Waiting } {
  const evicted = trueCondition(workload, 'Evicted');
  if (evicted?.reason?.startsWith(deactivatedDueTo)) return gaveUp(evicted);
  const target = trueCondition(workload, 'DeactivationTarget');
  // Kueue deactivates first and says why right after, unless something else evicted the Job before.
  if (target)
    return evicted
      ? gaveUp({ ...target, reason: `${deactivatedDueTo}${target.reason}` })
      : (onRecord(view) ?? simplyWaits(queue));
  const { name } = workload.metadata;
  return {
    reason: reasons.deactivated,
    message: `Workload ${name} was deactivated: set its spec.active to true to queue the run again, or cancel the run`,
  };
}

function gaveUp({ reason = reasons.deactivated, message = '' }: Pick<JobCondition, 'reason' | 'message'>): {
  readonly gaveUp: Waiting;
} {
  return { gaveUp: { reason, message: `Kueue gave the run up: ${message}` } };
}
