/**
 * Asks the API server about Jobs long before their turn: those of a Task that no deployment starts, that is suspended
 * or waits, and those of a flow's later steps. What it would refuse is then known as soon as it is deployed, and not
 * from the first run, at night.
 */
import type { Task, TaskRun } from '../../resources/index.ts';
import { jobManifest, jobName } from '../manifest/job.ts';
import { runLabels } from '../manifest/meta.ts';
import { snapshotOf } from '../manifest/snapshot.ts';
import { stepJobManifest } from '../manifest/step-job.ts';
import type { Action, TriedJob } from '../model/actions.ts';
import type { FlowStep } from '../model/flow.ts';
import { partsOf, type RunView, type TaskView } from '../model/view.ts';
import { componentName } from '../policies/name-suffix.ts';
import { isOfThisVersion } from '../view/classify.ts';
import { viewFlow } from '../view/flow-run.ts';
import { nothing } from '../view/part.ts';

/** A flow with more steps has its first ones tested; the API server says of the others when their turn comes. */
const mostTried = 100;

export function tryJobs(view: TaskView): readonly Action[] {
  const { task, memory } = view.state;
  const { generation = 0 } = task.metadata;
  if (task.status?.observedGeneration === generation || memory.trial?.generation === generation) return [];
  if (isTried(view)) return [];
  const jobs = jobsOf(task);
  return jobs.length > 0 ? [{ kind: 'tryJobs', generation, jobs }] : [];
}

/** Whether the version's own run asks for its Job now, or has, or one with the same content has succeeded. */
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
  return isOfThisVersion(run, task) && (isUnderWay || run.record.spec.trigger?.step !== undefined);
}

/** Whether the run that answered this version, maybe for an earlier Task of the name, is no longer on record. */
function isOfGoneRun({ state: { task }, runs, answered }: TaskView): boolean {
  if (answered?.run === undefined || runs.some(({ name }) => name === answered.run)) return false;
  return answered.generation === 0 || answered.generation === task.metadata.generation;
}

/** What a TaskTemplate says is known when a run starts. Items and nodes fill in a program's words alone. */
function jobsOf(task: Task): readonly TriedJob[] {
  const run = nextRun(task);
  const { steps, template } = task.spec;
  if (!steps) return template ? [{ job: jobManifest(run, { name: jobName(run, 0), attempt: 0 }) }] : [];
  const tried = steps.filter((step) => step.template !== undefined).slice(0, mostTried) as readonly FlowStep[];
  const flow = viewFlow(run, tried, nothing);
  return flow.parts.map((part) => ({
    step: part.step.name,
    job: stepJobManifest(flow, part, { name: jobName(part.record, 0), attempt: 0 }),
  }));
}

/** A run of the Task as it is. Nothing of it is created, so it has the Task's own UID. */
function nextRun(task: Task): TaskRun {
  const { name, namespace, uid, creationTimestamp } = task.metadata;
  return {
    metadata: { name: componentName(task), namespace, uid, creationTimestamp, labels: runLabels(task) },
    spec: { taskRef: { name, uid }, snapshot: snapshotOf(task) },
  };
}
