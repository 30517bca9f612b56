/**
 * When a run that a workflow step asked for may start, and when its Application is asked of the step: KubeVela tells
 * nobody that a workflow was terminated or a step timed out.
 */
import { velaLabels, type Task } from '../../resources/index.ts';
import type { Action, ApplicationRef } from '../model/actions.ts';
import type { RunView, TaskView } from '../view/classify.ts';

/** Between two looks at a step; the shorter ones are for a step that is not on record yet. */
const lookMilliseconds = { least: 250, most: 5_000 };

/** The Application that the Task was rendered for, if it was. */
export function applicationOf({ metadata: { labels = {}, namespace } }: Task): ApplicationRef | undefined {
  const name = labels[velaLabels.application];
  return name ? { name, namespace: labels[velaLabels.applicationNamespace] || namespace } : undefined;
}

/**
 * KubeVela writes down which steps it began only after it carried them out; where that write fails it begins them
 * again, as another session, and asks for another run. And what a step applied and somebody deleted it makes again, be
 * the step long over. So a run starts once its session is on record.
 */
export function waitsForStep({ name, run, attempt }: RunView, { state }: TaskView): boolean {
  return (
    attempt === undefined &&
    run.spec.trigger?.step !== undefined &&
    applicationOf(state.task) !== undefined &&
    !state.steps.get(name)?.known
  );
}

/** @returns a look at each step whose time has come */
export function checkSteps(view: TaskView, now: Date): readonly Action[] {
  const application = applicationOf(view.state.task);
  if (!application) return [];
  return view.active.flatMap((run): readonly Action[] => {
    const step = run.run.spec.trigger?.step;
    if (!step || lookAt(run, view) > now.getTime()) return [];
    return [{ kind: 'checkStep', run: run.name, application, step }];
  });
}

/** @returns when to look at the steps of active runs, in milliseconds since the epoch */
export function nextStepLooks(view: TaskView): readonly number[] {
  if (!applicationOf(view.state.task)) return [];
  return view.active.filter(({ run }) => run.spec.trigger?.step).map((run) => lookAt(run, view));
}

/** At once, soon again while the step is not on record, and then now and then. */
function lookAt({ name, run }: RunView, { state }: TaskView): number {
  const { least, most } = lookMilliseconds;
  const last = state.steps.get(name);
  if (last === undefined) return 0;
  if (last.known) return last.at + most;
  const age = last.at - Date.parse(run.metadata.creationTimestamp);
  return last.at + Math.min(Math.max(age / 2, least), most);
}
