/**
 * A small cluster in memory: an API server with one namespace, and what KubeVela, the Job controller and people do in
 * it. It checks every call against what always holds, and throws with the rule that was broken.
 */
import { type Meta, type Task, type TaskRun, type TaskRunStatus, type TaskStatus } from '../../resources/index.ts';
import { adoptedRun, createdJob, createdRun, type Outside } from '../carry-out.ts';
import { compact } from '../lang/compact.ts';
import { rfc3339 } from '../lang/rfc3339.ts';
import type { Adoption, JobManifest, TaskRunManifest } from '../model/actions.ts';
import { type Queueing, waitsInQueue, type Workload } from '../model/kueue.ts';
import { controllerOf, isOwnedBy, type Job, type JobCondition, type Pod } from '../model/objects.ts';
import type { Mark } from '../model/trigger.ts';
import { isFinished } from '../model/phase.ts';
import { readOutputs } from '../policies/outputs.ts';
import { aTask, noon } from './builders.ts';
import { scheduleKey } from './calendar.ts';
import { mustBeValid } from './crd-schema.ts';
import {
  askedBy,
  attemptOf,
  checkAttempt,
  checkScheduledRun,
  checkScheduleStatus,
  checkStart,
  gaveUp,
  mustHold,
} from './rules.ts';

export type Kind = 'Task' | 'TaskRun' | 'Job';
export interface Objects {
  readonly Task: Task;
  readonly TaskRun: TaskRun;
  readonly Job: Job;
}
export interface Change<K extends Kind = Kind> {
  readonly type: 'changed' | 'deleted';
  readonly object: Objects[K];
}
export type Refuses = 'nothing' | 'forNow' | 'forGood';

/** What the API server answers when it does not do as asked. */
export class Refused extends Error {
  readonly answer: 'AlreadyExists' | 'NotFound' | 'Forbidden' | 'Invalid';

  constructor(answer: Refused['answer'], what: string) {
    super(`${answer}: ${what}`);
    this.answer = answer;
  }
}

/** Whether it is complete or has failed. */
export function hasEnded({ status }: Job): boolean {
  return status?.conditions?.some(({ type }) => type !== 'Suspended') ?? false;
}

function failuresOf({ status }: Job): number {
  return status?.failed ?? 0;
}

type Store<T> = Map<string, T>;
type Outcome = 'Succeeded' | 'Failed';
/**
 * suspended: the Job controller says it, a little after Kueue did it. deactivate, activate: a person. giveUp, forget:
 * Kueue, finally or for a while.
 */
export type QueueAct = 'admit' | 'evict' | 'suspended' | 'deactivate' | 'activate' | 'giveUp' | 'forget';
type NewMeta = Omit<Meta, 'uid' | 'creationTimestamp'>;
type Schedule = NonNullable<Task['spec']['schedule']>;

/** Another spec is another generation. */
function changed({ metadata }: Job): Meta {
  return { ...metadata, generation: (metadata.generation ?? 0) + 1 };
}

function quota(status: 'True' | 'False'): JobCondition {
  const message =
    "couldn't assign flavors to pod set main: insufficient unused quota for cpu in flavor default, 200m more needed";
  return status === 'True'
    ? { type: 'QuotaReserved', status }
    : { type: 'QuotaReserved', status, reason: 'Pending', message };
}

