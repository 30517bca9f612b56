/**
 * A Task's part of a cluster, in memory: actions of `decide` are applied at once, and nothing runs. The controller does
 * the same with an API server (controllers/apply.ts).
 */
import type { Action, ActionKind, ActionOf } from '../domain/model/actions.ts';
import { compact } from '../domain/lang/compact.ts';
import { decide } from '../domain/decide.ts';
import { type Cluster, emptyState, type TaskState, withCluster, withMemory } from '../domain/model/state.ts';
import { answeredByRun } from '../domain/model/trigger.ts';
import { apiVersion, labels, type Task, type TaskRun } from '../resources/index.ts';
import { rfc3339 } from '../domain/lang/rfc3339.ts';
import { type Job, attemptOf, isOwnedBy } from '../domain/model/objects.ts';
import type { Memory, TakenNames } from '../domain/model/memory.ts';

/** More passes than any Task needs to settle: each pass creates, records or deletes something. */
const mostPasses = 2_000;

/** A Task without any other objects, first seen now. */
export function newState(task: Task, now: Date): TaskState {
  return withMemory(emptyState(task), { seenAt: new Map([[task.metadata.generation ?? 0, now.getTime()]]) });
}

type Handlers = { readonly [K in ActionKind]: (action: ActionOf<K>) => void };

export class MemoryCluster {
  #state: TaskState;
  readonly #now: Date;
  readonly #others: TakenNames;
  #uid = 0;

  /** @param others names of other owners' objects in the namespace */
  constructor(state: TaskState, now: Date, others: TakenNames) {
    this.#state = state;
    this.#now = now;
    this.#others = others;
    this.#uid = state.cluster.runs.length + state.cluster.jobs.length;
  }

  get state(): TaskState {
    return this.#state;
  }

