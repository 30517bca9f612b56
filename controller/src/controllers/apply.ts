/**
 * Carries out what `decide` returned: one handler an action kind. The process may die at each API call; the result of a
 * call is found again by the object's deterministic name and its owner's UID.
 */
import { tasks, type TaskObject } from '../cluster/resource-types.ts';
import { type Action, type ActionKind, actionKey, type ActionOf } from '../domain/model/actions.ts';
import { eventReasons } from '../domain/model/events.ts';
import { reportedFailures } from '../domain/model/memory.ts';
import { isAboutObject } from '../kube/api-error.ts';
import { adoptRun, fillTemplates } from './apply/adopt-run.ts';
import type { ApplyContext, Result } from './apply/context.ts';
import { createClaim, createJob, createRun, refuseJob } from './apply/create.ts';
import { deleteClaim, deleteJob, deleteRun } from './apply/delete.ts';
import { checkJob, checkStep, readTermination, tryJobs } from './apply/look.ts';
import { keepName } from './apply/keep-name.ts';
import { mark } from './apply/mark.ts';
import { event, nudge, writeRunStatus, writeTaskStatus } from './apply/report.ts';

type Handlers = { readonly [K in ActionKind]: (action: ActionOf<K>, context: ApplyContext) => Promise<Result> };

const handlers: Handlers = {
  adoptRun,
  fillTemplates,
  createRun,
  createJob,
  refuseJob,
  createClaim,
  deleteClaim,
  tryJobs,
  checkJob,
  readTermination,
  checkStep,
  writeRunStatus,
  deleteJob,
  deleteRun,
  writeTaskStatus,
  event,
  nudge,
  keepName,
  mark,
  expectLook: ({ value }, { memory }) => {
    memory.nudged = value;
    return Promise.resolve('done');
  },
  wakeAt: () => Promise.resolve('done'),
};

/**
 * Applies the actions in order, up to the first one after which the rest no longer fits, or until the Task changes: a
 * new deployment starts before the records of earlier runs are written. One that fails because of its object is put
 * off, and its events are left out; the others go on.
 * @throws ApiError when the API server could not be reached; nothing is lost, decide again later
 */
export async function applyActions(actions: readonly Action[], context: ApplyContext): Promise<void> {
  let isSetBack = false;
  for (const [index, action] of actions.entries()) {
    if (index > 0 && isOvertaken(action, context)) return;
    if (isSetBack && action.kind === 'event') continue;
    isSetBack = false;
    const handle = handlers[action.kind] as (action: Action, context: ApplyContext) => Promise<Result>;
    try {
      if ((await handle(action, context)) === 'stop') return;
      context.memory.overcome(actionKey(action));
    } catch (error) {
      if (!isAboutObject(error)) throw error;
      isSetBack = true;
      setBack(action, error.message, context);
      // A run of a later trigger would make this one look answered.
      if (action.kind === 'createRun') return;
    }
  }
}

/**
 * Whether the Task has changed since the actions were decided, before a record that can wait. An event cannot: it
 * belongs to the record before it, and is recorded once.
 */
function isOvertaken({ kind }: Action, { caches, task }: ApplyContext): boolean {
  if (kind !== 'writeRunStatus') return false;
  const { generation = 0 } = caches.tasks.cache.byUid(task.metadata.uid)?.metadata ?? {};
  return generation > (task.metadata.generation ?? 0);
}

/** Puts the action off. The Task has an event once it has failed several times in a row. */
export function setBack(action: Action, message: string, context: ApplyContext, isUndone = false): void {
  const { memory, log, recorder, task, now } = context;
  const failures = memory.setBack(actionKey(action), message, now(), isUndone);
  log.warn({ action: actionKey(action), failures, message }, 'put off');
  if (failures !== reportedFailures) return;
  const occurrence = { type: 'Warning', reason: eventReasons.writeRefused, message } as const;
  recorder.record(tasks, { metadata: task.metadata } as TaskObject, occurrence);
}
