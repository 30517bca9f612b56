/**
 * Holds what was changed in a cluster against what the addon promises. It reads the API server's audit log, not the
 * controller's words, and knows nothing of what was done to the controller meanwhile.
 */
import type { Job } from 'kubernetes-types/batch/v1.js';
import type { TaskObject, TaskRunObject } from '../../controller/src/cluster/resource-types.ts';
import { isFinished } from '../../controller/src/domain/model/phase.ts';
import { controllerUid, type KubeObject } from '../../controller/src/kube/objects.ts';
import { labels, type RunTrigger } from '../../controller/src/resources/index.ts';
import { kueueUser } from '../support/kueue/api.ts';
import type { Change } from './audit.ts';
import { bookOf, bornAt, firstOf, lastOf, ownedBy, type Book, type Life } from './book.ts';

export interface Finding {
  /** The promise that was broken. */
  readonly rule: string;
  readonly namespace: string;
  readonly what: string;
}

export interface Case {
  readonly changes: readonly Change[];
  /** The user whom the controller is. */
  readonly controller: string;
  /** From when on nothing was asked and nothing disturbed any more: milliseconds since 1970. */
  readonly restsFrom: number;
}

interface Court extends Case {
  readonly book: Book;
}

type Rule = (court: Court) => Iterable<Pick<Finding, 'namespace' | 'what'>>;

const rules: Readonly<Record<string, Rule>> = {
  'each deployment has one run, or is on record as superseded': deployments,
  'each time of a schedule has at most one run': scheduledTimes,
  'a run has a Job once for each attempt of each step': attempts,
  'nobody but Kubernetes and Kueue changes a Job': patchedJobs,
  'a Job is deleted only after its outcome is on record': earlyDeletions,
  'a run that has finished stays as it finished': changedOutcomes,
  'a run that has finished starts nothing': lateJobs,
  'runs of a Task follow one another unless concurrencyPolicy is Allow': overlaps,
  'a run is forgotten only after it has finished': earlyForgotten,
  'what a run runs does not change': changedSnapshots,
  'every run ends': unfinished,
  'a Task reports what became of its newest version': unreported,
  'nothing is written at rest': writesAtRest,
};

/** All rules that were broken; empty where every promise was kept. */
export function judge(given: Case): readonly Finding[] {
  const court: Court = { ...given, book: bookOf(given.changes) };
  return Object.entries(rules).flatMap(([rule, findingsOf]) =>
    [...findingsOf(court)].map((finding) => ({ rule, ...finding })),
  );
}

const ownerOf = (object: KubeObject = {}): string => controllerUid(object) ?? '';

function* deployments({ book, controller }: Court) {
  for (const task of book.tasks) {
    const runs = ownedBy(book.runs, task.uid);
    for (const { generation, until, revision } of deploymentsOf(task)) {
      const made = runs.filter((run) => isOf(triggerOf(run), generation, until));
      const own = made.filter((run) => !isForgotten(task, run, generation, controller));
      const records = runs.filter((run) => isSuperseded(triggerOf(run), generation));
      const isLastOfDeleted = task.deleted !== undefined && own.length === 0;
      const wasForgotten = own.length === 0 && made.length > 0;
      if (isAnswered(own, records) || wasForgotten || isLastOfDeleted) continue;
      const record = records.length > 0 ? ', and it is on record as superseded' : '';
      yield {
        namespace: task.namespace,
        what: `${task.name}: ${own.length} runs of ${revision} (generation ${generation})${record}`,
      };
    }
  }
}

/** As long as a call is held back at most, and a decision takes on a busy machine. */
const crossingMs = 5_000;

/**
 * One run, or a record in its place. Both, where a call that an earlier leader had under way reached the API server
 * after the next leader had looked: before its record or after it.
 */
function isAnswered(own: readonly Life<TaskRunObject>[], records: readonly Life<TaskRunObject>[]): boolean {
  const [run] = own;
  if (!run) return records.length > 0;
  return own.length === 1 && records.every((record) => bornAt(record) < bornAt(run) + crossingMs);
}

/**
 * The controller cannot know of a run that a person deleted before its Task's status named its deployment: it answers
 * that deployment again, with a run or a record.
 */
function isForgotten(
  { changes }: Life<TaskObject>,
  { deleted }: Life<TaskRunObject>,
  generation: number,
  controller: string,
): boolean {
  if (!deleted || deleted.user === controller) return false;
  const answered = ({ status }: TaskObject): number => status?.observedTrigger?.generation ?? 0;
  return !changes.some(({ object, until }) => until < deleted.from && answered(object) >= generation);
}

