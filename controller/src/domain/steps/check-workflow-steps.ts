/**
 * Looks at the workflow steps that runs belong to.
 */
import type { Action } from '../model/actions.ts';
import type { RunView, TaskView } from '../model/view.ts';
import { applicationOf } from '../policies/workflow-step.ts';

/** Between two looks at a step; the shorter ones are for a step that is not on record yet. */
const lookMilliseconds = { least: 250, most: 5_000 };

/** @returns a look at each step whose time has come */
export function checkWorkflowSteps(view: TaskView, now: Date): readonly Action[] {
  const application = applicationOf(view.state.task);
  if (!application) return [];
  return view.active.flatMap((run): readonly Action[] => {
    const step = run.record.spec.trigger?.step;
    if (!step || lookAt(run, view) > now.getTime()) return [];
    return [{ kind: 'checkStep', run: run.name, application, step }];
  });
}

/** @returns when to look at the steps of active runs, in milliseconds since the epoch */
export function nextStepLooks(view: TaskView): readonly number[] {
  if (!applicationOf(view.state.task)) return [];
  return view.active.filter(({ record: run }) => run.spec.trigger?.step).map((run) => lookAt(run, view));
}

/** At once, soon again while the step is not on record, and then now and then. */
function lookAt({ name, record: run }: RunView, { state }: TaskView): number {
  const { least, most } = lookMilliseconds;
  const last = state.memory.steps.get(name);
  if (last === undefined) return 0;
  if (last.known) return last.at + most;
  const age = last.at - Date.parse(run.metadata.creationTimestamp);
  return last.at + Math.min(Math.max(age / 2, least), most);
}
