/**
 * Predicts what happens to a Task: runs the controller's own `decide` in memory until it settles, and then once more as
 * if everything that started had succeeded. Pure: the same state and time give the same forecast.
 */
import type { Action } from '../domain/model/actions.ts';
import { classify } from '../domain/view/classify.ts';
import { compact } from '../domain/lang/compact.ts';
import { isFinished } from '../domain/model/phase.ts';
import { replacingRun } from '../domain/policies/concurrency-policy.ts';
import { runNames } from '../domain/policies/name-suffix.ts';
import { replacementOf } from '../domain/policies/unique.ts';
import { formatScheduledTime, isScheduleError, nextTimes, parseSchedule } from '../domain/schedule/cron.ts';
import { reasons } from '../domain/model/reasons.ts';
import { runStatus } from '../domain/status/run.ts';
import { type TaskState, withCluster } from '../domain/model/state.ts';
import type { Task, TaskRun, TaskRunStatus } from '../resources/index.ts';
import type { JobPlan, PrunePlan, RunDecision, RunPlan, SchedulePlan, TaskPlan } from './document.ts';
import { MemoryCluster, type OthersNames } from './memory-cluster.ts';
import { dependenciesOf, inOrder, neededSteps, succeedAll } from './success.ts';
import type { RunView, TaskView } from '../domain/model/view.ts';
import { jobName } from '../domain/manifest/job.ts';

export interface Forecast {
  readonly plan: TaskPlan;
  /** When the controller has settled, and nothing has run yet. */
  readonly atRest: TaskState;
  /** When everything that started has succeeded. */
  readonly atEnd: TaskState;
}

const nextTimesShown = 3;

/**
 * @param state the Task as deployed, with everything that existed before
 * @param others names of other owners' objects in the namespace
 */
export function forecast(state: TaskState, now: Date, others: OthersNames): Forecast {
  const cluster = new MemoryCluster(state, now, others);
  const atOnce = cluster.settle();
  const atRest = cluster.state;
  const runs = runPlans(state, atRest, atOnce, now);
  const later = succeedAll(cluster, now);
  const atEnd = cluster.state;
  const everything = new Map(
    [...state.cluster.jobs, ...atRest.cluster.jobs, ...atEnd.cluster.jobs].map((job) => [job.metadata.uid, job]),
  );
  const owners = new Map(
    [...state.cluster.runs, ...atRest.cluster.runs].map((run) => [run.metadata.uid, run.metadata.name]),
  );
  const runOfJob = (uid: string) => owners.get(everything.get(uid)?.metadata.ownerReferences?.[0]?.uid ?? '');
  const prunes = unique([...prunesOf(atOnce, 'Now', runOfJob), ...prunesOf(later, 'Later', runOfJob)]);
  const keptAtEnd = new Set(classify(atEnd).kept.map(({ name }) => name));
  const view = classify(state);
  const plan: TaskPlan = compact({
    name: state.task.metadata.name,
    runs,
    keeps: view.kept.map(({ name }) => name).filter((name) => keptAtEnd.has(name)),
    prunes,
    schedule: schedulePlan(state.task, now),
    suspend: state.task.spec.suspend === true,
    concurrencyPolicy: view.policy.concurrencyPolicy,
  });
  return { plan, atRest, atEnd };
}

/** The runs that are new, that start now, or that another run replaces. */
function runPlans(before: TaskState, after: TaskState, done: readonly Action[], now: Date): readonly RunPlan[] {
  const view = classify(after);
  const unfinished = new Map(
    before.cluster.runs.filter(({ status }) => !isFinished(status?.phase)).map((run) => [run.metadata.uid, run]),
  );
  const known = new Set(before.cluster.runs.map(({ metadata }) => metadata.uid));
  const starting = new Set(done.flatMap((action) => (action.kind === 'createJob' ? [action.run] : [])));
  const replacements = replacementsIn(unfinished, view);
  const plans = view.runs.flatMap((run): readonly RunPlan[] => {
    const isNew = !known.has(run.record.metadata.uid);
    const ends = unfinished.has(run.record.metadata.uid) && run.phase === 'Cancelled';
    if (!isNew && !ends && !starting.has(run.name)) return [];
    return [runPlan(run, { isNew, replaces: replacements.get(run.name) ?? [] }, view, now)];
  });
  return plans.reverse();
}

/**
 * The names of the runs that another one replaces, by the name of that one.
 * @param unfinished the runs that had not ended before, by UID
 */
