/**
 * The controller around `decide`, as a model: a cache that lags, a memory that a crash loses, and a process that may
 * die between any two calls. The real one is in controllers/; this one has no I/O.
 */
import type { Task, TaskRun } from '../../resources/index.ts';
import { remember } from '../carry-out.ts';
import { decide } from '../decide.ts';
import { canonicalJson } from '../lang/canonical-json.ts';
import { type Action, type ActionKind, actionKey, type ActionOf } from '../model/actions.ts';
import { waitsInQueue } from '../model/kueue.ts';
import { emptyMemory, type Memory } from '../model/memory.ts';
import { controllerOf, isOwnedBy, type Job, type Pod } from '../model/objects.ts';
import { isFinished } from '../model/phase.ts';
import { reasons } from '../model/reasons.ts';
import { remembered } from '../model/remembered-run.ts';
import { emptyCluster, type TaskState } from '../model/state.ts';
import { deploymentOf, isAnotherTrigger, lastAnswered } from '../model/trigger.ts';
import { isOrphan } from '../steps/adopt-runs.ts';
import { jobsOf, ownedBy } from '../view/jobs-of.ts';
import { askedBy, checkQueueTimeout, RuleBroken } from './rules.ts';
import { type Change, Refused, type World } from './world.ts';

class Crash extends Error {}

/** More passes than any Task needs to come to rest. */
const mostPasses = 60;

/** As often it waits for the name of another run's Job. */
const mostNameWaits = 5;

/** The newest known state of each object, as a cache has it: what is older never replaces what is newer. */
class Mirror<T extends { readonly metadata: { readonly uid: string; readonly resourceVersion?: string } }> {
  readonly #objects = new Map<string, T>();
  /** The version of each object that is gone, as last known: only a newer one brings it back. */
  readonly #gone = new Map<string, number>();

