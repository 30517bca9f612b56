/** Who makes up what happens to one Task: deployments, runs by hand, cancels, deletions. */
import { setTimeout as delay } from 'node:timers/promises';
import { taskRuns, tasks, type TaskRunObject } from '../../controller/src/cluster/resource-types.ts';
import { isFinished } from '../../controller/src/domain/model/phase.ts';
import { ApiError, isNotFound } from '../../controller/src/kube/api-error.ts';
import type { Client } from '../../controller/src/kube/client.ts';
import { listAll } from '../../controller/src/kube/list-all.ts';
import type { Stored } from '../../controller/src/kube/objects.ts';
import { jobs } from '../../controller/src/kube/resources.ts';
import { apiVersion, type TaskSpec } from '../../controller/src/resources/index.ts';
import { deploy, type Deployment } from '../support/deploy.ts';
import { pick, type Random } from '../support/random.ts';
import type { Kueue } from '../support/kueue/kueue.ts';

const between = (random: Random, from: number, to: number): number => from + random() * (to - from);

type Made = Omit<Deployment, 'namespace' | 'revision' | 'component'>;

/** What a node does with a pod: it is done soon, later or never, and sometimes it fails. */
function pods(random: Random): NonNullable<Deployment['pods']> {
  const duration = pick(random, ['50ms', '200ms', '1s', '3s', '1h']);
  return { duration, exitCode: duration !== '1h' && random() < 0.3 ? '1' : '0' };
}

function policy(random: Random): NonNullable<TaskSpec['executionPolicy']> {
  return {
    concurrencyPolicy: pick(random, ['Allow', 'Forbid', 'Replace', 'Queue']),
    keepLast: pick(random, [0, 1, 3]),
    keepLastFailed: pick(random, [0, 1]),
    historyLimit: pick(random, [5, 50]),
  };
}

/** Each kind of Task, with made-up details. */
const kinds: Readonly<Record<string, (random: Random) => Made>> = {
  plain: (random) => ({ pods: pods(random), policy: policy(random) }),
  retried: (random) => ({
    pods: pods(random),
    policy: policy(random),
    spec: { retry: { limit: 2, delaySeconds: 1 } },
  }),
  replaced: (random) => ({ pods: pods(random), policy: { unique: false } }),
  flow: (random) => ({
    policy: policy(random),
    steps: [
      { name: 'first', pods: pods(random) },
      { name: 'beside', pods: pods(random) },
      { name: 'then', dependsOn: ['first'], pods: pods(random) },
      { name: 'clean', dependsOn: ['then', 'beside'], when: 'Always', pods: { duration: '50ms' } },
    ],
  }),
  items: (random) => ({
    pods: pods(random),
    policy: policy(random),
    spec: { items: [{ name: 'a' }, { name: 'b' }, { name: 'c' }], maxParallel: pick(random, [1, 3]) },
  }),
  nodes: (random) => ({ pods: pods(random), policy: policy(random), spec: { nodes: {} } }),
  queued: (random) => ({ pods: pods(random), policy: policy(random), spec: { queue: { name: 'q' } } }),
  scheduled: (random) => ({
    pods: { duration: pick(random, ['50ms', '3s']) },
    policy: policy(random),
    spec: { schedule: { crons: ['* * * * *'] } },
  }),
};

export const kindNames = Object.keys(kinds);

/** The queue of the Tasks of kind `queued`, which may be stopped. */
export type Queue = Pick<Kueue, 'stopQueue' | 'resumeQueue'>;

export interface TellerOptions {
  readonly client: Client;
  /** Its ClusterQueue, if there is one, has the same name. */
  readonly namespace: string;
  /** One of `kindNames`. */
  readonly kind: string;
  readonly queue: Queue;
  readonly random: Random;
}

/** One Task, whose name is its component's. */
export class Teller {
  readonly name: string;
  readonly #client: Client;
  readonly #namespace: string;
  readonly #random: Random;
  readonly #kind: string;
  readonly #queue: Queue;
  #revision = 0;
  #asked = 0;
  /** What was done, for whoever reads a finding. */
  readonly told: string[] = [];

  constructor({ client, namespace, kind, queue, random }: TellerOptions) {
    this.#client = client;
    this.#namespace = namespace;
    this.#kind = kind;
    this.#queue = queue;
    this.#random = random;
    this.name = `app-${kind}`;
  }