function replacementsIn(
  unfinished: ReadonlyMap<string, TaskRun>,
  after: TaskView,
): ReadonlyMap<string | undefined, readonly string[]> {
  // Only a run that has not ended is replaced: those that end are looked at as they were.
  const runs = after.state.cluster.runs.map((run) => unfinished.get(run.metadata.uid) ?? run);
  const view = classify(withCluster(after.state, { runs }));
  const replaced = after.runs.filter(
    ({ record: { metadata, status } }) => status?.reason === reasons.replaced && unfinished.has(metadata.uid),
  );
  const by = ({ name }: RunView) => {
    const run = view.runs.find((other) => other.name === name);
    return run && (replacementOf(run, view) ?? replacingRun(run, view))?.name;
  };
  const groups = Map.groupBy(replaced, by);
  return new Map([...groups].map(([name, those]) => [name, those.map((run) => run.name)]));
}

function runPlan(
  run: RunView,
  { isNew, replaces }: Pick<RunPlan, 'isNew' | 'replaces'>,
  view: TaskView,
  now: Date,
): RunPlan {
  const status = runStatus(run, view, now);
  const decision = decisionOf(run, status);
  return compact({
    name: run.name,
    nameIsExact: !isNew || nameIsExact(run, view.state),
    isNew,
    decision,
    trigger: run.record.spec.trigger?.type ?? 'Manual',
    reason: status.reason,
    message:
      status.reason === reasons.noNodeFits && view.state.cluster.nodes.length === 0 ? nodesUnknown : status.message,
    replaces,
    jobs: decision === 'Skipped' || decision === 'Fails' || decision === 'Cancelled' ? [] : jobPlans(run),
  });
}

function decisionOf({ began }: RunView, { phase }: TaskRunStatus): RunDecision {
  if (phase === 'Cancelled') return 'Cancelled';
  if (phase === 'Skipped') return 'Skipped';
  if (phase === 'Failed') return 'Fails';
  if (began) return 'Starts';
  return phase === 'Queued' ? 'Queued' : 'Held';
}

const nodesUnknown = 'it has a Job for each node that fits, but no nodes are known: plan with --live';

/** A UUID, and the hash that is added to a taken name, depend on the Task's UID; a timestamp depends on the minute. */
function nameIsExact({ name, record: run }: RunView, { task }: TaskState): boolean {
  if (run.spec.trigger?.type === 'Schedule') return true;
  const { nameSuffix = 'Revision' } = task.spec.executionPolicy ?? {};
  if (nameSuffix === 'Timestamp') return false;
  return task.metadata.uid !== unknownUid || (nameSuffix === 'Revision' && name === runNames(task, new Date(0))[0]);
}

/** The UID of a Task that the API server has not seen yet. */
export const unknownUid = 'unknown';

function jobPlans(run: RunView): readonly JobPlan[] {
  if (run.kind === 'job')
    return [
      compact({
        name: run.job?.metadata.name ?? jobName(run.record, 0),
        starts: run.attempt === undefined ? ('Later' as const) : ('Now' as const),
        queue: run.record.spec.snapshot?.queue,
      }),
    ];
  const needed = neededSteps(run);
  const dependencies = dependenciesOf(run);
  return inOrder(run).map((view): JobPlan => {
    const { name } = view.step;
    const after = dependencies.get(name) ?? [];
    const starts =
      view.attempt !== undefined ? ('Now' as const) : needed.has(name) ? ('Later' as const) : ('OnFailure' as const);
    return compact({
      name: view.job?.metadata.name ?? jobName(view.record, 0),
      step: name,
      starts,
      after: after.length > 0 ? after : undefined,
      queue: view.record.spec.snapshot?.queue,
    });
  });
}

function prunesOf(
  actions: readonly Action[],
  when: PrunePlan['when'],
  runOfJob: (uid: string) => string | undefined,
): readonly PrunePlan[] {
  return actions.flatMap((action): readonly PrunePlan[] => {
    if (action.kind === 'deleteRun') return [{ run: action.name, what: 'TaskRun', when, because: action.because }];
    const run = action.kind === 'deleteJob' ? runOfJob(action.uid) : undefined;
    return action.kind === 'deleteJob' && run !== undefined
      ? [{ run, what: 'Job', when, because: action.because }]
      : [];
  });
}

/** A run may have many Jobs. */
function unique(prunes: readonly PrunePlan[]): readonly PrunePlan[] {
  return [
    ...new Map(prunes.map((prune) => [`${prune.what}/${prune.run}`, prune] as const).reverse()).values(),
  ].reverse();
}

function schedulePlan({ spec }: Task, now: Date): SchedulePlan | undefined {
  if (!spec.schedule) return undefined;
  const { crons, timeZone = 'UTC' } = spec.schedule;
  const schedule = parseSchedule(spec.schedule);
  if (isScheduleError(schedule) || spec.suspend === true) return { crons, timeZone, nextTimes: [] };
  const times = nextTimes(schedule, now, nextTimesShown).map((time) => formatScheduledTime(time, schedule));
  return { crons, timeZone, nextTimes: times };
}