  values(): T[] {
    return [...this.#objects.values()];
  }

  put(object: T): void {
    const { uid, resourceVersion } = object.metadata;
    const known = Number(this.#objects.get(uid)?.metadata.resourceVersion ?? this.#gone.get(uid) ?? 0);
    if (Number(resourceVersion) > known) this.#objects.set(uid, object);
  }

  byUid(uid: string): T | undefined {
    return this.#objects.get(uid);
  }

  forget(uid: string, version = this.#objects.get(uid)?.metadata.resourceVersion ?? '0'): T | undefined {
    const object = this.#objects.get(uid);
    this.#gone.set(uid, Number(version));
    this.#objects.delete(uid);
    return object;
  }
}

export class ModelController {
  readonly #world: World;
  #task: Task;
  readonly #runs = new Mirror<TaskRun>();
  readonly #jobs = new Mirror<Job>();
  readonly #read = { Task: 0, TaskRun: 0, Job: 0 };
  /** The UIDs of the Jobs that each run is on record with, by the run's UID. */
  readonly #recorded = new Map<string, readonly string[]>();
  readonly #holders = new Map<string, string>();
  /** How often a run was refused its TaskRun or Job, by its name. */
  readonly #waits = new Map<string, number>();
  #memory = emptyMemory;
  #callsLeft = Infinity;

  /** A process that has just started, and listed everything. */
  constructor(world: World) {
    this.#world = world;
    this.#task = world.task;
    this.#see();
    for (const run of world.runs.values()) this.#putRun(run);
    for (const job of world.jobs.values()) this.#jobs.put(job);
    for (const kind of ['Task', 'TaskRun', 'Job'] as const) this.#read[kind] = world.changes[kind].length;
  }

  /** The version of the Task that it knows. */
  get seen(): Task {
    return this.#task;
  }

  /** Read what watches have to tell, except the last `lag` changes of each kind. */
  watch(lag = 0): void {
    for (const change of this.#next('Task', lag)) this.#onTask(change.object);
    for (const change of this.#next('TaskRun', lag)) {
      if (change.type === 'changed') this.#putRun(change.object);
      else this.#runs.forget(change.object.metadata.uid, change.object.metadata.resourceVersion);
    }
    for (const change of this.#next('Job', lag)) {
      if (change.type === 'changed') this.#jobs.put(change.object);
      else this.#forgetJob(change.object.metadata.uid, change.object.metadata.resourceVersion);
    }
  }

  state(): TaskState {
    const runs = this.#runs.values().filter((run) => isOwnedBy(run, this.#task.metadata.uid));
    const answered = lastAnswered(this.#task, runs, this.#memory.answered)?.generation ?? 0;
    const earlier = this.#memory.earlier.filter(({ metadata }) => (metadata.generation ?? 0) > answered);
    this.#remember({ earlier });
    return {
      task: this.#task,
      cluster: {
        ...emptyCluster,
        runs,
        orphans: this.#runs
          .values()
          .filter((run) => isOrphan(run) && run.spec.taskRef.name === this.#task.metadata.name),
        jobs: runs.flatMap((run) => this.#jobsOf(run)),
        pods: this.#pods(runs),
        queueing: this.#world.queueing(),
      },
      memory: this.#memory,
    };
  }

  #jobsOf(run: TaskRun): readonly Job[] {
    return jobsOf(run, this.#recorded.get(run.metadata.uid) ?? [], {
      ownedBy: (uid) => this.#jobs.values().filter((job) => isOwnedBy(job, uid)),
      byUid: (uid) => this.#jobs.byUid(uid),
      holderOf: (uid) => this.#holderOf(uid),
    });
  }

  /** The UID of the run that is on record with the Job. */
  #holderOf(jobUid: string): string | undefined {
    const run = this.#runs.byUid(this.#holders.get(jobUid) ?? '');
    return run?.metadata.uid;
  }

  /** A run as the cache keeps it, with the UIDs of the Jobs that it is on record with. */
  #putRun(run: TaskRun): void {
    this.#runs.put(remembered(run));
    const { uid, resourceVersion } = run.metadata;
    const recorded = (run.status?.jobs ?? []).flatMap((job) => job.uid ?? []);
    if (this.#runs.byUid(uid)?.metadata.resourceVersion !== resourceVersion) return;
    this.#recorded.set(uid, recorded);
    for (const job of recorded) this.#holders.set(job, uid);
  }

  /**
   * As the controller's indexes have them: of unfinished runs, of the Jobs that cancelled ones are on record with, and
   * the failed ones of failed runs.
   */
  #pods(runs: readonly TaskRun[]): readonly Pod[] {
    const unfinished = new Set(
      runs.filter(({ status }) => !isFinished(status?.phase)).map(({ metadata }) => metadata.uid),
    );
    const jobs = this.#jobs
      .values()
      .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => unfinished.has(uid)));
    const uids = [
      ...jobs.map(({ metadata }) => metadata.uid),
      ...runs.flatMap(({ status }) =>
        status?.phase === 'Cancelled' ? (status.jobs ?? []).flatMap(({ uid }) => uid ?? []) : [],
      ),
    ];
    const failed = runs.filter(({ status }) => status?.phase === 'Failed').flatMap((run) => this.#jobsOf(run));
    return this.#world.pods.filter(
      (pod) =>
        uids.some((uid) => isOwnedBy(pod, uid)) ||
        (pod.phase === 'Failed' && failed.some(({ metadata }) => isOwnedBy(pod, metadata.uid))),
    );
  }

  /** What decide returns now, or at another time; checked to be pure. */
  decide(at = this.#world.now): readonly Action[] {
    const state = deepFreeze(this.state());
    const actions = decide(state, new Date(at));
    const again = decide(state, new Date(at));
    if (canonicalJson(actions) !== canonicalJson(again))
      throw new RuleBroken('decide is pure: the same input gave another output');
    return actions;
  }

  /**
   * Decide and apply until nothing is left but to wait.
   * @returns false when it died after `callsLeft` actions: then it must not be used any more
   */
  reconcile(callsLeft = Infinity): boolean {
    this.#callsLeft = callsLeft;
    try {
      for (let pass = 0; pass < mostPasses; pass += 1) {
        const actions = this.decide();
        if (actions.every(({ kind }) => kind === 'wakeAt')) return true;
        this.#apply(actions);
      }
    } catch (error) {
      if (error instanceof Crash) return false;
      throw error;
    }
    throw new RuleBroken(
      `at rest nothing is written: no rest within ${mostPasses} passes, next is ${JSON.stringify(this.decide())}`,
    );
  }