  /**
   * Decides and applies until nothing is left to do but wait.
   * @returns what was done, in order
   * @throws Error if it does not settle
   */
  settle(): readonly Action[] {
    const done: Action[] = [];
    for (let pass = 0; pass < mostPasses; pass += 1) {
      const actions = decide(this.#state, this.#now);
      if (actions.every(({ kind }) => kind === 'wakeAt')) return done;
      for (const action of actions) {
        if (!this.#apply(action)) break;
        done.push(action);
      }
    }
    throw new Error(
      `the plan of Task ${this.#state.task.metadata.name} does not settle: report this as a bug, with the Application`,
    );
  }

  /** Changes that do not come from `decide`. */
  change(changes: Partial<Cluster>): void {
    this.#state = withCluster(this.#state, changes);
  }

  #remember(changes: Partial<Memory>): void {
    this.#state = withMemory(this.#state, changes);
  }

  /** Creates a Job of a run, for a step if the run has steps. */
  addJob(run: TaskRun, name: string, step: string | undefined, attempt = 0): Job {
    this.#uid += 1;
    const { namespace, uid } = run.metadata;
    const metadata = {
      name,
      namespace,
      uid: `job-${this.#uid}`,
      creationTimestamp: rfc3339(this.#now),
      ownerReferences: [{ apiVersion, kind: 'TaskRun', name: run.metadata.name, uid, controller: true }],
    };
    const job: Job = compact({ metadata, attempt: attempt === 0 ? undefined : attempt, step, spec: {} });
    this.change({ jobs: [...this.#state.cluster.jobs, job] });
    return job;
  }

  /** @returns false if the name is taken and everything must be decided again */
  #apply(action: Action): boolean {
    if (this.#noteTaken(action)) return false;
    const handle = this.#handlers[action.kind] as (action: Action) => void;
    handle(action);
    return true;
  }

  #noteTaken(action: Action): boolean {
    const { taken } = this.#state.memory;
    if (
      action.kind === 'createRun' &&
      this.#others.runs.has(action.run.metadata.name) &&
      !taken.runs.has(action.run.metadata.name)
    ) {
      this.#remember({ taken: { ...taken, runs: new Set([...taken.runs, action.run.metadata.name]) } });
      return true;
    }
    if (
      action.kind === 'createJob' &&
      this.#others.jobs.has(action.job.metadata.name) &&
      !taken.jobs.has(action.job.metadata.name)
    ) {
      this.#remember({ taken: { ...taken, jobs: new Set([...taken.jobs, action.job.metadata.name]) } });
      return true;
    }
    return false;
  }

  #changeRun(uid: string, change: (run: TaskRun) => TaskRun): void {
    this.change({ runs: this.#state.cluster.runs.map((run) => (run.metadata.uid === uid ? change(run) : run)) });
  }

  readonly #handlers: Handlers = {
    createRun: ({ run }) => {
      this.#uid += 1;
      const { metadata, spec } = run;
      const created: TaskRun = {
        metadata: { ...metadata, uid: `run-${this.#uid}`, creationTimestamp: rfc3339(this.#now) },
        spec,
        status: { phase: 'Pending' },
      };
      const [answered = this.#state.memory.answered] = answeredByRun(run);
      this.change({
        runs: [...this.#state.cluster.runs, created],
      });
      this.#remember({
        answered,
        lastScheduled: spec.trigger?.scheduledTime ?? this.#state.memory.lastScheduled,
      });
    },
    adoptRun: ({ name, uid, adoption, retryOf }) => {
      const orphan = this.#state.cluster.orphans.find(({ metadata }) => metadata.uid === uid);
      if (!orphan) return;
      const before = this.#state.cluster.runs.find(({ metadata }) => metadata.name === retryOf?.name);
      const spec = {
        ...orphan.spec,
        ...adoption.spec,
        ...(before?.spec.snapshot && { snapshot: before.spec.snapshot }),
      };
      const adopted = {
        ...orphan,
        metadata: { ...orphan.metadata, labels: adoption.labels, ownerReferences: [adoption.ownerReference] },
        spec,
      };
      this.change({
        orphans: this.#state.cluster.orphans.filter(({ metadata }) => metadata.name !== name),
        runs: [...this.#state.cluster.runs, adopted],
      });
    },
    fillTemplates: ({ uid, templates }) =>
      this.#changeRun(uid, (run) => ({
        ...run,
        spec: { ...run.spec, templates: templates as NonNullable<TaskRun['spec']['templates']> },
      })),
    createClaim: ({ claim: { metadata } }) => {
      const { name, namespace } = metadata;
      this.change({
        claims: [
          ...this.#state.cluster.claims,
          { metadata: { name, namespace, uid: `claim-${name}`, creationTimestamp: rfc3339(this.#now) } },
        ],
      });
    },
    deleteClaim: ({ uid }) =>
      this.change({ claims: this.#state.cluster.claims.filter(({ metadata }) => metadata.uid !== uid) }),
    createJob: ({ run, step, job }) => {
      const owner = this.#state.cluster.runs.find(({ metadata }) => metadata.name === run);
      if (owner)
        this.addJob(
          owner,
          job.metadata.name,
          step,
          attemptOf({ attempt: Number(job.metadata.labels[labels.attempt] ?? 0) }),
        );
    },
    checkJob: ({ uid }) => this.#remember({ goneJobs: new Set([...this.#state.memory.goneJobs, uid]) }),
    readTermination: ({ uid }) =>
      this.#remember({ terminationMessages: new Map([...this.#state.memory.terminationMessages, [uid, {}]]) }),
    checkStep: ({ run }) =>
      this.#remember({
        steps: new Map([...this.#state.memory.steps, [run, { at: this.#now.getTime(), known: true }]]),
      }),
    writeRunStatus: ({ uid, status }) => this.#changeRun(uid, (run) => ({ ...run, status })),
    deleteJob: ({ uid }) =>
      this.change({
        jobs: this.#state.cluster.jobs.filter(({ metadata }) => metadata.uid !== uid),
        pods: this.#state.cluster.pods.filter((pod) => !isOwnedBy(pod, uid)),
      }),
    deleteRun: ({ uid }) =>
      this.change({
        runs: this.#state.cluster.runs.filter(({ metadata }) => metadata.uid !== uid),
        jobs: this.#state.cluster.jobs.filter((job) => !isOwnedBy(job, uid)),
      }),
    writeTaskStatus: ({ status }) => {
      this.#state = { ...this.#state, task: { ...this.#state.task, status } };
    },
    event: () => undefined,
    nudge: ({ value }) => this.#remember({ nudged: value }),
    expectLook: ({ value }) => this.#remember({ nudged: value }),
    wakeAt: () => undefined,
  };
}