export class World {
  /** Milliseconds since the epoch. */
  now = noon.getTime();
  task: Task = aTask().meta({ resourceVersion: '1' }).build();
  readonly runs: Store<TaskRun> = new Map();
  readonly jobs: Store<Job> = new Map();
  pods: Pod[] = [];
  refuses: { TaskRun: Refuses; Job: Refuses } = { TaskRun: 'nothing', Job: 'nothing' };
  /** Every change in order, as watches tell it. */
  readonly changes: { readonly [K in Kind]: Change<K>[] } = {
    Task: [{ type: 'changed', object: this.task }],
    TaskRun: [],
    Job: [],
  };
  /** Everything that ever was created, by what asked for it: the trigger, the TaskRun's UID. */
  readonly runsCreated = new Map<string, string[]>();
  /** How many deployments the record of what nobody saw stands for at most, by the last generation of them. */
  readonly superseded = new Map<number, number>();
  readonly jobsCreated = new Map<string, Job[]>();
  /** What the last Job that ended makes of its run, by the run's UID. */
  readonly outcomes = new Map<string, Outcome>();
  /** How and when each Job ended, by its UID. */
  readonly ends = new Map<string, { readonly phase: Outcome; readonly at: number }>();
  /** When the first Job of each run started, by the run's UID. */
  readonly starts = new Map<string, number>();
  /** What the pods of each complete Job left, by its UID, while they are there. */
  readonly messages = new Map<string, string>();
  /** Since when each Job waits in its queue this time, by its UID. */
  readonly waitsSince = new Map<string, number>();
  /** Kueue's, by the UID of their Jobs. */
  readonly workloads = new Map<string, Workload>();
  isKueueInstalled = true;
  /** The ids of the workflow steps that no longer wait. */
  readonly endedSteps = new Set<string>();
  /** UIDs of what somebody tampered with or made up, and of the runs that it is of. */
  readonly spoiled = new Set<string>();
  /** UIDs of objects with a finalizer that nobody takes off. */
  readonly held = new Set<string>();
  /** Every version of the Task, oldest first. */
  readonly versions: Task[] = [this.task];
  /** What the Application keeps of what ran. */
  mark: Mark | undefined;
  calls = 0;
  /** The generation that changed the schedule last. */
  scheduleGeneration = 1;
  readonly #inForce = new Map<string, number>();
  /** The UID of the run that each Job was created for, by the Job's UID: an owner can be taken off. */
  readonly #runOf = new Map<string, string>();
  #version = 1;
  #uid = 0;

  /** What the controller's actions meet here. */
  get outside(): Outside {
    return {
      now: this.now,
      newUid: () => this.#newUid(),
      hasJob: (uid) => [...this.jobs.values()].some(({ metadata }) => metadata.uid === uid),
      terminationMessage: (uid) => ({ text: this.messages.get(uid) }),
      lookAtStep: ({ id, name }) =>
        this.endedSteps.has(id) ? { known: true, ended: `workflow step ${name} ended` } : { known: true },
    };
  }

  // What the controller may do.

  createRun(manifest: TaskRunManifest): TaskRun {
    mustBeValid.taskRunSpec(manifest.spec);
    this.#admit('TaskRun', manifest.metadata.name, this.runs);
    const run = createdRun(manifest, this.outside);
    const { trigger } = manifest.spec;
    const created = [...(this.runsCreated.get(askedBy(trigger)) ?? []), run.metadata.name];
    mustHold('one trigger, one run', created.length === 1, `${askedBy(trigger)} got ${created.join(' and ')}`);
    if (trigger?.scheduledTime !== undefined) checkScheduledRun(this, trigger.scheduledTime);
    this.runsCreated.set(askedBy(trigger), created);
    if (trigger?.superseded) this.superseded.set(trigger.generation ?? 0, trigger.superseded.most);
    return this.#store('TaskRun', this.runs, run);
  }

  createJob(manifest: JobManifest): Job {
    this.#admit('Job', manifest.metadata.name, this.jobs);
    const attempt = attemptOf(manifest);
    const created = createdJob(manifest, this.outside);
    const job = { ...created, metadata: { ...created.metadata, generation: 1 } };
    const { queue } = job;
    mustHold(
      'a Job waits where it is in a queue, and nowhere else',
      (manifest.spec['suspend'] === true) === (queue !== undefined),
      job.metadata.name,
    );
    if (queue !== undefined) this.#takeUp(job);
    const owner = manifest.metadata.ownerReferences[0]?.uid ?? '';
    this.#runOf.set(job.metadata.uid, owner);
    const run = this.ownRuns().find(({ metadata }) => metadata.uid === owner);
    checkAttempt(this, manifest, run);
    if (run && attempt === 0) checkStart(this, run);
    this.jobsCreated.set(owner, [...(this.jobsCreated.get(owner) ?? []), job]);
    const stored = this.#store('Job', this.jobs, job);
    if (!run) this.removeJob(stored.metadata.name); // the garbage collector
    return stored;
  }

  /** One write, to a TaskRun that nobody owns. */
  adoptRun(name: string, uid: string, adoption: Adoption): TaskRun {
    this.calls += 1;
    const run = this.#find(this.runs, name, uid);
    mustHold(
      'nobody else is touched',
      controllerOf(run, 'Task') === undefined &&
        (run.spec.snapshot === undefined || Object.keys(adoption.spec).length === 0),
      `adopting ${name}`,
    );
    const adopted = adoptedRun(run, adoption, undefined); // no story retries
    mustBeValid.taskRunSpec(adopted.spec);
    return this.#store('TaskRun', this.runs, adopted);
  }