  #apply(actions: readonly Action[]): void {
    for (const action of actions) {
      if (this.#callsLeft <= 0) throw new Crash();
      this.#callsLeft -= 1;
      const handle = this.#handlers[action.kind] as (action: Action) => void;
      try {
        handle(action);
        this.#remember(remember(this.#memory, action, this.#world.outside));
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        this.#refused(action, error);
        // As the controller does: what one object is refused does not stop the others.
        if (!this.#memory.setbacks.has(actionKey(action))) return;
      }
    }
  }

  readonly #handlers: { readonly [K in ActionKind]: (action: ActionOf<K>) => void } = {
    createRun: ({ run }) => {
      this.#putRun(
        this.#createOrAdopt(
          () => this.#world.createRun(run),
          () => this.#world.getRun(run.metadata.name),
          (found) =>
            isOwnedBy(found, this.#task.metadata.uid) && askedBy(found.spec.trigger) === askedBy(run.spec.trigger),
        ),
      );
    },
    adoptRun: ({ name, uid, adoption }) => this.#putRun(this.#world.adoptRun(name, uid, adoption)),
    fillTemplates: () => {
      throw new Error('no story has templates');
    },
    createClaim: () => {
      throw new Error('no story has workspaces');
    },
    deleteClaim: () => {
      throw new Error('no story has workspaces');
    },
    readTermination: () => undefined,
    checkStep: () => undefined,
    createJob: ({ job }) => {
      const owner = job.metadata.ownerReferences[0]?.uid ?? '';
      this.#jobs.put(
        this.#createOrAdopt(
          () => this.#world.createJob(job),
          () => this.#world.getJob(job.metadata.name),
          (found) => isOwnedBy(found, owner),
        ),
      );
    },
    refuseJob: () => {
      throw new Error('a Job can be made of every story');
    },
    tryJobs: () => undefined,
    checkJob: ({ name, uid }) => {
      const job = this.#world.jobs.get(name);
      if (job?.metadata.uid === uid) this.#jobs.put(job);
    },
    writeRunStatus: ({ name, uid, status }) => {
      if (status.reason === reasons.queueTimeout) this.#checkTimeout(uid);
      this.#putRun(this.#world.writeRunStatus(name, uid, status));
    },
    writeTaskStatus: ({ status }) => this.#onTask(this.#world.writeTaskStatus(status)),
    deleteJob: ({ name, uid, podsFirst }) => {
      this.#world.deleteJob(name, uid, podsFirst);
      this.#forgetJob(uid);
    },
    deleteRun: ({ name, uid }) => {
      this.#world.deleteRun(name, uid);
      this.#runs.forget(uid);
    },
    expectLook: () => undefined,
    nudge: () => {
      this.#world.calls += 1;
    },
    keepName: () => {
      this.#world.calls += 1;
    },
    mark: ({ mark }) => {
      this.#world.calls += 1;
      this.#world.mark = mark;
    },
    event: () => undefined,
    wakeAt: () => undefined,
  };

  /** What it has not seen yet it cannot be blamed for. */
  #checkTimeout(uid: string): void {
    const run = this.#world.ownRuns().find(({ metadata }) => metadata.uid === uid);
    for (const job of this.#jobs.values().filter((known) => isOwnedBy(known, uid) && waitsInQueue(known))) {
      const isCurrent =
        this.#world.jobs.get(job.metadata.name)?.metadata.resourceVersion === job.metadata.resourceVersion;
      if (run && isCurrent) checkQueueTimeout(this.#world, run, job);
    }
  }

  #createOrAdopt<T>(create: () => T, get: () => T, isOurs: (found: T) => boolean): T {
    try {
      return create();
    } catch (error) {
      if (!(error instanceof Refused) || error.answer !== 'AlreadyExists') throw error;
      const found = get();
      if (isOurs(found)) return found;
      throw error;
    }
  }

  #refused(action: Action, { answer, message }: Refused): void {
    if (answer === 'NotFound') return this.#forgetTarget(action);
    if (action.kind !== 'createRun' && action.kind !== 'createJob') return this.#setBack(action, message);
    const [object, run] =
      action.kind === 'createRun' ? (['TaskRun', action.run.metadata.name] as const) : (['Job', action.run] as const);
    const kind = action.kind === 'createRun' ? 'runs' : 'jobs';
    const name = action.kind === 'createRun' ? run : action.job.metadata.name;
    const { taken, refusals } = this.#memory;
    if (answer === 'AlreadyExists' && !taken[kind].has(name) && !this.#waitsForName(action.kind, name, run))
      return this.#remember({ taken: { ...taken, [kind]: new Set([...taken[kind], name]) } });
    const refusal = {
      object,
      run,
      reason: answer,
      message,
      final: answer === 'Invalid',
      retryAt: this.#world.now + 2_000,
    };
    this.#remember({
      refusals: [...refusals.filter((other) => other.object !== object || other.run !== run), refusal],
    });
  }

  /** As the controller's memory does. */
  #setBack(action: Action, message: string): void {
    const { setbacks } = this.#memory;
    const failures = (setbacks.get(actionKey(action))?.failures ?? 0) + 1;
    const retryAt = this.#world.now + 100 * 2 ** Math.min(failures, 9);
    this.#remember({ setbacks: new Map([...setbacks, [actionKey(action), { message, failures, retryAt }]]) });
  }

  /** Another run's Job will give the name free, unless somebody keeps it. */
  #waitsForName(kind: ActionKind, name: string, run: string): boolean {
    const waits = (this.#waits.get(run) ?? 0) + 1;
    this.#waits.set(run, waits);
    return this.#isOwnJob(kind, name) && waits <= mostNameWaits;
  }

  #isOwnJob(kind: ActionKind, name: string): boolean {
    const owner = this.#world.jobs.get(name)?.metadata.ownerReferences?.[0]?.uid;
    return kind === 'createJob' && this.#runs.values().some(({ metadata }) => metadata.uid === owner);
  }

  #forgetTarget(action: Action): void {
    if (action.kind === 'deleteJob') this.#forgetJob(action.uid);
    if (action.kind === 'deleteRun' || action.kind === 'writeRunStatus' || action.kind === 'adoptRun')
      this.#runs.forget(action.uid);
  }

  #onTask(next: Task): void {
    const old = this.#task;
    if (Number(next.metadata.resourceVersion) <= Number(old.metadata.resourceVersion)) return;
    const isUnanswered = (old.metadata.generation ?? 0) > (old.status?.observedTrigger?.generation ?? 0);
    if (isUnanswered && isAnotherTrigger(next, deploymentOf(old)))
      this.#remember({ earlier: [...this.#memory.earlier, old] });
    this.#task = next;
    this.#see();
  }

  #see(): void {
    const { generation = 0 } = this.#task.metadata;
    const { seenAt, refusals } = this.#memory;
    if (seenAt.has(generation)) return;
    this.#remember({
      seenAt: new Map([...seenAt, [generation, this.#world.now]]),
      // As the controller's memory does: a new version may reuse the name that was refused.
      refusals: refusals.filter(({ object, final }) => object !== 'TaskRun' || !final),
    });
  }

  #forgetJob(uid: string, version?: string): void {
    const job = this.#jobs.forget(uid, version);
    const owner = job && (controllerOf(job, 'TaskRun') ?? this.#holderOf(uid));
    const run = owner === undefined ? undefined : this.#runs.byUid(owner);
    if (job && run && !isFinished(run.status?.phase))
      this.#remember({ deletedJobs: [...this.#memory.deletedJobs, ownedBy(run, job)] });
  }

  #remember(changes: Partial<Memory>): void {
    this.#memory = { ...this.#memory, ...changes };
  }

  #next<K extends 'Task' | 'TaskRun' | 'Job'>(kind: K, lag: number): Change<K>[] {
    const all = this.#world.changes[kind] as Change<K>[];
    const to = Math.max(this.#read[kind], all.length - lag);
    const next = all.slice(this.#read[kind], to);
    this.#read[kind] = to;
    return next;
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const field of Object.values(value)) deepFreeze(field);
  return value;
}
