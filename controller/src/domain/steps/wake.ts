/**
 * The next moment at which time alone makes a difference. Each part of the domain to which time matters has its line
 * here; the property test "until the moment it asked to be woken at, time alone changes nothing" finds a missing one.
 */
import type { Action } from '../model/actions.ts';
import { partsOf, type PartView, type TaskView } from '../model/view.ts';
import { nextQueueLook } from '../policies/queue.ts';
import { nextAttempt } from '../policies/retry.ts';
import { deadlineOf } from '../policies/timeout-seconds.ts';
import { beyondTtl } from '../policies/ttl-seconds-after-finished.ts';
import { standsStill } from '../queue/idle.ts';
import { agendaOf } from '../schedule/agenda.ts';
import { delayedWrites } from '../status/pacing.ts';
import { nodeWaitEnds } from '../status/node-state.ts';
import { overdueTimes } from '../status/overdue.ts';
import { nextMessageAt } from '../status/task.ts';
import { statusComesUntil } from './adopt-runs.ts';
import { nextStepLooks } from './check-workflow-steps.ts';

/** Times in milliseconds since the epoch; those in the past, and undefined, do not count. */
type Alarm = (view: TaskView, now: Date) => readonly (number | undefined)[];

const alarms: readonly Alarm[] = [
  (view, now) => [beyondTtl(view, now).nextAt],
  (view, now) => [nextMessageAt(view, now)],
  (view, now) => [agendaOf(view.state, now)?.next?.getTime()],
  (view, now) => unfinishedParts(view).map((part) => nextAttempt(part, now)?.at),
  (view) => unfinishedParts(view).flatMap((part) => nextQueueLook(part, view.state.cluster.queueing)),
  delayedWrites,
  overdueTimes,
  nodeWaitEnds,
  flowDeadlines,
  nextStepLooks,
  refusalRetries,
  cutRetries,
  ({ state }) => state.cluster.orphans.map(statusComesUntil),
  ({ state }) => [state.memory.markAt],
  ({ state }) => [...state.memory.setbacks.values()].flatMap(({ retryAt, undoneUntil }) => [retryAt, undoneUntil]),
];

/** @returns a wakeAt for the earliest of these times, if there is any */
export function wake(view: TaskView, now: Date): readonly Action[] {
  const times = alarms.flatMap((alarm) => alarm(view, now)).filter((at) => at !== undefined && at > now.getTime());
  return times.length > 0 ? [{ kind: 'wakeAt', at: Math.min(...(times as number[])) }] : [];
}

function unfinishedParts({ active }: TaskView): readonly PartView[] {
  return active.flatMap(partsOf).filter(({ finished }) => !finished);
}

/** A Job has its own deadline; a flow's is ours to notice. It stands still while all of the flow waits in queues. */
function flowDeadlines({ active }: TaskView, now: Date): readonly (number | undefined)[] {
  const going = active.filter(({ kind, record }) => kind === 'flow' && !standsStill(record.status?.jobs ?? []));
  return going.map((run) => deadlineOf(run, now));
}

function refusalRetries({ state }: TaskView): readonly number[] {
  return state.memory.refusals.filter(({ final }) => !final).map(({ retryAt }) => retryAt);
}

function cutRetries({ state }: TaskView): readonly number[] {
  return [...state.memory.cuts.values()].map(({ retryAt }) => retryAt);
}
