/** What the API can do, independent of HTTP. Each method checks the person's rights before it answers. */
import type { Archive, Owner, RunFilter } from '../archive/archive.ts';
import { bodyOf, recordOf } from '../records/record.ts';
import type { Caches } from '../cluster/caches.ts';
import { projectTask, type CachedTask } from '../cluster/projections.ts';
import { taskRuns, tasks, type TaskRunObject } from '../cluster/resource-types.ts';
import { isFinished } from '../domain/model/phase.ts';
import { retryProblem } from '../domain/policies/retry-of.ts';
import { isForbidden, isNotFound } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import { listAll } from '../kube/list-all.ts';
import type { Stored } from '../kube/objects.ts';
import { namespaces } from '../kube/resources.ts';
import { streamsOf } from '../logs/streams.ts';
import { cancelReason } from '../requests/cancel-reason.ts';
import { manualRun } from '../requests/manual-run.ts';
import { deleteRuns, newestFirst, prunable } from '../requests/prune-runs.ts';
import { retryRun } from '../requests/retry-run.ts';
import type { TaskRun } from '../resources/index.ts';
import { fromArchive } from './from-archive.ts';
import { findRuns, isKept } from './history.ts';
import { followLines, keyOf, linesOf, podsOf, type Line, type LoggedRun } from './logs.ts';
import type { Person } from './person.ts';
import { ApiProblem } from './problems.ts';
import type { Right } from './right.ts';
import type {
  Access,
  CancelRequest,
  LogPart,
  LogQuery,
  Pruned,
  PruneRequest,
  Run,
  RunDetail,
  RunPage,
  RunQuery,
  RunRequest,
  TaskDetail,
  TaskLogQuery,
  TaskPage,
  TaskQuery,
} from './schemas.ts';
import { taskDetail, taskView } from './task-views.ts';

export interface ServiceOptions {
  readonly caches: Caches;
  readonly archive: Archive | undefined;
  /** The controller's own: people may not be allowed to read namespaces. */
  readonly client: Pick<Client, 'get'>;
  /** Whether runs that were archived before UIDs of namespaces were stored belong to the namespace of their name. */
  readonly olderRunsByName?: boolean;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** The person, and the signal that fires when they no longer wait. */
export interface Caller {
  readonly person: Person;
  readonly signal: AbortSignal;
}

export interface AtTask {
  readonly namespace: string;
  readonly task: string;
}

export interface AtRun {
  readonly namespace: string;
  readonly run: string;
}

const look: Right = { verb: 'list', resource: 'taskruns' };
const readRun: Right = { verb: 'get', resource: 'taskruns' };
const lookAtTasks: Right = { verb: 'list', resource: 'tasks' };
const readLogs: Right = { verb: 'get', resource: 'pods/log' };
const rights = {
  run: { verb: 'create', resource: 'taskruns' },
  cancel: { verb: 'patch', resource: 'taskruns' },
  suspend: { verb: 'patch', resource: 'tasks' },
  prune: { verb: 'delete', resource: 'taskruns' },
  logs: readLogs,
} as const satisfies Record<string, Right>;

const mostNamespaces = 500;
/** How many namespaces a person's rights are looked up in for one answer, and how many of them at once. */
const mostLookedAt = 2_000;
const lookedAtOnce = 50;
/** An answer that is not whole is better than none: the cluster may take its time, and all of an answer has 30 s. */
const longestLookMs = 10_000;
const fieldManager = 'task-runs-api';

export class Service {
  readonly #caches: Caches;
  readonly #archive: Archive | undefined;
  readonly #client: Pick<Client, 'get'>;
  readonly #olderRunsByName: boolean;
  readonly #now: () => number;

  constructor({ caches, archive, client, olderRunsByName = false, now = Date.now }: ServiceOptions) {
    this.#client = client;
    this.#olderRunsByName = olderRunsByName;
    this.#caches = caches;
    this.#archive = archive;
    this.#now = now;
  }