const triggerOf = (run: Life<TaskRunObject>): RunTrigger | undefined => firstOf(run)?.spec.trigger;

function isSuperseded(trigger: RunTrigger | undefined, generation: number): boolean {
  const { generation: last = 0, superseded } = trigger ?? {};
  return generation <= last && generation > last - (superseded?.most ?? 0);
}

/**
 * Whether a trigger is this deployment; a retry of its run carries its generation, too. A run that starts after the
 * Task was suspended or resumed is of that later version.
 */
function isOf(trigger: RunTrigger | undefined, generation: number, until: number): boolean {
  const { type, generation: own = 0, superseded } = trigger ?? {};
  return type === 'Revision' && !superseded && generation <= own && own < until;
}

/**
 * The generations of a Task that carry another trigger than the one before, and may start a run by themselves; each
 * with the generation that carries the next trigger.
 */
function deploymentsOf({ changes }: Life<TaskObject>) {
  const versions = new Map(changes.map(({ object }) => [object.metadata?.generation ?? 0, object.spec]));
  const inOrder = [...versions].sort(([one], [other]) => one - other);
  const triggerAt = (index: number): string => JSON.stringify(inOrder[index]?.[1].trigger);
  const changed = inOrder.filter((_version, index) => index === 0 || triggerAt(index) !== triggerAt(index - 1));
  return changed.flatMap(([generation, spec], index) => {
    const [until = Infinity] = changed[index + 1] ?? [];
    return runsAtDeployment(spec) ? [{ generation, until, revision: spec.trigger?.appRevision ?? '' }] : [];
  });
}

/** With `unique: false` only a deployment that changes what runs does. */
const runsAtDeployment = ({ schedule, executionPolicy = {} }: TaskObject['spec']): boolean =>
  (executionPolicy.trigger ?? (schedule ? 'Manual' : 'Revision')) === 'Revision' && executionPolicy.unique !== false;

function* scheduledTimes({ book, controller }: Court) {
  const seen = new Set<string>();
  for (const run of book.runs) {
    const time = firstOf(run)?.spec.trigger?.scheduledTime;
    if (time === undefined || isForgottenTime(book, run, time, controller)) continue;
    const key = `${ownerOf(firstOf(run))} ${time}`;
    if (seen.has(key)) yield { namespace: run.namespace, what: `${run.name} is another run of ${time}` };
    seen.add(key);
  }
}

/**
 * Nor can the controller know of a run that somebody else deleted before its Task's status named its time: a person, or
 * the garbage collector after a Task that the controller does not know to be deleted yet.
 */
function isForgottenTime({ tasks }: Book, run: Life<TaskRunObject>, time: string, controller: string): boolean {
  const { deleted } = run;
  if (!deleted || deleted.user === controller) return false;
  const task = tasks.find(({ uid }) => uid === ownerOf(firstOf(run)));
  const named = ({ status }: TaskObject): boolean => Date.parse(status?.lastScheduleTime ?? '') >= Date.parse(time);
  return task?.changes.some(({ object, until }) => until < deleted.from && named(object)) !== true;
}

/**
 * The controller cannot know of a Job that somebody deleted before the answer to its creation came, or before a run's
 * status named it: it makes that Job again.
 */
function* attempts({ book }: Court) {
  const seen = new Map<string, string>();
  for (const job of book.jobs) {
    const first = firstOf(job);
    if (job.deleted && !isNamed(book, job)) continue;
    const { [labels.step]: step = '', [labels.attempt]: attempt = '0' } = first?.metadata?.labels ?? {};
    const key = [ownerOf(first), step, attempt].join(' ');
    const other = seen.get(key);
    if (other !== undefined) yield { namespace: job.namespace, what: `${job.name} runs what ${other} ran` };
    seen.set(key, job.name);
  }
}

/** Whether its run's status named a Job before somebody deleted it. */
function isNamed(book: Book, job: Life<Job>): boolean {
  const before = job.deleted?.from ?? Infinity;
  return runOf(book, job)?.changes.some(({ object, from }) => from < before && rowOf(object, job)) === true;
}

const runOf = ({ runs }: Book, job: Life<Job>): Life<TaskRunObject> | undefined =>
  runs.find(({ uid }) => uid === ownerOf(firstOf(job)));

/** What a run's status says of the Job. */
const rowOf = ({ status }: TaskRunObject, { uid }: Life<Job>) => status?.jobs?.find((row) => row.uid === uid);

