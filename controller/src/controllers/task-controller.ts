/**
 * Turns watch events into reconciles: finds the Task of an object, and remembers what a later decision needs of its old
 * version.
 */
import { isFinished } from '../domain/model/phase.ts';
import { waitsInQueue } from '../domain/model/kueue.ts';
import { controllerOf } from '../domain/model/objects.ts';
import { sameJson } from '../domain/lang/same-json.ts';
import { ownedBy } from '../domain/view/jobs-of.ts';
import { deploymentOf, isAnotherTrigger, lastAnswered } from '../domain/model/trigger.ts';
import { ownKey, type CacheEvent } from '../kube/cache.ts';
import type { Client } from '../kube/client.ts';
import { systemClock, type Clock } from '../kube/clock.ts';
import type { EventRecorder } from '../kube/event-recorder.ts';
import type { Logger } from 'pino';
import { keyOf, refOf } from '../kube/objects.ts';
import { done, WorkQueue, type Outcome, type QueueObserver } from '../kube/queue.ts';
import { runOfJob, startFailureInformers, type Caches } from '../cluster/caches.ts';
import {
  taskKey,
  type CachedClaim,
  type CachedJob,
  type CachedNode,
  type CachedRun,
  type CachedTask,
  type CachedTemplate,
} from '../cluster/projections.ts';
import type { KueueWatch } from '../cluster/kueue-watch.ts';
import type { AskArchive } from './apply/context.ts';
import type { RunObserver } from './run-observer.ts';
import { TaskReconciler } from './task-reconciler.ts';
import { readOrphans } from './task-state.ts';

export interface TaskControllerOptions {
  readonly client: Client;
  readonly caches: Caches;
  readonly kueue: KueueWatch;
  readonly recorder: EventRecorder;
  readonly log: Logger;
  /** Tasks reconciled at the same time. */
  readonly workers: number;
  readonly observer?: QueueObserver | undefined;
  /** UIDs of the runs that must not be pruned yet. */
  readonly held?: Pick<ReadonlySet<string>, 'has'> | undefined;
  /** Is called with what the controller did to runs. */
  readonly runObserver?: RunObserver | undefined;
  readonly clock?: Clock | undefined;
  readonly archived?: AskArchive | undefined;
}

export class TaskController {
  readonly #caches: Caches;
  readonly #clock: Clock;
  readonly #kueue: KueueWatch;
  readonly #reconciler: TaskReconciler;
  readonly #queue: WorkQueue;

