/**
 * The next moment at which time alone makes a difference.
 */
import type { Action } from '../model/actions.ts';
import { partsOf, type TaskView } from '../model/view.ts';
import { nextQueueLook } from '../policies/queue.ts';
import { nextAttempt } from '../policies/retry.ts';
import { deadlineOf } from '../policies/timeout-seconds.ts';
import { beyondTtl } from '../policies/ttl-seconds-after-finished.ts';
import { standsStill } from '../queue/idle.ts';
import { agendaOf } from '../schedule/agenda.ts';
import { settleTimes } from '../status/pacing.ts';
import { nextMessageAt } from '../status/task.ts';
import { nextStepLooks } from './check-workflow-steps.ts';

/** The next moment at which time alone makes a difference. */
export function wake(view: TaskView, now: Date): readonly Action[] {
  const times = [
    beyondTtl(view, now).nextAt,
    nextMessageAt(view, now),
    ...settleTimes(view, now),
    agendaOf(view.state, now)?.next?.getTime(),
    ...view.active.flatMap(partsOf).map((part) => (part.finished ? undefined : nextAttempt(part, now)?.at)),
    ...view.active.map((run) =>
      run.flow && !standsStill(run.run.status?.jobs ?? []) ? deadlineOf(run, now) : undefined,
    ),
    ...view.active.flatMap(partsOf).flatMap((part) => nextQueueLook(part, view.state.queueing)),
    ...nextStepLooks(view),
    ...view.state.refusals.filter(({ final }) => !final).map(({ retryAt }) => retryAt),
  ].filter((at) => at !== undefined && at > now.getTime());
  return times.length > 0 ? [{ kind: 'wakeAt', at: Math.min(...(times as number[])) }] : [];
}
