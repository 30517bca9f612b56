/**
 * Why a run of this version could not have its Job, as far as that is known before any run asks for it.
 */
import type { Task, TaskRun } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { memoLatest } from '../lang/memo.ts';
import { runLabels } from '../manifest/meta.ts';
import { snapshotOf } from '../manifest/snapshot.ts';
import type { Problem, Trial } from '../model/memory.ts';
import { reasons } from '../model/reasons.ts';
import type { Templates } from '../model/state.ts';
import type { TaskView } from '../model/view.ts';
import { componentName } from '../policies/name-suffix.ts';
import { copiesOf, templateNames, templatesHash, templatesProblem } from '../shape/templates.ts';
import { isOfThisVersion } from '../view/classify.ts';
import { isUndecided } from './undecided.ts';

/** The condition that is False where there is such a reason. */
export const validType = 'Valid';

/** What its templates lack, or what the API server answered when it was asked about the Job. */
export function jobProblem(view: TaskView): Problem | undefined {
  const { task } = view.state;
  if (templateNames(task.spec).length > 0) return templateProblem(view) ?? answer(view);
  const ran = view.runs.some((run) => run.phase === 'Succeeded' && isOfThisVersion(run, task));
  return ran ? undefined : answer(view);
}

/** A controller that just started knows the answer from the status, unless a template has changed since. */
function answer({ state: { task, memory, cluster } }: TaskView): Problem | undefined {
  const tested = testedContent(task, cluster.templates);
  if (memory.trial && isSame(tested, memory.trial)) return memory.trial.problem;
  if (!isSame(tested, reportedContent(task))) return undefined;
  const { conditions = [] } = task.status ?? {};
  const known = conditions.find(({ type }) => type === validType);
  return known && { reason: known.reason, message: known.message };
}

/** A version of the Task and its templates, as the API server was asked about them or is to be. */
export type TestedContent = Pick<Trial, 'generation' | 'templates'>;

export const testedContent = (task: Task, templates: Templates): TestedContent =>
  compact({ generation: task.metadata.generation ?? 0, templates: templatesHash(task, templates) });

/** What the answer in the Task's status is about; undefined where nobody may have asked, as deciding failed. */
export function reportedContent(task: Task): TestedContent | undefined {
  if (isUndecided(task)) return undefined;
  const { observedGeneration = 0, observedTemplates } = task.status ?? {};
  return compact({ generation: observedGeneration, templates: observedTemplates });
}

export const isSame = (one: TestedContent, other: TestedContent | undefined): boolean =>
  one.generation === other?.generation && one.templates === other.templates;

/** Why the Task's templates make no Job. A run that waits for one says so itself. */
function templateProblem({ state: { task, cluster }, active }: TaskView): Problem | undefined {
  const names = templateNames(task.spec);
  const missing = names.find((name) => !cluster.templates.has(name));
  if (missing !== undefined) {
    if (active.some(({ record }) => record.status?.reason === reasons.templateNotFound)) return undefined;
    const { namespace } = task.metadata;
    const message = `there is no TaskTemplate ${missing} in namespace ${namespace}: a run would wait for it`;
    return { reason: reasons.templateNotFound, message };
  }
  const message = parametersProblem(task, cluster.templates);
  return message === undefined ? undefined : { reason: reasons.invalidParameters, message };
}

/** Remembered, because one decision asks several times. */
const parametersProblem = memoLatest((task: Task, templates: Templates) => templatesProblem(nextRun(task, templates)));

/** A run of the Task as it is, with those of its templates that exist. It is never created, and has the Task's UID. */
export function nextRun(task: Task, templates: Templates): TaskRun {
  const { name, namespace, uid, creationTimestamp } = task.metadata;
  const copies = copiesOf(templateNames(task.spec), templates) as NonNullable<TaskRun['spec']['templates']>;
  return {
    metadata: { name: componentName(task), namespace, uid, creationTimestamp, labels: runLabels(task) },
    spec: { taskRef: { name, uid }, snapshot: snapshotOf(task), templates: copies },
  };
}