function* patchedJobs({ changes }: Court) {
  for (const { what, verb, user, code, namespace, name } of changes) {
    if (what !== 'jobs' || code >= 300 || !['update', 'patch'].includes(verb)) continue;
    if (user === kueueUser || user.startsWith('system:serviceaccount:kube-system:')) continue;
    yield { namespace, what: `${user} changed Job ${name}` };
  }
}

function* earlyDeletions({ book, controller }: Court) {
  for (const job of book.jobs) {
    if (job.deleted?.user !== controller) continue;
    const { from } = job.deleted;
    const run = runOf(book, job);
    const recorded = run?.changes.some(
      ({ object, until }) =>
        until <= from && (isFinished(object.status?.phase) || isFinished(rowOf(object, job)?.phase)),
    );
    if (!recorded) yield { namespace: job.namespace, what: `${job.name} was deleted by the controller` };
  }
}

/** The first change that says that a run has finished. */
const finishOf = ({ changes }: Life<TaskRunObject>) => changes.find(({ object }) => isFinished(object.status?.phase));

function* changedOutcomes({ book }: Court) {
  for (const run of book.runs) {
    const finish = finishOf(run);
    if (!finish) continue;
    const phases = new Set(run.changes.slice(run.changes.indexOf(finish)).map(({ object }) => object.status?.phase));
    if (phases.size > 1) yield { namespace: run.namespace, what: `${run.name} became ${[...phases].join(', then ')}` };
  }
}

function* lateJobs({ book }: Court) {
  for (const run of book.runs) {
    const finish = finishOf(run);
    if (!finish) continue;
    for (const job of ownedBy(book.jobs, run.uid)) {
      const made = job.changes[0];
      if (made && made.from > finish.until)
        yield { namespace: run.namespace, what: `${job.name} was made after ${run.name} had finished` };
    }
  }
}

function* overlaps({ book }: Court) {
  for (const task of book.tasks) {
    const allows = task.changes.some(({ object }) => policyOf(object) === 'Allow');
    if (allows) continue;
    const started = ownedBy(book.runs, task.uid)
      .map((run) => ({ run, jobs: ownedBy(book.jobs, run.uid), finish: finishOf(run) }))
      .filter(({ jobs }) => jobs.length > 0);
    for (const one of started) {
      const from = Math.min(...one.jobs.map((job) => job.changes[0]?.from ?? Infinity));
      const beside = started.find(
        (other) =>
          other !== one &&
          Math.min(...other.jobs.map(bornAt)) < from &&
          (other.finish === undefined || other.finish.until > from),
      );
      if (beside) yield { namespace: task.namespace, what: `${one.run.name} started beside ${beside.run.name}` };
    }
  }
}

const policyOf = ({ spec }: TaskObject): string => spec.executionPolicy?.concurrencyPolicy ?? 'Allow';

function* earlyForgotten({ book, controller }: Court) {
  for (const run of book.runs) {
    if (run.deleted?.user !== controller) continue;
    const finish = finishOf(run);
    if (!finish || finish.until > run.deleted.from)
      yield { namespace: run.namespace, what: `${run.name} was deleted before it had finished` };
  }
}

function* changedSnapshots({ book }: Court) {
  for (const run of book.runs) {
    const snapshots = run.changes.flatMap(({ object }) => (object.spec.snapshot ? [object.spec.snapshot] : []));
    if (new Set(snapshots.map((snapshot) => JSON.stringify(snapshot))).size > 1)
      yield { namespace: run.namespace, what: run.name };
  }
}

function* unfinished({ book }: Court) {
  const gone = new Set(book.tasks.filter(({ deleted }) => deleted).map(({ uid }) => uid));
  for (const run of book.runs) {
    const last = lastOf(run);
    const goes = run.deleted ?? gone.has(ownerOf(last));
    if (!goes && !isFinished(last?.status?.phase))
      yield { namespace: run.namespace, what: `${run.name} is ${last?.status?.phase}` };
  }
}

function* unreported({ book }: Court) {
  for (const task of book.tasks)
    if (!task.deleted && !hasReported(lastOf(task)))
      yield {
        namespace: task.namespace,
        what: `${task.name} has not reported: ${JSON.stringify(lastOf(task)?.status)}`,
      };
}

const hasReported = ({ metadata, status }: Partial<TaskObject> = {}): boolean =>
  status?.observedGeneration === metadata?.generation && status?.totals?.active === 0;

function* writesAtRest({ changes, controller, restsFrom }: Court) {
  for (const { user, what, verb, namespace, name, from } of changes)
    if (user === controller && from > restsFrom && what !== 'leases')
      yield { namespace, what: `${verb} ${what}/${name} at ${new Date(from).toISOString()}` };
}
