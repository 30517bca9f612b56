/**
 * Carries out what `decide` returned: one handler an action kind. The process may die at each API call; the result of a
 * call is found again by the object's deterministic name and its owner's UID.
 */
import type { Action, ActionKind, ActionOf } from '../domain/model/actions.ts';
import { adoptRun, fillTemplates } from './apply/adopt-run.ts';
import type { ApplyContext, Result } from './apply/context.ts';
import { createClaim, createJob, createRun } from './apply/create.ts';
import { deleteClaim, deleteJob, deleteRun } from './apply/delete.ts';
import { checkJob, checkStep, readTermination } from './apply/look.ts';
import { event, nudge, writeRunStatus, writeTaskStatus } from './apply/report.ts';

type Handlers = { readonly [K in ActionKind]: (action: ActionOf<K>, context: ApplyContext) => Promise<Result> };

const handlers: Handlers = {
  adoptRun,
  fillTemplates,
  createRun,
  createJob,
  createClaim,
  deleteClaim,
  checkJob,
  readTermination,
  checkStep,
  writeRunStatus,
  deleteJob,
  deleteRun,
  writeTaskStatus,
  event,
  nudge,
  expectLook: ({ value }, { memory }) => {
    memory.nudged = value;
    return Promise.resolve('done');
  },
  wakeAt: () => Promise.resolve('done'),
};

/**
 * Applies the actions in order, up to the first one after which the rest no longer fits.
 * @throws ApiError when the API server could not be reached; nothing is lost, decide again later
 */
export async function applyActions(actions: readonly Action[], context: ApplyContext): Promise<void> {
  for (const action of actions) {
    const handle = handlers[action.kind] as (action: Action, context: ApplyContext) => Promise<Result>;
    if ((await handle(action, context)) === 'stop') return;
  }
}
