/**
 * Whether a run could have its first Job if it were alone.
 */
import { reasons } from '../model/reasons.ts';
import { runNamed, type TaskState } from '../model/state.ts';
import type { Hold } from '../model/verdict.ts';
import { isGoing, type RunView, type TaskView } from '../model/view.ts';
import { arrangedOf } from '../shape/arrange.ts';
import { tooManyNodes, whyNoNode } from '../shape/nodes.ts';
import { nodeOfRun } from '../shape/same-node.ts';
import { lacksTemplates, missingTemplates, templatesProblem } from '../shape/templates.ts';
import { workspaceProblem } from '../shape/workspace.ts';
import { overridesProblem } from './allowed-overrides.ts';
import { retryProblem } from './retry-of.ts';
import { waitsForStep } from './workflow-step.ts';

/**
 * `ready`: it had its first Job, or other runs alone keep it from that. `waiting`: it waits for something else, such as
 * the end of a suspension. `unsure`: its workflow step may never have existed. `never`: it ends without a Job.
 */
export type Readiness = 'ready' | 'waiting' | 'unsure' | 'never';

export function readinessOf(view: RunView, task: TaskView): Readiness {
  if (view.began) return 'ready';
  if (isEnding(view, task.state) || startProblem(view, task)) return 'never';
  if (waitsForStep(view, task)) return 'unsure';
  // Whether it can start is known once it has copies of its templates.
  const waits = task.state.task.spec.suspend === true || lacksTemplates(view.record) || missingFor(view, task);
  return waits ? 'waiting' : 'ready';
}

/** Whether somebody ends it, whatever other runs do. */
function isEnding(view: RunView, { memory }: TaskState): boolean {
  return view.record.spec.cancel === true || isGoing(view) || memory.steps.get(view.name)?.ended !== undefined;
}

/** Why the run can never start, if so. */
export function startProblem(
  view: RunView,
  { policy, state }: TaskView,
): { readonly reason: string; readonly message: string } | undefined {
  const { record: run } = view;
  const denied = overridesProblem(run.spec, policy);
  if (denied !== undefined) return { reason: reasons.overrideNotAllowed, message: denied };
  const { retryOf, snapshot } = run.spec;
  if (retryOf !== undefined && !snapshot) {
    const before = runNamed(state, retryOf);
    const problem = retryProblem(retryOf, before) ?? `${retryOf} says nothing of what it ran`;
    return { reason: reasons.notRetryable, message: `spec.retryOf: ${problem}` };
  }
  const parameters = templatesProblem(run);
  if (parameters !== undefined) return { reason: reasons.invalidParameters, message: parameters };
  const message = flowProblem(view);
  if (message !== undefined) return { reason: reasons.invalidFlow, message };
  const workspace = workspaceProblem(view, state);
  return workspace === undefined ? undefined : { reason: reasons.notRetryable, message: workspace };
}

function flowProblem(view: RunView): string | undefined {
  if (view.kind !== 'flow') return undefined;
  const tooMany = tooManyNodes(view.steps);
  if (tooMany !== undefined) return tooMany;
  const arranged = arrangedOf(view);
  return 'problem' in arranged ? arranged.problem : undefined;
}

/** What the cluster does not have that the run needs to start. */
export function missingFor(view: RunView, task: TaskView): Hold | undefined {
  return missingTemplate(view, task) ?? missingNode(view, task);
}

function missingTemplate({ record: run }: RunView, { state }: TaskView): Hold | undefined {
  const [name] = missingTemplates(run, state.cluster.templates);
  const message = `there is no TaskTemplate ${name} in namespace ${run.metadata.namespace}; the run starts once there is`;
  return name === undefined ? undefined : { phase: 'Pending', reason: reasons.templateNotFound, message };
}

function missingNode(view: RunView, { state }: TaskView): Hold | undefined {
  const message = noNode(view, state);
  return message === undefined ? undefined : { phase: 'Pending', reason: reasons.noNodeFits, message };
}

function noNode(view: RunView, { cluster: { nodes } }: TaskState): string | undefined {
  const { record: run } = view;
  const { snapshot } = run.spec;
  if (snapshot?.nodes) return view.kind === 'flow' && view.steps.length === 0 ? whyNoNode(snapshot, nodes) : undefined;
  const name = nodeOfRun(run);
  return name === undefined || nodes.some(({ metadata }) => metadata.name === name)
    ? undefined
    : `there is no node ${name}, on which all steps are to run; the run starts once there is`;
}
