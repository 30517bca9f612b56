/**
 * A Task's part of a cluster, in memory: what `decide` returns is carried out at once, and nothing runs.
 */
import { apiVersion, labels, type Task, type TaskRun } from '../resources/index.ts';
import { carryOut, createdJob, type Outside, quietOutside } from '../domain/carry-out.ts';
import { decide } from '../domain/decide.ts';
import type { Action } from '../domain/model/actions.ts';
import type { TakenNames } from '../domain/model/memory.ts';
import type { Job } from '../domain/model/objects.ts';
import { type Cluster, emptyState, type TaskState, withCluster, withMemory } from '../domain/model/state.ts';

/** A plan shows no claims, so their names do not matter to it. */
export type OthersNames = Omit<TakenNames, 'claims'>;

/** More passes than any Task needs to settle: each pass creates, records or deletes something. */
const mostPasses = 2_000;

/** A Task without any other objects, first seen now. */
export function newState(task: Task, now: Date): TaskState {
  return withMemory(emptyState(task), { seenAt: new Map([[task.metadata.generation ?? 0, now.getTime()]]) });
}

export class MemoryCluster {
  #state: TaskState;
  readonly #now: Date;
  readonly #others: OthersNames;
  readonly #outside: Outside;

  /** @param others names of other owners' objects in the namespace */
  constructor(state: TaskState, now: Date, others: OthersNames) {
    this.#state = state;
    this.#now = now;
    this.#others = others;
    let created = state.cluster.runs.length + state.cluster.jobs.length;
    const newUid: Outside['newUid'] = (kind) => `${kind}-${(created += 1)}`;
    this.#outside = { ...quietOutside, now: now.getTime(), newUid };
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
        if (this.#isRefused(action)) break;
        this.#carryOut(action);
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

  /** Creates the first Job of a step of a run. */
  addJob(run: TaskRun, name: string, step: string): void {
    const { namespace, uid } = run.metadata;
    const ownerReferences = [{ apiVersion, kind: 'TaskRun', name: run.metadata.name, uid, controller: true }];
    const metadata = { name, namespace, labels: { [labels.step]: step }, ownerReferences };
    const job = createdJob({ apiVersion: 'batch/v1', kind: 'Job', metadata, spec: {} }, this.#outside);
    this.change({ jobs: [...this.#state.cluster.jobs, job] });
  }

  #carryOut(action: Action): void {
    this.#state = carryOut(this.#state, action, this.#outside);
    if (action.kind === 'createJob') this.change({ jobs: this.#state.cluster.jobs.map(admitted) });
  }

  /** Whether the name is taken, so that everything must be decided again. */
  #isRefused(action: Action): boolean {
    const { taken } = this.#state.memory;
    if (action.kind !== 'createRun' && action.kind !== 'createJob') return false;
    const kind = action.kind === 'createRun' ? 'runs' : 'jobs';
    const { name } = (action.kind === 'createRun' ? action.run : action.job).metadata;
    if (!this.#others[kind].has(name) || taken[kind].has(name)) return false;
    this.#state = withMemory(this.#state, { taken: { ...taken, [kind]: new Set([...taken[kind], name]) } });
    return true;
  }
}

/** What Kueue makes of a Job is not known: each counts as if it started at once. */
function admitted(job: Job): Job {
  const { suspend: _suspend, ...spec } = job.spec;
  return { ...job, spec };
}
