/**
 * When a run that a workflow step asked for may start, and when its Application is asked of the step: KubeVela tells
 * nobody that a workflow was terminated or a step timed out.
 */
import { type Task, velaLabels } from '../../resources/index.ts';
import type { ApplicationRef } from '../model/actions.ts';
import type { RunView, TaskView } from '../model/view.ts';

/** The Application that the Task was rendered for, if it was. */
export function applicationOf({ metadata: { labels = {}, namespace } }: Task): ApplicationRef | undefined {
  const name = labels[velaLabels.application];
  return name ? { name, namespace: labels[velaLabels.applicationNamespace] || namespace } : undefined;
}

/**
 * KubeVela writes down which steps it began only after it carried them out; where that write fails it begins them
 * again, as another session, and asks for another run. KubeVela also makes again what a step applied and somebody
 * deleted, even long after the step has ended. So a run starts once its session is on record.
 */
export function waitsForStep({ name, record: run, began }: RunView, { state }: TaskView): boolean {
  return (
    !began &&
    run.spec.trigger?.step !== undefined &&
    applicationOf(state.task) !== undefined &&
    !state.memory.steps.get(name)?.known
  );
}
