/**
 * What to do about one Task: the only place where that is decided. Pure: the same state and time give the same actions.
 */
import type { Action } from './model/actions.ts';
import { type TaskState, withoutPutOff } from './model/state.ts';
import type { TaskView } from './model/view.ts';
import { isUndecided } from './status/undecided.ts';
import { adoptRuns } from './steps/adopt-runs.ts';
import { checkWorkflowSteps } from './steps/check-workflow-steps.ts';
import { createJobs } from './steps/create-jobs.ts';
import { createRuns } from './steps/create-runs.ts';
import { endOrphans } from './steps/end-orphans.ts';
import { endRuns } from './steps/end-runs.ts';
import { endSteps } from './steps/end-steps.ts';
import { fillTemplates } from './steps/fill-templates.ts';
import { keepName } from './steps/keep-name.ts';
import { mark } from './steps/mark.ts';
import { nudge } from './steps/nudge.ts';
import { prune } from './steps/prune.ts';
import { readOutputs } from './steps/read-outputs.ts';
import { recordOutcomes } from './steps/record-outcomes.ts';
import { report } from './steps/report.ts';
import { tryJobs } from './steps/try-jobs.ts';
import { wake } from './steps/wake.ts';
import { classify } from './view/classify.ts';

type Step = (view: TaskView, now: Date) => readonly Action[];

/** In order: each waits until those before it have nothing left to do. */
const steps: readonly Step[] = [
  adoptRuns,
  createRuns,
  fillTemplates,
  endSteps,
  createJobs,
  readOutputs,
  recordOutcomes,
  endRuns,
  prune,
  tryJobs,
  report,
  keepName,
  mark,
  nudge,
  checkWorkflowSteps,
  wake,
];

/**
 * A Task that is being deleted starts nothing. A finalizer may keep it for long: what goes on until then ends on
 * record, and what was cancelled ends.
 */
const lastSteps: readonly Step[] = [endSteps, readOutputs, recordOutcomes, endRuns, endOrphans, report, wake];

/**
 * @returns the actions of the first step that has any that are not put off, in order. Whoever applies them decides
 * again afterwards, until nothing is returned but `wakeAt`; where that is the last of several actions, once other Tasks
 * had their turn. A settled Task returns nothing at all.
 */
export function decide(state: TaskState, now: Date): readonly Action[] {
  const view = classify(state);
  const inOrder = state.task.metadata.deletionTimestamp === undefined ? steps : lastSteps;
  for (const [index, step] of inOrder.entries()) {
    const actions = withoutPutOff(step(view, now), state, now);
    if (actions.length === 0) continue;
    mustGoOn(actions, inOrder.slice(index + 1), state, now);
    return actions;
  }
  return [];
}

/** Throws where a later step does: else the status that says so and the usual one would be written by turns. */
function mustGoOn([first]: readonly Action[], later: readonly Step[], state: TaskState, now: Date): void {
  if (first?.kind !== 'writeTaskStatus' || !isUndecided(state.task)) return;
  const written = classify({ ...state, task: { ...state.task, status: first.status } });
  for (const step of later) step(written, now);
}