  /** Who the person is, which namespaces they may read, and what they may do in a namespace. */
  async access({ person, signal }: Caller, namespace: string | undefined): Promise<Access> {
    const known = [...new Set([...this.#caches.tasks.cache.values()].map(({ metadata }) => metadata.namespace))].sort();
    const allNamespaces = await person.may(lookAtTasks, undefined);
    const { visible, isCut } = allNamespaces
      ? { visible: known.slice(0, mostNamespaces), isCut: known.length > mostNamespaces }
      : await this.#visibleTo(person, known, signal);
    const allowed = await Promise.all(Object.values(rights).map((right) => person.may(right, namespace)));
    const may = Object.fromEntries(
      Object.keys(rights).map((name, index) => [name, allowed[index] ?? false]),
    ) as Access['may'];
    return {
      user: person.name,
      onlyReads: person.onlyReads,
      namespaces: visible,
      moreNamespaces: isCut,
      allNamespaces,
      may,
    };
  }

  /** Those that the person may read, in order, until there are enough or it took too long. */
  async #visibleTo(
    person: Person,
    known: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly visible: string[]; readonly isCut: boolean }> {
    const visible: string[] = [];
    const until = this.#now() + longestLookMs;
    const among = known.slice(0, mostLookedAt);
    let at = 0;
    for (; at < among.length && visible.length <= mostNamespaces && this.#now() < until; at += lookedAtOnce) {
      signal.throwIfAborted();
      const some = among.slice(at, at + lookedAtOnce);
      const may = await Promise.all(some.map((one) => person.may(lookAtTasks, one)));
      visible.push(...some.filter((_one, index) => may[index]));
    }
    return { visible: visible.slice(0, mostNamespaces), isCut: at < known.length || visible.length > mostNamespaces };
  }

  /** Sorted by name; of all namespaces if none is given. */
  async listTasks({ person }: Caller, namespace: string | undefined, { limit, cursor }: TaskQuery): Promise<TaskPage> {
    await person.require(lookAtTasks, namespace);
    const { cache } = this.#caches.tasks;
    const all = namespace === undefined ? [...cache.values()] : cache.by('namespace', namespace);
    if (all.length === 0 && namespace !== undefined) await requireNamespace(person, namespace);
    const keyed = all
      .map((task) => ({ task, key: `${task.metadata.namespace}/${task.metadata.name}` }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    const after = cursor === undefined ? undefined : Buffer.from(cursor, 'base64url').toString('utf8');
    const rest = after === undefined ? keyed : keyed.filter(({ key }) => key > after);
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map(({ task }) => taskView(task)),
      total: all.length,
      ...(rest.length > limit && last && { nextCursor: Buffer.from(last.key).toString('base64url') }),
    };
  }

  async getTask({ person }: Caller, at: AtTask): Promise<TaskDetail> {
    await person.require(lookAtTasks, at.namespace);
    return taskDetail(await this.#task(person, at), new Date(this.#now()));
  }

  /** The history, newest first; of all namespaces if none is given. */
  async listRuns(caller: Caller, namespace: string | undefined, query: RunQuery): Promise<RunPage> {
    await caller.person.require(look, namespace);
    return this.#runsOf(caller.person, namespace, await this.#owner(caller.person, namespace, look), query);
  }

  async #runsOf(
    person: Person,
    namespace: string | undefined,
    owner: Owner | undefined,
    { limit, cursor, ...query }: RunQuery,
  ): Promise<RunPage> {
    const { task, phase, trigger, from, to } = query;
    const filter: RunFilter = {
      namespace,
      owner,
      task,
      phases: phase,
      triggers: trigger,
      from: momentOf(from),
      to: momentOf(to),
    };
    const page = await fromArchive(() => findRuns(this.#sources, filter, { limit, cursor }));
    if (page.total > 0 || namespace === undefined) return page;
    await requireNamespace(person, namespace);
    if (task !== undefined) await this.#requireTask({ namespace, task }, owner);
    return page;
  }

  async getRun({ person, signal }: Caller, { namespace, run }: AtRun): Promise<RunDetail> {
    await person.require(readRun, namespace);
    const live = await this.#liveRun(person, namespace, run);
    if (live === undefined) {
      const found = await this.#archivedRun(person, { namespace, run }, readRun);
      if (found === undefined) throw await this.#noRun(person, { namespace, run });
      const { record, body } = found;
      const jobs = body.jobs as RunDetail['jobs'];
      return {
        ...record,
        ...body,
        jobs,
        kept: false,
        archived: true,
        logs: await this.#logParts(record.uid, []),
      } as RunDetail;
    }
    const { uid } = live.metadata;
    const pods = (await person.may(readLogs, namespace))
      ? await podsOf(person.reader, { namespace, name: run, uid, jobs: live.status?.jobs }, signal)
      : [];
    const there = pods.flatMap((pod) =>
      streamsOf(pod).map(({ query, restart }): LogPart => ({
        pod: pod.metadata.name,
        container: query.container,
        restart,
        bytes: 0,
        cutBytes: 0,
        archived: false,
      })),
    );
    const object = live as unknown as TaskRun;
    return {
      ...recordOf(object),
      ...bodyOf(object),
      kept: isKept(live.metadata, this.#caches),
      archived: false,
      logs: await this.#logParts(uid, there),
    } as RunDetail;
  }

  /** @throws ApiProblem NoLogs if there are none */
  async runLogs(
    { person, signal }: Caller,
    { namespace, run }: AtRun,
    { follow, since, tail, search }: LogQuery,
  ): Promise<AsyncGenerator<readonly Line[], void, undefined>> {
    await person.require(readRun, namespace);
    await person.require(readLogs, namespace);
    const access = { person, archive: this.#archive, signal, now: this.#now };
    const choice = { since: momentOf(since), tail, search };
    const live = await this.#liveRun(person, namespace, run);
    if (live && follow && !isFinished(live.status?.phase)) return followLines(live, choice, access);
    return linesOf([await this.#loggedRun(person, { namespace, run }, live)], choice, access);
  }

  /** @throws ApiProblem if the run is neither in the cluster nor in the archive */
  async #loggedRun(person: Person, at: AtRun, live: Stored<TaskRunObject> | undefined): Promise<LoggedRun> {
    const { namespace, run: name } = at;
    if (live) return { uid: live.metadata.uid, namespace, name, reason: live.status?.reason, inCluster: true };
    const archived = (await this.#archivedRun(person, at, readRun, readLogs))?.record;
    if (!archived) throw await this.#noRun(person, at);
    return { uid: archived.uid, namespace, name, reason: archived.reason, inCluster: false };
  }

  /** Logs of the newest runs of a task. */
  async taskLogs(
    caller: Caller,
    { namespace, task }: AtTask,
    { runs, phase, since, tail, search }: TaskLogQuery,
  ): Promise<AsyncGenerator<readonly Line[], void, undefined>> {
    const { person, signal } = caller;
    await person.require(readLogs, namespace);
    await person.require(look, namespace);
    const owner = await this.#owner(person, namespace, look, readLogs);
    const { items } = await this.#runsOf(person, namespace, owner, { task, phase, limit: runs });
    const logged = items.map(({ uid, name, reason, archived }): LoggedRun => ({
      uid,
      namespace,
      name,
      reason,
      inCluster: !archived,
    }));
    return linesOf(
      logged,
      { since: momentOf(since), tail, search },
      { person, archive: this.#archive, signal, now: this.#now },
    );
  }

  /** Creates a run now, as the person. */
  async run({ person }: Caller, at: AtTask, request: RunRequest): Promise<Run> {
    await person.require(rights.run, at.namespace);
    const { metadata } = await this.#task(person, at);
    const created = await person.acting('a change').create(taskRuns, manualRun({ metadata }, request, person.name), {
      fieldManager,
    });
    return this.#answer(created);
  }

  /** Retries a run that failed or was cancelled, in a new run: steps that succeeded do not run again. */
  async retry({ person }: Caller, { namespace, run }: AtRun): Promise<Run> {
    await person.require(rights.run, namespace);
    const live = await this.#requireLive(person, { namespace, run });
    const problem = retryProblem(run, live as unknown as TaskRun);
    if (problem !== undefined) throw new ApiProblem('NotRetriable', problem);
    return this.#answer(await person.acting('a change').create(taskRuns, retryRun(live), { fieldManager }));
  }

  async cancel(caller: Caller, { namespace, run }: AtRun, { reason }: CancelRequest): Promise<RunDetail> {
    const { person } = caller;
    await person.require(rights.cancel, namespace);
    await this.#requireActive(person, { namespace, run }, 'cancelled');
    await person
      .acting('a change')
      .patch(
        taskRuns,
        { namespace, name: run },
        { spec: { cancel: true, cancelReason: cancelReason(person.name, reason) } },
        { fieldManager },
      );
    return this.getRun(caller, { namespace, run });
  }

  /** Continues a run that paused after a failure (failurePolicy Pause). */
  async resumeRun(caller: Caller, { namespace, run }: AtRun): Promise<RunDetail> {
    const { person } = caller;
    await person.require(rights.cancel, namespace);
    await this.#requireActive(person, { namespace, run }, 'resumed');
    await person
      .acting('a change')
      .patch(taskRuns, { namespace, name: run }, { spec: { resume: true } }, { fieldManager });
    return this.getRun(caller, { namespace, run });
  }

  /** Lets new runs of the task wait, or start again. */
  async suspend(caller: Caller, at: AtTask, suspend: boolean): Promise<TaskDetail> {
    const { person } = caller;
    await person.require(rights.suspend, at.namespace);
    await this.#task(person, at);
    const patched = await person
      .acting('a change')
      .patch(tasks, { namespace: at.namespace, name: at.task }, { spec: { suspend } }, { fieldManager });
    return taskDetail(projectTask(patched), new Date(this.#now()));
  }

  /** Deletes finished runs with their Jobs and pods; the archive keeps its copies. */
  async prune(
    { person, signal }: Caller,
    at: AtTask,
    { keep, olderThanSeconds, dryRun }: PruneRequest,
  ): Promise<Pruned> {
    await person.require(rights.prune, at.namespace);
    await this.#task(person, at);
    const { namespace } = at;
    const runs = await listAll(person.reader, taskRuns, { namespace, signal });
    const all = runs.filter(({ spec }) => spec.taskRef.name === at.task);
    const doomed = prunable(
      all.sort(newestFirst),
      { keep, olderThan: olderThanSeconds === undefined ? undefined : olderThanSeconds * 1_000 },
      new Date(this.#now()),
    );
    const deleted = dryRun ? doomed : await deleteRuns(person.acting('a change'), doomed);
    return { runs: deleted.map(({ metadata }) => metadata.name), dryRun };
  }

  get #sources() {
    return { caches: this.#caches, archive: this.#archive };
  }

  /** A run that was just created, as a line. */
  #answer(created: Stored<TaskRunObject>): Run {
    return { ...recordOf(created as unknown as TaskRun), kept: false, archived: false };
  }

  async #task(person: Person, { namespace, task }: AtTask): Promise<CachedTask> {
    const found = this.#caches.tasks.cache.get(namespace, task);
    if (found) return found;
    await requireNamespace(person, namespace);
    throw noTask({ namespace, task });
  }

  /** A task that was deleted may still have a history. */
  async #requireTask({ namespace, task }: AtTask, owner: Owner | undefined): Promise<void> {
    const isKnown =
      this.#caches.tasks.cache.get(namespace, task) !== undefined ||
      (await fromArchive(async () => this.#archive?.hasTask(namespace, task, owner)));
    if (isKnown !== true) throw noTask({ namespace, task });
  }

  async #liveRun(person: Person, namespace: string, name: string): Promise<Stored<TaskRunObject> | undefined> {
    try {
      return await person.reader.get(taskRuns, { namespace, name });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #requireLive(person: Person, at: AtRun): Promise<Stored<TaskRunObject>> {
    const live = await this.#liveRun(person, at.namespace, at.run);
    if (live) return live;
    if (await this.#archivedRun(person, at, readRun))
      throw new ApiProblem(
        'NotRetriable',
        `run ${at.run} is only in the archive, so it cannot be changed: run the task again`,
      );
    throw await this.#noRun(person, at);
  }

  async #requireActive(person: Person, at: AtRun, done: string): Promise<void> {
    const live = await this.#liveRun(person, at.namespace, at.run);
    const archived = live ? undefined : await this.#archivedRun(person, at, readRun);
    if (!live && !archived) throw await this.#noRun(person, at);
    const phase = live ? live.status?.phase : archived?.record.phase;
    if (isFinished(phase))
      throw new ApiProblem('RunFinished', `run ${at.run} has already ended (${phase ?? ''}), so it cannot be ${done}`);
  }

  /** The newest archived run of that name that the person sees with these rights. */
  async #archivedRun(person: Person, { namespace, run }: AtRun, ...needed: readonly Right[]) {
    const owner = await this.#owner(person, namespace, ...needed);
    return fromArchive(async () => this.#archive?.get(namespace, run, owner));
  }

  /**
   * Whose archived runs the person sees in a namespace. Those of a deleted namespace of the same name may have been
   * other people's: only who has the rights in all namespaces sees them, for whom this is undefined.
   */
  async #owner(person: Person, namespace: string | undefined, ...needed: readonly Right[]): Promise<Owner | undefined> {
    if (namespace === undefined || this.#archive === undefined) return undefined;
    const everywhere = await Promise.all(needed.map((right) => person.may(right, undefined)));
    if (everywhere.every(Boolean)) return undefined;
    try {
      const { metadata } = await this.#client.get(namespaces, { name: namespace });
      return { namespaceUid: metadata.uid, olderRuns: this.#olderRunsByName };
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return { namespaceUid: '', olderRuns: false }; // nobody's
    }
  }

  async #noRun(person: Person, { namespace, run }: AtRun): Promise<ApiProblem> {
    await requireNamespace(person, namespace);
    return new ApiProblem(
      'RunNotFound',
      `run ${run} does not exist in namespace ${namespace}${this.#archive === undefined ? '' : ' or in the archive'}`,
    );
  }

  async #logParts(uid: string, there: readonly LogPart[]): Promise<LogPart[]> {
    const archived = await fromArchive(async () => this.#archive?.logsOf(uid) ?? []);
    const known = new Set(archived.map(keyOf));
    return [...archived.map((log) => ({ ...log, archived: true })), ...there.filter((part) => !known.has(keyOf(part)))];
  }
}

function noTask({ namespace, task }: AtTask): ApiProblem {
  return new ApiProblem('TaskNotFound', `task ${task} does not exist in namespace ${namespace}`);
}

/** @throws ApiProblem if it does not exist; not for a person who may not read namespaces */
async function requireNamespace({ reader }: Person, name: string): Promise<void> {
  try {
    await reader.get(namespaces, { name });
  } catch (error) {
    if (isForbidden(error)) return;
    if (isNotFound(error)) throw new ApiProblem('NamespaceNotFound', `namespace ${name} does not exist`);
    throw error;
  }
}

function momentOf(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}
