import type { Task, TaskRun } from '../../resources/index.ts';
import { type CompletePolicy, policyOf } from '../model/execution-policy.ts';
import { controllerOf } from '../model/objects.ts';
import type { TaskState } from '../model/state.ts';
import { type Answered, answeredBefore, answeredByEarlier, isOfEarlier, lastAnswered } from '../model/trigger.ts';
import type { JobRun, RunView, TaskView } from '../model/view.ts';
import { stepsOf } from '../shape/items.ts';
import { nodeSteps } from '../shape/nodes.ts';
import { lacksTemplates, withTemplates } from '../shape/templates.ts';
import { viewFlow } from './flow-run.ts';
import { type Found, viewPart } from './part.ts';

export function classify(state: TaskState): TaskView {
  const { task, cluster } = state;
  const find = belongings(state);
  const runs = cluster.runs.map((run) => viewRun(run, state, find)).sort(newestFirst(task));
  const known = lastAnswered(task, cluster.runs, state.memory.answered) ?? answeredByEarlier(task, cluster.runs);
  const { mark, anySession } = (known ? undefined : state.memory.before) ?? {};
  const marked = mark && answeredBefore(task, mark, { anySession });
  const answered = known ?? marked;
  const policy = policyOf(state.task);
  const finished = runs.filter((view) => view.finished);
  return {
    state,
    policy,
    answered,
    mark: marked && mark,
    current: currentOf(runs, answered, { task, policy }),
    deployed: currentOf(
      runs.filter(({ record: run }) => run.spec.trigger?.type !== 'Schedule'),
      answered,
      { task, policy },
    ),
    runs,
    active: runs.filter((view) => !view.finished && view.phase !== 'Skipped'),
    finished,
    kept: finished.filter((view) => view.kept),
  };
}

function currentOf(
  runs: readonly RunView[],
  answered: Answered | undefined,
  { task, policy }: { readonly task: Task; readonly policy: CompletePolicy },
): RunView | undefined {
  const asked = runs.find(({ name }) => name === answered?.run);
  const since = policy.trigger === 'Manual' || asked?.phase === 'Skipped' ? 0 : sinceOf(asked, answered);
  const counts = (view: RunView) =>
    view === asked || (isOfEarlier(view.record, task) ? 0 : generationOf(view)) >= since;
  return runs.find((view) => view.phase !== 'Skipped' && counts(view)) ?? asked;
}

/** A change of the Task that asks for no run, such as a suspension, leaves a retry of the last one current. */
function sinceOf(asked: RunView | undefined, answered: Answered | undefined): number {
  return asked ? generationOf(asked) : (answered?.generation ?? 0);
}

function viewRun(bare: TaskRun, state: TaskState, find: (run: TaskRun) => Found): RunView {
  const recorded = withTemplates(bare);
  const run = withKept(recorded);
  const found = find(run);
  if (lacksTemplates(run)) return viewJobRun(run, found);
  const steps = run.spec.snapshot?.nodes ? nodeSteps(recorded, state.cluster.nodes) : stepsOf(run.spec.snapshot);
  return steps ? viewFlow(run, steps, found) : viewJobRun(run, found);
}

/**
 * Finds what belongs to a run, in all that belongs to the Task. Sorted once: a person may ask for thousands of runs,
 * and while one Task is searched for each of them no other Task is decided on.
 */
function belongings({ cluster, memory }: TaskState): (run: TaskRun) => Found {
  const jobs = Map.groupBy(cluster.jobs, (job) => controllerOf(job, 'TaskRun'));
  const deletedJobs = Map.groupBy(memory.deletedJobs, (job) => controllerOf(job, 'TaskRun'));
  const pods = Map.groupBy(cluster.pods, (pod) => controllerOf(pod, 'Job'));
  const podRefusals = Map.groupBy(cluster.podRefusals, ({ jobUid }) => jobUid);
  const refusals = Map.groupBy(memory.refusals, ({ object, run }) => (object === 'TaskRun' ? undefined : run));
  return ({ metadata: { name, uid }, status }) => {
    const own = { jobs: jobs.get(uid) ?? [], deletedJobs: deletedJobs.get(uid) ?? [] };
    const known = [...own.jobs, ...own.deletedJobs].map(({ metadata }) => metadata.uid);
    const jobUids = [...new Set([...known, ...(status?.jobs ?? []).flatMap((row) => row.uid ?? [])])];
    return {
      ...own,
      pods: jobUids.flatMap((job) => pods.get(job) ?? []),
      podRefusals: jobUids.flatMap((job) => podRefusals.get(job) ?? []),
      refusals: refusals.get(name) ?? [],
    };
  };
}

function viewJobRun(run: TaskRun, found: Found): JobRun {
  const part = viewPart(run, run.metadata.name, found);
  return { kind: 'job', began: part.attempt !== undefined, ...part };
}

/** What succeeded in the run that this one is a retry of counts as on record from the start. */
function withKept(run: TaskRun): TaskRun {
  const { status, spec } = run;
  return spec.snapshot?.kept && !status?.jobs ? { ...run, status: { ...status, jobs: spec.snapshot.kept } } : run;
}

/** Whether the run is of the Task as it is now. */
export function isOfThisVersion(run: RunView, task: Task): boolean {
  return !isOfEarlier(run.record, task) && generationOf(run) === (task.metadata.generation ?? 0);
}

/** The generation that the run is of; runs of an earlier Task count those of that Task. */
function generationOf({ record: { spec } }: RunView): number {
  return spec.snapshot?.generation ?? spec.trigger?.generation ?? 0;
}

function newestFirst(task: Task): (a: RunView, b: RunView) => number {
  return (a, b) => {
    const byTask = Number(isOfEarlier(a.record, task)) - Number(isOfEarlier(b.record, task));
    const byGeneration = generationOf(b) - generationOf(a);
    const byAge = Date.parse(b.record.metadata.creationTimestamp) - Date.parse(a.record.metadata.creationTimestamp);
    return (
      byTask || byGeneration || byAge || compareText(scheduledTime(b), scheduledTime(a)) || compareText(b.name, a.name)
    );
  };
}

function scheduledTime({ record: run }: RunView): string {
  return run.spec.trigger?.scheduledTime ?? '';
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
