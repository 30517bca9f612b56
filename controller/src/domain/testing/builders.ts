/**
 * Objects for tests: `aTask()`, `aRun()`, `aJob()`, `aPod()` and `aState()` are valid as they are, and each call in the
 * chain changes one thing. A builder is never changed itself, so one may be shared between rows.
 */
import { apiVersion, labels, velaLabels } from '../../resources/index.ts';
import type {
  ExecutionPolicy,
  Meta,
  OwnerReference,
  Task,
  TaskRun,
  TaskRunStatus,
  TaskStatus,
} from '../../resources/index.ts';
import { snapshotOf } from '../manifest/snapshot.ts';
import type { Memory, Refusal, TakenNames } from '../model/memory.ts';
import type { ContainerFailure, Job, JobCondition, Pod, PodRefusal } from '../model/objects.ts';
import { type Cluster, emptyState, type TaskState, withCluster, withMemory } from '../model/state.ts';
import { triggerValue } from '../model/trigger.ts';

/** The moment from which tests count. */
export const noon = new Date('2026-03-20T12:00:00Z');

export function after(seconds: number): Date {
  return new Date(noon.getTime() + seconds * 1000);
}

/** A moment as the API server writes it. */
export function rfc3339(seconds: number): string {
  return after(seconds).toISOString().replace('.000Z', 'Z');
}

function ownedBy(kind: string, { name, uid }: Pick<Meta, 'name' | 'uid'>): OwnerReference[] {
  return [
    {
      apiVersion: kind === 'Job' ? 'batch/v1' : apiVersion,
      kind,
      name,
      uid,
      controller: true,
      blockOwnerDeletion: true,
    },
  ];
}

class TaskBuilder {
  readonly #task: Task;

  constructor(task: Task) {
    this.#task = task;
  }

  build(): Task {
    return this.#task;
  }