  /** Listens to the caches from now on; nothing is reconciled before `start`. */
  constructor(options: TaskControllerOptions) {
    const { caches, kueue, workers, observer, clock = systemClock } = options;
    this.#caches = caches;
    this.#clock = clock;
    this.#kueue = kueue;
    this.#reconciler = new TaskReconciler({
      ...options,
      now: () => clock.now(),
      othersHurry: () => this.#queue.urgent > 0,
    });
    this.#queue = new WorkQueue({
      name: 'tasks',
      workers,
      process: (key) => this.#process(key),
      patient: (key) => this.#onlyReports(key),
      lane: (key) => refOf(key).namespace ?? '',
      observer,
      clock,
    });
    caches.tasks.onEvent((event) => this.#onTask(event));
    caches.runs.onEvent(({ object }) => this.#enqueueTaskOf(object));
    caches.jobs.onEvent((event) => this.#onJob(event));
    caches.claims.onEvent(({ object }) => this.#onClaim(object));
    caches.templates.onEvent(({ object }) => this.#onTemplate(object));
    caches.nodes.onEvent((event) => this.#onNode(event));
    caches.pods.onEvent(({ object }) => this.#onJobChild(controllerOf(object, 'Job')));
    for (const informer of startFailureInformers(caches))
      informer.onEvent(({ object }) =>
        this.#onJobChild(controllerOf(caches.pods.cache.byUid(object.podUid) ?? { metadata: {} }, 'Job')),
      );
    kueue.onChange((jobUid) => this.#onQueue(jobUid));
    caches.podRefusals.onEvent(({ object }) => this.#onJobChild(object.jobUid));
  }

  /**
   * Start to act. The caches must have synced: an object that they lack counts as absent.
   * @param unattendedSince until when another controller surely acted, in milliseconds since the epoch
   */
  start(unattendedSince: number): void {
    this.#reconciler.unattendedSince = unattendedSince;
    this.#queue.start();
  }

  /** Look at the Task of a run again, though nothing in the cluster has changed. */
  lookAgain(runUid: string): void {
    const run = this.#caches.runs.cache.byUid(runUid);
    if (run) this.#enqueueTaskOf(run);
  }

  /** Finish current work, and stop acting. */
  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async #process(key: string): Promise<Outcome> {
    const at = await this.#reconciler.reconcile(key);
    return at === undefined ? done : { type: 'again', at: new Date(at) };
  }

  /**
   * Whether every trigger of the Task is answered and no run left its queue, so that only statuses are left to write.
   * Tasks that wait for runs go first.
   */
  #onlyReports(key: string): boolean {
    const { namespace, name } = refOf(key);
    const task = this.#caches.tasks.cache.get(namespace, name);
    if (!task || readOrphans(key, this.#caches).length > 0) return false;
    const runs = this.#caches.runs.cache.by('owner', ownKey(task));
    const { generation = 0 } = lastAnswered(task, runs, this.#reconciler.memory(key).answered) ?? {};
    return (
      generation >= (task.metadata.generation ?? 0) &&
      !isDue(task, runs, this.#clock.now()) &&
      !runs.some((run) => this.#wasAdmitted(run))
    );
  }

  /** Recorded as waiting in a queue, while its Job no longer waits. */
  #wasAdmitted(run: CachedRun): boolean {
    return (
      run.status?.phase === 'Queued' &&
      this.#caches.jobs.cache.by('owner', ownKey(run)).some((job) => job.queue !== undefined && !waitsInQueue(job))
    );
  }

  /** A version that is replaced before its trigger was answered is kept: every deployment runs. */
  #onTask(event: CacheEvent<CachedTask>): void {
    const key = keyOf(event.object.metadata);
    if (event.type === 'deleted')
      this.#reconciler.forget(key); // a new Task with this name is independent
    else this.#reconciler.memory(key).see(event.object.metadata.generation ?? 0, this.#clock.now());
    if (event.type === 'updated' && isUnanswered(event.old, event.object))
      this.#reconciler.memory(key).keepEarlier(event.old);
    this.#queue.add(key);
  }

  /** A Job that is deleted before its outcome is recorded may have had one. */
  #onJob({ type, object }: CacheEvent<CachedJob>): void {
    if (type !== 'deleted' && waitsInQueue(object)) this.#kueue.want();
    const run = runOfJob(object, this.#caches);
    if (!run) return;
    if (type === 'deleted' && !isFinished(run.status?.phase))
      this.#reconciler.memory(taskKey(run)).keepDeleted(ownedBy(run, object));
    this.#enqueueTaskOf(run);
  }

  #onClaim(claim: CachedClaim): void {
    const task = this.#caches.tasks.cache.byUid(controllerOf(claim, 'Task') ?? '');
    if (task) this.#queue.add(keyOf(task.metadata));
  }

  #onTemplate({ metadata }: CachedTemplate): void {
    const key = keyOf(metadata);
    for (const task of this.#caches.tasks.cache.by('template', key)) this.#queue.add(keyOf(task.metadata));
    for (const run of this.#caches.runs.cache.by('template', key)) this.#enqueueTaskOf(run);
  }

  /** A node that is added, deleted or relevantly changed concerns the active runs that have a Job on each node. */
  #onNode(event: CacheEvent<CachedNode>): void {
    if (event.type === 'updated' && sameNode(event.old, event.object)) return;
    for (const run of this.#caches.runs.cache.by('nodes', 'all')) this.#enqueueTaskOf(run);
  }

  /** Kueue's state of that Job, or of all Jobs, has changed. */
  #onQueue(jobUid: string | undefined): void {
    if (jobUid !== undefined) return this.#onJobChild(jobUid);
    for (const { metadata } of this.#caches.jobs.cache.by('queued', 'all')) this.#onJobChild(metadata.uid);
  }

  /** A pod may outlive its Job, and the run that follows a cancelled one waits for its pods. */
  #onJobChild(jobUid = ''): void {
    const job = this.#caches.jobs.cache.byUid(jobUid);
    const run = job ? runOfJob(job, this.#caches) : this.#caches.runs.cache.by('job', jobUid)[0];
    const phase = run?.status?.phase;
    if (run && (!isFinished(phase) || phase === 'Cancelled')) this.#enqueueTaskOf(run);
  }

  #enqueueTaskOf(run: CachedRun): void {
    this.#queue.add(taskKey(run));
  }
}

/** Nodes are written every few minutes as a heartbeat. */
function sameNode(a: CachedNode, b: CachedNode): boolean {
  return sameJson({ labels: a.metadata.labels, taints: a.taints }, { labels: b.metadata.labels, taints: b.taints });
}

function isUnanswered(old: CachedTask, next: CachedTask): boolean {
  const answered = old.status?.observedTrigger?.generation ?? 0;
  return (old.metadata.generation ?? 0) > answered && isAnotherTrigger(next, deploymentOf(old));
}

/** A schedule time has passed without a run so far. */
function isDue({ status }: CachedTask, runs: readonly CachedRun[], now: number): boolean {
  const { nextScheduleTime } = status ?? {};
  if (nextScheduleTime === undefined || Date.parse(nextScheduleTime) > now) return false;
  return !runs.some(({ spec }) => spec.trigger?.scheduledTime === nextScheduleTime);
}