  getRun(name: string): TaskRun {
    this.calls += 1;
    return this.#find(this.runs, name);
  }

  getJob(name: string): Job {
    this.calls += 1;
    return this.#find(this.jobs, name);
  }

  writeRunStatus(name: string, uid: string, status: TaskRunStatus): TaskRun {
    this.calls += 1;
    mustBeValid.taskRunStatus(status);
    const run = this.#find(this.runs, name, uid);
    mustHold(
      'nobody else is touched',
      this.spoiled.has(uid) || isOwnedBy(run, this.task.metadata.uid),
      `status of TaskRun ${name}`,
    );
    mustHold('an outcome is final', !isFinished(run.status?.phase), `${name} was ${run.status?.phase}`);
    return this.#store('TaskRun', this.runs, { ...run, status });
  }

  writeTaskStatus(status: TaskStatus): Task {
    this.calls += 1;
    mustBeValid.taskStatus(status);
    checkScheduleStatus(this, this.task.status, status);
    this.task = { ...this.task, metadata: { ...this.task.metadata, resourceVersion: this.#nextVersion() }, status };
    this.changes.Task.push({ type: 'changed', object: this.task });
    return this.task;
  }

  /** In the background: the Job's pods go with it. */
  deleteJob(name: string, uid: string, podsFirst = false): void {
    this.calls += 1;
    const job = this.#find(this.jobs, name, uid);
    if (!this.spoiled.has(uid)) this.#mustBeDone(job);
    if (podsFirst) {
      this.pods = this.pods.filter((pod) => !isOwnedBy(pod, uid));
      this.#store('Job', this.jobs, { ...job, goesAfterPods: true });
    }
    this.#remove('Job', this.jobs, name);
  }

  /** A Job of ours is deleted once its run has finished. */
  #mustBeDone(job: Job): void {
    const { name } = job.metadata;
    const run = [...this.runs.values()].find(({ metadata }) => this.runOf(job) === metadata.uid);
    const isOurs = run && (this.spoiled.has(run.metadata.uid) || isOwnedBy(run, this.task.metadata.uid));
    mustHold('nobody else is touched', isOurs === true, `deleting Job ${name}`);
    const { phase } = run?.status ?? {};
    mustHold('no Job is deleted before its outcome is on record', isFinished(phase), `${name} of ${phase}`);
  }

  deleteRun(name: string, uid: string): void {
    this.calls += 1;
    const run = this.#find(this.runs, name, uid);
    const isOurs = this.spoiled.has(uid) || isOwnedBy(run, this.task.metadata.uid);
    mustHold('nobody else is touched', isOurs, `deleting TaskRun ${name}`);
    mustHold('a record goes after its run', isFinished(run.status?.phase), `${name} is ${run.status?.phase}`);
    this.removeRun(name);
  }

  // What others do.

  /** The clock goes on, or is set back; Jobs whose activeDeadlineSeconds are over end. */
  advance(seconds: number): void {
    this.now += seconds * 1000;
    // By a clock that was set back nothing waits since the future.
    for (const [uid, since] of this.waitsSince) this.waitsSince.set(uid, Math.min(since, this.now));
    this.#noteSchedule();
    for (const { metadata, spec, status } of this.ownJobs()) {
      const { activeDeadlineSeconds = Infinity } = spec as { readonly activeDeadlineSeconds?: number };
      const start = Date.parse(status?.startTime ?? '');
      if (this.now >= start + activeDeadlineSeconds * 1000) this.progress(metadata.name, 'fail', 'DeadlineExceeded');
    }
  }

  /** The earliest that any clock said while the schedule was the Task's. */
  inForceSince(schedule: Schedule): number {
    return this.#inForce.get(scheduleKey(schedule)) ?? Infinity;
  }

  /** Somebody makes a TaskRun: `kubectl create`. */
  createByHand(name: string, overrides: TaskRun['spec']['overrides']): void {
    const spec: TaskRun['spec'] = compact({ taskRef: { name: this.task.metadata.name }, overrides });
    mustBeValid.taskRunSpec(spec);
    if (!this.runs.has(name))
      this.#store('TaskRun', this.runs, {
        metadata: this.#newMeta({ name, namespace: 'default' }),
        spec,
        status: { phase: 'Pending' },
      });
  }

  /** As the schema has it, a finished run cannot be cancelled. */
  cancel(name: string): void {
    const run = this.#find(this.runs, name);
    if (!isFinished(run.status?.phase))
      this.#store('TaskRun', this.runs, { ...run, spec: { ...run.spec, cancel: true } });
  }

  /** The pods of Jobs that are no more end. */
  endPods(): void {
    this.pods = this.pods.filter((pod) => [...this.jobs.values()].some(({ metadata }) => isOwnedBy(pod, metadata.uid)));
  }

  /** KubeVela applies another version of the Task. */
  deploy(spec: Task['spec']): void {
    mustBeValid.taskSpec(spec);
    const { metadata } = this.task;
    const generation = (metadata.generation ?? 0) + 1;
    if (JSON.stringify(spec.schedule) !== JSON.stringify(this.task.spec.schedule)) this.scheduleGeneration = generation;
    this.task = { ...this.task, metadata: { ...metadata, generation, resourceVersion: this.#nextVersion() }, spec };
    this.versions.push(this.task);
    this.#noteSchedule();
    this.changes.Task.push({ type: 'changed', object: this.task });
  }

  /** Somebody else takes a name. */
  occupy(kind: 'TaskRun' | 'Job', name: string): void {
    const metadata = this.#newMeta({ name, namespace: 'default', labels: {}, ownerReferences: [] });
    if (kind === 'TaskRun' && !this.runs.has(name)) {
      this.#store('TaskRun', this.runs, {
        metadata,
        spec: { taskRef: { name: 'another', uid: 'another-uid' } },
        status: { phase: 'Pending' },
      });
    }
    if (kind === 'Job' && !this.jobs.has(name)) this.#store('Job', this.jobs, { metadata, spec: {} });
  }

  /** They give the names free again. */
  vacate(): void {
    const others = ({ metadata }: TaskRun | Job) => metadata.ownerReferences?.length === 0;
    for (const run of [...this.runs.values()].filter(others)) this.#remove('TaskRun', this.runs, run.metadata.name);
    for (const job of [...this.jobs.values()].filter(others)) this.#remove('Job', this.jobs, job.metadata.name);
  }

  /** Somebody writes it. */
  put<K extends 'TaskRun' | 'Job'>(kind: K, object: Objects[K]): void {
    this.#store(kind, (kind === 'TaskRun' ? this.runs : this.jobs) as Store<Objects[K]>, object);
  }

  /** Somebody makes it up. */
  putNew<K extends 'TaskRun' | 'Job'>(
    kind: K,
    object: Omit<Objects[K], 'metadata'> & { readonly metadata: NewMeta },
  ): void {
    const metadata = this.#newMeta(object.metadata);
    this.spoiled.add(metadata.uid);
    this.put(kind, { ...object, metadata } as unknown as Objects[K]);
  }

  /** The UID of the run that the Job is of, whatever became of its owner. */
  runOf({ metadata }: Job): string {
    return this.#runOf.get(metadata.uid) ?? controllerOf({ metadata }, 'TaskRun') ?? '';
  }

  removeJob(name: string): void {
    this.#remove('Job', this.jobs, name);
  }

  /** The TaskRun goes, and its Job with it, as the garbage collector does. */
  removeRun(name: string): void {
    const run = this.#find(this.runs, name);
    if (this.held.has(run.metadata.uid)) return this.#remove('TaskRun', this.runs, name);
    for (const job of this.jobs.values()) if (isOwnedBy(job, run.metadata.uid)) this.removeJob(job.metadata.name);
    this.#remove('TaskRun', this.runs, name);
  }

  /**
   * The Job controller and the kubelet bring a Job a step further; `text` is its reason to fail, or what it writes when
   * it completes.
   */
  progress(name: string, step: 'start' | 'podFails' | 'complete' | 'fail', text?: string): void {
    const job = this.#find(this.jobs, name);
    if (hasEnded(job) || job.spec.suspend === true) return;
    const at = this.rfc3339();
    const started = { startTime: at, active: 1, ready: 1, ...job.status };
    const failed = failuresOf(job) + 1;
    const end = (type: string): JobCondition[] => [
      { type, status: 'True', reason: text ?? 'BackoffLimitExceeded', message: 'limit', lastTransitionTime: at },
    ];
    const statuses: Record<typeof step, NonNullable<Job['status']>> = {
      start: started,
      podFails: { ...started, failed },
      complete: { ...started, active: 0, ready: 0, succeeded: 1, completionTime: at, conditions: end('Complete') },
      fail: { ...started, active: 0, ready: 0, failed, conditions: end('Failed') },
    };
    this.#start(job);
    // When the time is up, the Job controller deletes what still runs.
    if (step === 'podFails' || (step === 'fail' && text !== 'DeadlineExceeded')) this.#failedPod(job, failed);
    if (step === 'complete') this.#end(job, 'Succeeded', text);
    if (step === 'fail') this.#end(job, 'Failed');
    this.#store('Job', this.jobs, { ...job, status: statuses[step] });
  }

  /** Kueue lets a Job start, or takes its place away; the Job controller says a little later that it is suspended. */
  queue(name: string, act: QueueAct): void {
    const job = this.#find(this.jobs, name);
    if (hasEnded(job) || job.queue === undefined) return;
    if (act === 'deactivate' || act === 'giveUp') this.#deactivate(job, act === 'giveUp' ? gaveUp : 'Deactivated');
    else if (waitsInQueue(job)) this.#ofWaiting[act]?.(job);
    else if (act === 'evict') this.#evict(job, 'Preempted');
  }

  readonly #ofWaiting: { readonly [A in QueueAct]?: (job: Job) => void } = {
    suspended: (job) => this.#sayWhetherSuspended(job, 'True'),
    admit: (job) => {
      if (this.isKueueInstalled && this.workloads.get(job.metadata.uid)?.active === true) this.#admitted(job);
    },
    forget: ({ metadata }) => void this.workloads.delete(metadata.uid),
    activate: (job) => this.#say(job, { active: true }, quota('False')),
  };

  /** What the controller would read of Kueue. */
  queueing(): Queueing {
    const clusterQueues = new Map([['q', 'cq']]);
    return {
      installed: this.isKueueInstalled,
      workloads: this.isKueueInstalled ? this.workloads : new Map(),
      clusterQueues,
      priorityClasses: new Set(),
    };
  }

  /** Kueue is installed, and finds what waits. */
  openQueues(): void {
    this.isKueueInstalled = true;
    for (const job of this.ownJobs()) if (waitsInQueue(job)) this.#say(job, { active: true }, quota('False'));
  }

  #takeUp(job: Job): void {
    this.waitsSince.set(job.metadata.uid, this.now);
    this.#say(job, { active: true }, quota('False'));
  }

  #admitted(job: Job): void {
    const { suspend: _suspend, ...spec } = job.spec;
    this.waitsSince.delete(job.metadata.uid);
    this.#say(job, { active: true }, quota('True'), {
      type: 'Admitted',
      status: 'True',
      lastTransitionTime: this.rfc3339(),
    });
    this.#sayWhetherSuspended({ ...job, metadata: changed(job), spec }, 'False');
  }

  #deactivate(job: Job, reason: string): void {
    if (!waitsInQueue(job)) this.#evict(job, reason);
    this.#say(job, { active: false }, quota('False'), {
      type: 'Evicted',
      status: 'True',
      reason,
      message: 'The workload is deactivated',
    });
  }

  #evict(job: Job, reason: string): void {
    const { uid } = job.metadata;
    this.waitsSince.set(uid, this.now);
    this.pods = this.pods.filter((pod) => !isOwnedBy(pod, uid));
    this.#say(job, { active: true }, quota('False'), { type: 'Evicted', status: 'True', reason, message: '' });
    const { startTime: _startTime, active: _active, ready: _ready, ...status } = job.status ?? {};
    this.#store('Job', this.jobs, { ...job, metadata: changed(job), spec: { ...job.spec, suspend: true }, status });
  }

  #say({ metadata }: Job, { active }: Pick<Workload, 'active'>, ...conditions: JobCondition[]): void {
    const workload = {
      metadata: { ...metadata, name: `job-${metadata.name}` },
      active,
      requests: { cpu: '600m' },
      conditions,
    };
    this.workloads.set(metadata.uid, workload);
  }

  #sayWhetherSuspended(job: Job, status: 'True' | 'False'): void {
    const before = job.status?.conditions?.[0]?.status;
    const conditions = [{ type: 'Suspended', status, lastTransitionTime: this.rfc3339() }];
    const isNew = before !== status && (before !== undefined || status === 'True');
    this.#store('Job', this.jobs, {
      ...job,
      ...((isNew || job.status) && { status: { ...job.status, ...(isNew && { conditions }) } }),
    });
  }

  #start(job: Job): void {
    const { name, uid } = job.metadata;
    if (job.status?.startTime !== undefined) return;
    if (!this.starts.has(this.runOf(job))) this.starts.set(this.runOf(job), this.now);
    this.pods.push({ metadata: this.#podMeta(job, `${name}-runs`, `${uid}-pod`), phase: 'Running' });
  }

  #end(job: Job, phase: Outcome, text?: string): void {
    const { uid } = job.metadata;
    this.pods = this.pods.filter((pod) => pod.phase !== 'Running' || !isOwnedBy(pod, uid));
    this.ends.set(uid, { phase, at: this.now });
    if (text !== undefined) this.messages.set(uid, text);
    const declared = this.ownRuns().find(({ metadata }) => metadata.uid === this.runOf(job))?.spec.snapshot?.outputs;
    const isInvalid =
      phase === 'Succeeded' && declared !== undefined && readOutputs(declared, text).problem !== undefined;
    this.outcomes.set(this.runOf(job), isInvalid ? 'Failed' : phase);
  }

  /** The Task's own objects, oldest first. */
  ownRuns(): TaskRun[] {
    return [...this.runs.values()].filter((run) => isOwnedBy(run, this.task.metadata.uid));
  }

  ownJobs(): Job[] {
    return [...this.jobs.values()].filter(({ metadata }) => this.#runOf.has(metadata.uid));
  }

  rfc3339(): string {
    return rfc3339(new Date(this.now));
  }

  #failedPod(job: Job, count: number): void {
    const { name, uid } = job.metadata;
    const metadata = this.#podMeta(job, `${name}-${count}`, `${uid}-pod-${count}`);
    this.pods.push({ metadata, phase: 'Failed', failure: { container: 'mytask', exitCode: count, reason: 'Error' } });
  }

  #podMeta({ metadata: { name, namespace, uid } }: Job, podName: string, podUid: string): Meta {
    const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true }];
    return { name: podName, namespace, uid: podUid, creationTimestamp: this.rfc3339(), ownerReferences };
  }

  #noteSchedule(): void {
    const { schedule } = this.task.spec;
    if (schedule) this.#inForce.set(scheduleKey(schedule), Math.min(this.now, this.inForceSince(schedule)));
  }

  #admit(kind: 'TaskRun' | 'Job', name: string, store: Store<unknown>): void {
    this.calls += 1;
    if (store.has(name)) throw new Refused('AlreadyExists', `${kind} ${name}`);
    if (this.refuses[kind] === 'forNow') throw new Refused('Forbidden', `exceeded quota: ${kind} ${name}`);
    if (this.refuses[kind] === 'forGood') throw new Refused('Invalid', `${kind} ${name}`);
  }

  #find<T extends { readonly metadata: Meta }>(store: Store<T>, name: string, uid?: string): T {
    const found = store.get(name);
    if (!found || (uid !== undefined && found.metadata.uid !== uid)) throw new Refused('NotFound', name);
    return found;
  }

  #store<K extends 'TaskRun' | 'Job'>(kind: K, store: Store<Objects[K]>, object: Objects[K]): Objects[K] {
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: this.#nextVersion() } };
    store.set(object.metadata.name, stored);
    (this.changes[kind] as Change<K>[]).push({ type: 'changed', object: stored });
    return stored;
  }

  #remove<K extends 'TaskRun' | 'Job'>(kind: K, store: Store<Objects[K]>, name: string): void {
    const object = this.#find(store, name);
    const { uid, deletionTimestamp = this.rfc3339() } = object.metadata;
    if (this.held.has(uid)) {
      this.#store(kind, store, { ...object, metadata: { ...object.metadata, deletionTimestamp } });
      return;
    }
    store.delete(name);
    // What has ended goes at once; what runs is told to.
    this.pods = this.pods.filter((pod) => pod.phase === 'Running' || !isOwnedBy(pod, uid));
    this.messages.delete(uid);
    (this.changes[kind] as Change<K>[]).push({ type: 'deleted', object });
  }

  #newMeta(manifest: NewMeta): Meta {
    return { ...manifest, uid: this.#newUid(), creationTimestamp: this.rfc3339() };
  }

  #newUid(): string {
    this.#uid += 1;
    return `uid-${this.#uid}`;
  }

  #nextVersion(): string {
    this.#version += 1;
    return String(this.#version);
  }
}
