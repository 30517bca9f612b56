/**
 * Asks the API server about Jobs long before their turn: those of a Task that no deployment starts, that is suspended
 * or waits, and those of a flow's later steps. What it would refuse is then known as soon as it is deployed, and not
 * from the first run, at night. A TaskTemplate that changes makes other Jobs.
 */
import type { Task } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { jobManifest, jobName } from '../manifest/job.ts';
import { snapshotOf } from '../manifest/snapshot.ts';
import { stepJobManifest } from '../manifest/step-job.ts';
import { unmakeable } from '../manifest/unmakeable.ts';
import type { Action, ActionOf, TriedJob } from '../model/actions.ts';
import type { FlowStep } from '../model/flow.ts';
import { isSuperseded } from '../model/trigger.ts';
import { partsOf, type RunView, type TaskView } from '../model/view.ts';
import { templatesProblem, withTemplates } from '../shape/templates.ts';
import { newClaimName } from '../shape/workspace.ts';
import { isSame, nextRun, reportedContent, testedContent } from '../status/job-problem.ts';
import { isOfThisVersion } from '../view/classify.ts';
import { viewFlow } from '../view/flow-run.ts';
import { nothing } from '../view/part.ts';

/** A flow with more steps has its first ones tested; the API server says of the others when their turn comes. */
const mostTried = 100;

export function tryJobs(view: TaskView): readonly Action[] {
  const { task, memory, cluster } = view.state;
  const content = testedContent(task, cluster.templates);
  if (isSame(content, reportedContent(task)) || isSame(content, memory.trial)) return [];
  if (content.templates === undefined && isTried(view)) return [];
  const asked = askedOf(view);
  return asked.jobs.length > 0 || asked.problem ? [{ kind: 'tryJobs', ...content, ...asked }] : [];
}

/** What goes wrong here stops nothing else of the Task. */
function askedOf(view: TaskView): Pick<ActionOf<'tryJobs'>, 'jobs' | 'problem'> {
  try {
    return { jobs: jobsOf(view) };
  } catch (error) {
    return { jobs: [], problem: unmakeable('each run', error) };
  }
}

/**
 * Whether the version's own run asks for its Job now, or has, or one with the same content has succeeded. They may have
 * had other templates.
 */
function isTried(view: TaskView): boolean {
  const { task, memory } = view.state;
  if (memory.refusals.some(({ object }) => object === 'TaskRun') || isOfGoneRun(view)) return true;
  if (task.spec.steps === undefined && view.runs.some((run) => asks(run, task))) return true;
  const { hash } = snapshotOf(task);
  return view.runs.some(({ phase, record }) => phase === 'Succeeded' && record.spec.snapshot?.hash === hash);
}

/** Whether the run is of this version and asked for its Job, or is to as soon as its workflow step waits for it. */
function asks(run: RunView, task: Task): boolean {
  const isUnderWay = run.began || run.finished || partsOf(run).some(({ refusal }) => refusal !== undefined);
  return (
    !isSuperseded(run.record) &&
    isOfThisVersion(run, task) &&
    (isUnderWay || run.record.spec.trigger?.step !== undefined)
  );
}

/** Whether the run that answered this version, maybe for an earlier Task of the name, is no longer on record. */
function isOfGoneRun({ state: { task }, runs, answered }: TaskView): boolean {
  if (answered?.run === undefined || runs.some(({ name }) => name === answered.run)) return false;
  return answered.generation === 0 || answered.generation === task.metadata.generation;
}

/** None where a template does not fit: no Job is made of it. Items and nodes fill in a program's words alone. */
function jobsOf({ state }: TaskView): readonly TriedJob[] {
  const { task, cluster } = state;
  const bare = nextRun(task, cluster.templates);
  if (templatesProblem(bare) !== undefined) return [];
  const run = withTemplates(bare);
  const { steps, template, templateRef } = run.spec.snapshot ?? {};
  if (!steps) {
    const job = template && jobManifest(run, { name: jobName(run, 0), attempt: 0 });
    return job ? [compact({ template: templateRef?.name, job })] : [];
  }
  const tried = steps.filter((step) => step.template !== undefined).slice(0, mostTried) as readonly FlowStep[];
  const flow = viewFlow(run, tried, nothing);
  const claimName = newClaimName(run, state);
  return flow.parts.map((part) =>
    compact({
      step: part.step.name,
      template: steps.find(({ name }) => name === part.step.name)?.templateRef?.name,
      job: stepJobManifest(flow, part, { name: jobName(part.record, 0), attempt: 0, claimName }),
    }),
  );
}