  /** Goes on until then, and leaves nothing behind that would never end. */
  async tell(until: number): Promise<void> {
    await this.#do('deploy', () => this.#deploy());
    while (Date.now() < until) {
      await delay(between(this.#random, 50, 3_000));
      const [what, move] = pick(this.#random, this.#kind === 'queued' ? this.#movesInQueue : this.#moves);
      await this.#do(what, move);
    }
  }

  /** Lets go what is held, and asks for nothing more. */
  async finish(): Promise<void> {
    await this.#do('rest', async () => {
      const change = { suspend: false, ...(this.#kind === 'scheduled' && { schedule: null }) };
      await this.#client.patch(tasks, this.#at(), { spec: change });
    });
    if (this.#kind === 'queued') await this.#do('resume the queue', () => this.#queue.resumeQueue(this.#namespace));
  }

  /** Whether all runs have finished and the Task has reported them; cancels those that may go on for ever. */
  async isAtRest(): Promise<boolean> {
    const task = await this.#client.get(tasks, this.#at()).catch(unlessGone);
    if (!task) return true;
    const { status, metadata } = task;
    const active = (await this.#runs()).filter((run) => !isFinished(run.status?.phase));
    for (const run of active.filter(({ spec }) => !spec.cancel))
      await this.#do(`cancel ${run.metadata.name}`, () => this.#cancel(run));
    return active.length === 0 && status?.observedGeneration === metadata.generation && status?.totals?.active === 0;
  }

  readonly #moves: readonly (readonly [string, () => Promise<unknown>])[] = [
    ...Array.from({ length: 5 }, () => ['deploy', () => this.#deploy()] as const),
    ['roll back', () => this.#deploy(Math.max(1, this.#revision - 2))],
    ['deploy three times', async () => void (await Promise.all([1, 2, 3].map(() => this.#deploy())))],
    ...Array.from({ length: 3 }, () => ['ask', () => this.#ask()] as const),
    [
      'cancel',
      () =>
        this.#withRun(
          (run) => !isFinished(run.status?.phase),
          (run) => this.#cancel(run),
        ),
    ],
    [
      'cancel',
      () =>
        this.#withRun(
          (run) => !isFinished(run.status?.phase),
          (run) => this.#cancel(run),
        ),
    ],
    [
      'retry',
      () =>
        this.#withRun(
          (run) => run.status?.phase === 'Failed',
          (run) => this.#ask(run.metadata.name),
        ),
    ],
    [
      'forget',
      () =>
        this.#withRun(
          (run) => isFinished(run.status?.phase),
          (run) => this.#delete(run),
        ),
    ],
    ['suspend', () => this.#patchTask({ suspend: true })],
    ['resume', () => this.#patchTask({ suspend: false })],
    ['delete a Job', () => this.#deleteJob()],
    ['delete the Task', () => this.#deleteTask()],
  ];

  readonly #movesInQueue: readonly (readonly [string, () => Promise<unknown>])[] = [
    ...this.#moves,
    ['stop the queue', () => this.#queue.stopQueue(this.#namespace)],
    ['resume the queue', () => this.#queue.resumeQueue(this.#namespace)],
    ['resume the queue', () => this.#queue.resumeQueue(this.#namespace)],
  ];

  /** Refusals and races are part of the story; what is not an answer is a fault of the campaign. */
  async #do(what: string, move: () => Promise<unknown>): Promise<void> {
    const at = new Date().toISOString();
    try {
      await move();
      this.told.push(`${at} ${what}`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.told.push(`${at} ${what}: ${error.message}`);
    }
  }

  async #deploy(revision = (this.#revision += 1)): Promise<void> {
    const made = kinds[this.#kind]?.(this.#random);
    await deploy(this.#client, { ...made, namespace: this.#namespace, revision, component: this.#kind });
  }

  #ask(retryOf?: string): Promise<unknown> {
    this.#asked += 1;
    const metadata = { name: `${this.#kind}-hand-${this.#asked}`, namespace: this.#namespace };
    const spec = { taskRef: { name: this.name }, ...(retryOf !== undefined && { retryOf }) };
    return this.#client.create(taskRuns, { apiVersion, kind: 'TaskRun', metadata, spec });
  }

  #cancel({ metadata: { name, namespace } }: Stored<TaskRunObject>): Promise<unknown> {
    return this.#client.patch(taskRuns, { name, namespace }, { spec: { cancel: true } });
  }

  #delete({ metadata: { name, namespace } }: Stored<TaskRunObject>): Promise<unknown> {
    return this.#client.delete(taskRuns, { name, namespace });
  }

  #patchTask(spec: Partial<TaskSpec>): Promise<unknown> {
    return this.#client.patch(tasks, this.#at(), { spec });
  }

  /** As somebody would who does not know TaskRuns. */
  async #deleteJob(): Promise<void> {
    const ours = { namespace: this.#namespace, labelSelector: `task.oam.dev/task=${this.name}` };
    const found = await listAll(this.#client, jobs, ours);
    if (found.length === 0) return;
    const { name, namespace } = pick(this.#random, found).metadata;
    await this.#client.delete(jobs, { name, namespace }, { propagationPolicy: 'Background' });
  }

  /** KubeVela creates a Task again that somebody deleted, or a person takes a component out and puts it in again. */
  async #deleteTask(): Promise<void> {
    if (this.#random() < 0.7) return;
    await this.#client.delete(tasks, this.#at());
    await this.#deploy();
  }

  async #withRun(
    which: (run: Stored<TaskRunObject>) => boolean,
    act: (run: Stored<TaskRunObject>) => Promise<unknown>,
  ): Promise<void> {
    const found = (await this.#runs()).filter(which);
    if (found.length > 0) await act(pick(this.#random, found));
  }

  async #runs(): Promise<readonly Stored<TaskRunObject>[]> {
    const all = await listAll(this.#client, taskRuns, { namespace: this.#namespace });
    return all.filter(({ spec }) => spec.taskRef.name === this.name);
  }

  #at() {
    return { namespace: this.#namespace, name: this.name };
  }
}

function unlessGone(error: unknown): undefined {
  if (isNotFound(error)) return undefined;
  throw error;
}