  meta(changes: Partial<Meta>): TaskBuilder {
    return new TaskBuilder({ ...this.#task, metadata: { ...this.#task.metadata, ...changes } });
  }

  spec(changes: Partial<Task['spec']>): TaskBuilder {
    return new TaskBuilder({ ...this.#task, spec: { ...this.#task.spec, ...changes } });
  }

  named(name: string): TaskBuilder {
    return this.meta({ name });
  }

  component(component: string): TaskBuilder {
    return this.meta({ labels: { ...this.#task.metadata.labels, [velaLabels.component]: component } });
  }

  /** A Task that nothing of KubeVela made. */
  withoutApplication(): TaskBuilder {
    const { labels: _labels, ...metadata } = this.#task.metadata;
    return new TaskBuilder({ ...this.#task, metadata });
  }

  appliedAt(time: string): TaskBuilder {
    return this.meta({ annotations: { 'app.oam.dev/last-applied-time': time } });
  }

  generation(generation: number): TaskBuilder {
    return this.meta({ generation });
  }

  /** The trigger and generation of a deployment: `revision('app-worker-v3')` is of generation 3. */
  revision(appRevision: string, generation = Number(/\d+$/.exec(appRevision)?.[0] ?? 1)): TaskBuilder {
    return this.generation(generation).spec({ trigger: { appRevision, publishVersion: '' } });
  }

  trigger(trigger: NonNullable<Task['spec']['trigger']>): TaskBuilder {
    return this.spec({ trigger });
  }

  policy(executionPolicy: ExecutionPolicy): TaskBuilder {
    return this.spec({ executionPolicy: { ...this.#task.spec.executionPolicy, ...executionPolicy } });
  }

  running(...command: string[]): TaskBuilder {
    return this.spec({
      template: { spec: { containers: [{ name: 'mytask', image: 'busybox', command }], restartPolicy: 'Never' } },
    });
  }

  job(job: NonNullable<Task['spec']['job']>): TaskBuilder {
    return this.spec({ job });
  }

  status(status: TaskStatus | undefined): TaskBuilder {
    const { status: _status, ...rest } = this.#task;
    return new TaskBuilder(status ? { ...rest, status } : rest);
  }
}

/** The Task of component mytask of Application app-worker, first deployed at noon as app-worker-v1. */
export function aTask(): TaskBuilder {
  return new TaskBuilder({
    metadata: {
      name: 'app-worker-mytask',
      namespace: 'default',
      uid: 'task-uid',
      generation: 1,
      creationTimestamp: rfc3339(0),
      labels: {
        [velaLabels.application]: 'app-worker',
        [velaLabels.applicationNamespace]: 'default',
        [velaLabels.component]: 'mytask',
        'app.oam.dev/app-revision-hash': 'c2a9b2aca82010ba',
      },
    },
    spec: { trigger: { appRevision: 'app-worker-v1', publishVersion: '' }, template: {} },
  }).running('sh', '-c', 'echo one');
}

class RunBuilder {
  readonly #run: TaskRun;

  constructor(run: TaskRun) {
    this.#run = run;
  }

  build(): TaskRun {
    return this.#run;
  }

  meta(changes: Partial<Meta>): RunBuilder {
    return new RunBuilder({ ...this.#run, metadata: { ...this.#run.metadata, ...changes } });
  }

  spec(changes: Partial<TaskRun['spec']>): RunBuilder {
    return new RunBuilder({ ...this.#run, spec: { ...this.#run.spec, ...changes } });
  }

  named(name: string): RunBuilder {
    return this.meta({ name, uid: `${name}-uid` });
  }

  createdAt(seconds: number): RunBuilder {
    return this.meta({ creationTimestamp: rfc3339(seconds) });
  }

  sharing(jobName: string): RunBuilder {
    return this.spec({ jobName });
  }

  status(status: TaskRunStatus): RunBuilder {
    return new RunBuilder({ ...this.#run, status });
  }

  /** As recorded once its Job was there, which nothing has happened to yet. */
  started(): RunBuilder {
    const { name } = this.#run.metadata;
    return this.status({ phase: 'Pending', jobs: [{ name, uid: `${name}-job-uid`, phase: 'Pending' }] });
  }

  running(startSeconds: number): RunBuilder {
    const { name } = this.#run.metadata;
    return this.status({
      phase: 'Running',
      startTime: rfc3339(startSeconds),
      jobs: [{ name, uid: `${name}-job-uid`, phase: 'Running' }],
    });
  }

  /** Started at its creation, finished 31 seconds later; caches keep no more of a finished run. */
  finished(phase: 'Succeeded' | 'Failed' | 'Cancelled' = 'Succeeded'): RunBuilder {
    const start = this.#run.metadata.creationTimestamp;
    const completionTime = new Date(Date.parse(start) + 31_000).toISOString().replace('.000Z', 'Z');
    return this.status({ phase, startTime: start, completionTime, duration: '31s' });
  }
}

/** The run that a version of a Task asked for, created at noon. */
export function aRun(of: TaskBuilder = aTask(), name?: string): RunBuilder {
  const { metadata, spec } = of.build();
  const runName = name ?? `mytask-v${metadata.generation ?? 1}`;
  return new RunBuilder({
    metadata: {
      name: runName,
      namespace: metadata.namespace,
      uid: `${runName}-uid`,
      creationTimestamp: rfc3339(0),
      labels: {
        [velaLabels.application]: 'app-worker',
        [velaLabels.component]: 'mytask',
        [labels.task]: metadata.name,
      },
      ownerReferences: ownedBy('Task', metadata),
    },
    spec: {
      taskRef: { name: metadata.name, uid: metadata.uid },
      trigger: { type: 'Revision', value: triggerValue(spec.trigger), generation: metadata.generation ?? 0 },
      snapshot: snapshotOf(of.build()),
    },
    status: { phase: 'Pending' },
  });
}

class JobBuilder {
  readonly #job: Job;

  constructor(job: Job) {
    this.#job = job;
  }

  build(): Job {
    return this.#job;
  }

  meta(changes: Partial<Meta>): JobBuilder {
    return new JobBuilder({ ...this.#job, metadata: { ...this.#job.metadata, ...changes } });
  }

  spec(spec: Job['spec']): JobBuilder {
    return new JobBuilder({ ...this.#job, spec });
  }

  status(status: NonNullable<Job['status']>): JobBuilder {
    return new JobBuilder({ ...this.#job, status: { ...this.#job.status, ...status } });
  }

  running(startSeconds: number): JobBuilder {
    return this.status({ startTime: rfc3339(startSeconds), active: 1, ready: 1 });
  }

  complete(seconds: number): JobBuilder {
    const completionTime = rfc3339(seconds);
    const condition: JobCondition = { type: 'Complete', status: 'True', lastTransitionTime: completionTime };
    return this.status({ active: 0, ready: 0, succeeded: 1, completionTime, conditions: [condition] });
  }

  failed(
    seconds: number,
    reason = 'BackoffLimitExceeded',
    message = 'Job has reached the specified backoff limit',
  ): JobBuilder {
    const condition: JobCondition = {
      type: 'Failed',
      status: 'True',
      reason,
      message,
      lastTransitionTime: rfc3339(seconds),
    };
    return this.status({ active: 0, ready: 0, failed: 1, conditions: [condition] });
  }
}

/** The Job of a run, just created. */
export function aJob(of: RunBuilder = aRun()): JobBuilder {
  const { metadata, spec } = of.build();
  return new JobBuilder({
    metadata: {
      name: spec.jobName ?? metadata.name,
      namespace: metadata.namespace,
      uid: `${metadata.name}-job-uid`,
      creationTimestamp: metadata.creationTimestamp,
      ownerReferences: ownedBy('TaskRun', metadata),
    },
    spec: {},
  });
}

class PodBuilder {
  readonly #pod: Pod;

  constructor(pod: Pod) {
    this.#pod = pod;
  }

  build(): Pod {
    return this.#pod;
  }

  createdAt(seconds: number): PodBuilder {
    return new PodBuilder({ ...this.#pod, metadata: { ...this.#pod.metadata, creationTimestamp: rfc3339(seconds) } });
  }

  /** An owner that does not control it. */
  alsoOwnedBy(job: JobBuilder): PodBuilder {
    const { metadata } = this.#pod;
    const others = ownedBy('Job', job.build().metadata).map((owner) => ({ ...owner, controller: false }));
    const ownerReferences = [...(metadata.ownerReferences ?? []), ...others];
    return new PodBuilder({ ...this.#pod, metadata: { ...metadata, ownerReferences } });
  }

  phase(phase: string): PodBuilder {
    return new PodBuilder({ ...this.#pod, phase });
  }

  waiting(reason: string, message: string): PodBuilder {
    return new PodBuilder({ ...this.#pod, waiting: { reason, message } });
  }

  failed(failure: ContainerFailure): PodBuilder {
    return new PodBuilder({ ...this.#pod, phase: 'Failed', failure });
  }
}

/** A pending pod of a Job. */
export function aPod(of: JobBuilder = aJob()): PodBuilder {
  const { metadata } = of.build();
  return new PodBuilder({
    metadata: {
      name: `${metadata.name}-x7k2p`,
      namespace: metadata.namespace,
      uid: `${metadata.name}-pod-uid`,
      creationTimestamp: metadata.creationTimestamp,
      ownerReferences: ownedBy('Job', metadata),
    },
    phase: 'Pending',
  });
}

interface Buildable<T> {
  build(): T;
}

class StateBuilder {
  readonly #state: TaskState;

  constructor(state: TaskState) {
    this.#state = state;
  }

  build(): TaskState {
    return this.#state;
  }

  cluster(changes: Partial<Cluster>): StateBuilder {
    return new StateBuilder(withCluster(this.#state, changes));
  }

  memory(changes: Partial<Memory>): StateBuilder {
    return new StateBuilder(withMemory(this.#state, changes));
  }

  task(task: Buildable<Task>): StateBuilder {
    return new StateBuilder({ ...this.#state, task: task.build() });
  }

  earlier(...tasks: Buildable<Task>[]): StateBuilder {
    return this.memory({ earlier: tasks.map((task) => task.build()) });
  }

  runs(...runs: Buildable<TaskRun>[]): StateBuilder {
    return this.cluster({ runs: runs.map((run) => run.build()) });
  }

  jobs(...jobs: Buildable<Job>[]): StateBuilder {
    return this.cluster({ jobs: jobs.map((job) => job.build()) });
  }

  deletedJobs(...jobs: Buildable<Job>[]): StateBuilder {
    return this.memory({ deletedJobs: jobs.map((job) => job.build()) });
  }

  pods(...pods: Buildable<Pod>[]): StateBuilder {
    return this.cluster({ pods: pods.map((pod) => pod.build()) });
  }

  podRefusal(podRefusal: PodRefusal): StateBuilder {
    return this.cluster({ podRefusals: [podRefusal] });
  }

  refusals(...refusals: Refusal[]): StateBuilder {
    return this.memory({ refusals });
  }

  taken({ runs, jobs, claims }: { readonly [K in keyof TakenNames]?: readonly string[] }): StateBuilder {
    return this.memory({ taken: { runs: new Set(runs), jobs: new Set(jobs), claims: new Set(claims) } });
  }

  gone(...uids: string[]): StateBuilder {
    return this.memory({ goneJobs: new Set(uids) });
  }
}

/** A Task of which nothing else exists or is remembered. */
export function aState(task: Buildable<Task> = aTask()): StateBuilder {
  return new StateBuilder(emptyState(task.build()));
}

/** A refusal of mytask-v1's Job because of a quota, to be tried again two seconds after noon. */
export function aRefusal(changes: Partial<Refusal> = {}): Refusal {
  return {
    object: 'Job',
    run: 'mytask-v1',
    reason: 'QuotaExceeded',
    message: 'Job mytask-v1 was refused: exceeded quota: jobs, requested: count/jobs.batch=1, used: 0, limited: 0',
    final: false,
    retryAt: after(2).getTime(),
    ...changes,
  };
}
