/**
 * kill -9 between any two API calls of the controller. What it only reads changes nothing, so the points that differ
 * are just before and just after each call that changes something, with a real process and a real API server.
 *
 * `make campaign` drives each of them in every story. `make test` drives a slice that the seed of the run makes up:
 * every story, with one kill before and one after a call of each of its steps, and every kind of call on both sides.
 */
import { join } from 'node:path';
import type { Job } from 'kubernetes-types/batch/v1.js';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { taskRuns, tasks, type TaskRunObject } from '../../controller/src/cluster/resource-types.ts';
import { isFinished } from '../../controller/src/domain/model/phase.ts';
import { compareResourceVersions, controllerUid, type Stored } from '../../controller/src/kube/objects.ts';
import { namespaces } from '../../controller/src/kube/resources.ts';
import { labels, queueLabels } from '../../controller/src/resources/index.ts';
import { startApiProxy, type ApiProxy, type ChangingCall, type PlugPulled } from '../support/api-proxy.ts';
import { goesOn, isCampaign } from '../support/campaign.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { startController, type ControllerProcess } from '../support/controller-process.ts';
import { deploy, finishedTask, taskWhere, type Deployment } from '../support/deploy.ts';
import { eventually } from '../support/eventually.ts';
import { workloads } from '../support/kueue/kinds.ts';
import { startActor, type Kueue } from '../support/kueue/kueue.ts';
import { keepLedger, type History, type Ledger } from '../support/ledger.ts';
import { randomOf, shuffled } from '../support/random.ts';

/** Plays at the same time, each in a namespace of its own. */
const atOnce = pLimit(6);
/** What a story may take; those of a campaign take turns with each other. */
const storyMs = isCampaign ? 3_600_000 : 900_000;
/** With as many processes, on a machine that has other work. */
const patience = { seconds: 180 };

interface DeployStep extends Omit<Deployment, 'namespace'> {
  /** Take the next step when this one is in that phase, instead of when it has ended. */
  readonly nextWhen?: 'Running' | 'Queued';
  /** The cron that the Task gets, made when it is deployed. */
  readonly schedule?: () => string;
}

/** A person creates a TaskRun of that name, possibly a retry of a run that failed and fails again, or cancels one. */
type PersonStep = { readonly ask: string; readonly retryOf?: string } | { readonly cancel: string };

/** The ClusterQueue of the play is stopped, which evicts the run, or goes on, which starts it again. */
type QueueStep = { readonly queue: 'stop' | 'resume'; readonly run: string };

type Step = DeployStep | PersonStep | QueueStep;

/** A run that ever was, with the Jobs that it ever had. */
interface Story {
  readonly run: string;
  readonly ran: string;
  readonly phase: string | undefined;
  /** By name: what a flow starts at the same time has no order. */
  readonly jobs: readonly string[];
}

interface Scenario {
  readonly name: string;
  readonly steps: readonly Step[];
  /** All runs that ever were, oldest first. */
  readonly story: readonly Story[];
  /** What is left at rest. */
  readonly left: { readonly runs: readonly string[]; readonly jobs: readonly string[] };
}

const policy = { keepLast: 1, keepLastFailed: 1, historyLimit: 2 };
const deployments: Scenario = {
  name: 'deploy',
  steps: [
    { revision: 1, command: 'one', policy },
    { revision: 2, command: 'two', policy },
    // A roll-back. It runs for longer than news is held back, so that Running is told, too.
    { revision: 1, command: 'one', policy, pods: { duration: '2s' } },
    { revision: 3, command: 'three', policy: { ...policy, healthyWhen: 'Started' }, pods: { exitCode: '3' } },
  ],
  story: [
    { run: 'mytask-v1', ran: 'one', phase: 'Succeeded', jobs: ['mytask-v1'] },
    { run: 'mytask-v2', ran: 'two', phase: 'Succeeded', jobs: ['mytask-v2'] },
    { run: 'mytask-v1-#', ran: 'one', phase: 'Succeeded', jobs: ['mytask-v1-#'] },
    { run: 'mytask-v3', ran: 'three', phase: 'Failed', jobs: ['mytask-v3'] },
  ],
  left: { runs: ['mytask-v1-#', 'mytask-v3'], jobs: ['mytask-v1-#', 'mytask-v3'] },
};

const shared = { unique: false } as const;
const replacements: Scenario = {
  name: 'replace',
  steps: [
    { revision: 1, command: 'one', policy: shared, pods: { duration: '1h' }, nextWhen: 'Running' },
    { revision: 2, command: 'two', policy: shared },
    { revision: 3, command: 'three', policy: shared },
  ],
  story: [
    { run: 'mytask-v1', ran: 'one', phase: 'Cancelled', jobs: ['mytask'] },
    { run: 'mytask-v2', ran: 'two', phase: 'Succeeded', jobs: ['mytask'] },
    { run: 'mytask-v3', ran: 'three', phase: 'Succeeded', jobs: ['mytask'] },
  ],
  left: { runs: ['mytask-v1', 'mytask-v2', 'mytask-v3'], jobs: ['mytask'] },
};

const replacing = { concurrencyPolicy: 'Replace' } as const;
const forever = { duration: '1h' };
const asked: Scenario = {
  name: 'ask',
  steps: [
    { revision: 1, command: 'one', policy: replacing },
    { ask: 'by-hand' },
    { revision: 2, command: 'two', policy: replacing, pods: forever, nextWhen: 'Running' },
    {
      revision: 3,
      command: 'three',
      policy: replacing,
      pods: { exitCode: '3' },
      spec: { retry: { limit: 1, delaySeconds: 1 } },
    },
    { revision: 4, command: 'four', policy: replacing, pods: forever, nextWhen: 'Running' },
    { cancel: 'mytask-v4' },
  ],
  story: [
    { run: 'mytask-v1', ran: 'one', phase: 'Succeeded', jobs: ['mytask-v1'] },
    { run: 'by-hand', ran: 'one', phase: 'Succeeded', jobs: ['by-hand'] },
    { run: 'mytask-v2', ran: 'two', phase: 'Cancelled', jobs: ['mytask-v2'] },
    { run: 'mytask-v3', ran: 'three', phase: 'Failed', jobs: ['mytask-v3', 'mytask-v3-r1'] },
    { run: 'mytask-v4', ran: 'four', phase: 'Cancelled', jobs: ['mytask-v4'] },
  ],
  left: {
    runs: ['by-hand', 'mytask-v1', 'mytask-v2', 'mytask-v3', 'mytask-v4'],
    jobs: ['by-hand', 'mytask-v1', 'mytask-v3', 'mytask-v3-r1'],
  },
};

/** The cron of a minute that begins soon, and then not for a year. */
function onceSoon(): string {
  const time = new Date(Date.now() + 62_000);
  return `${time.getUTCMinutes()} ${time.getUTCHours()} ${time.getUTCDate()} ${time.getUTCMonth() + 1} *`;
}

const scheduled: Scenario = {
  name: 'schedule',
  steps: [{ revision: 1, command: 'one', schedule: onceSoon }],
  story: [{ run: 'mytask-@', ran: 'one', phase: 'Succeeded', jobs: ['mytask-@'] }],
  left: { runs: ['mytask-@'], jobs: ['mytask-@'] },
};

const flow: Scenario = {
  name: 'flow',
  steps: [
    {
      revision: 1,
      steps: [
        { name: 'one', pods: { message: '{"text":"done"}' }, outputs: [{ name: 'text' }] },
        { name: 'two', pods: { exitCode: '3' }, retry: { limit: 1, delaySeconds: 1 } },
        { name: 'three', dependsOn: ['one'], args: ['$(steps.one.outputs.text)'] },
        { name: 'four', dependsOn: ['two', 'three'] },
        { name: 'clean', when: 'Always' },
      ],
    },
  ],
  story: [
    {
      run: 'mytask-v1',
      ran: 'true',
      phase: 'Failed',
      jobs: ['mytask-v1-clean', 'mytask-v1-one', 'mytask-v1-three', 'mytask-v1-two', 'mytask-v1-two-r1'],
    },
  ],
  left: {
    runs: ['mytask-v1'],
    jobs: ['mytask-v1-clean', 'mytask-v1-one', 'mytask-v1-three', 'mytask-v1-two', 'mytask-v1-two-r1'],
  },
};

const onNodes = ['sandbox-0', 'sandbox-1'];
const jobsOnNodes = (run: string) => onNodes.map((node) => `${run}-${node}`);
const eachNode: Scenario = {
  name: 'nodes',
  steps: [
    { revision: 1, command: 'one', pods: { exitCode: '3' }, spec: { nodes: {}, maxParallel: 1 } },
    { ask: 'again', retryOf: 'mytask-v1' },
  ],
  story: [
    { run: 'mytask-v1', ran: 'one', phase: 'Failed', jobs: jobsOnNodes('mytask-v1') },
    { run: 'again', ran: 'one', phase: 'Failed', jobs: jobsOnNodes('again') },
  ],
  left: { runs: ['again', 'mytask-v1'], jobs: [...jobsOnNodes('again'), ...jobsOnNodes('mytask-v1')] },
};

/** A queue with room, and one that admits nobody; see newQueues. */
const [open, closed] = [{ queue: { name: 'open' } }, { queue: { name: 'closed' } }];
const queued: Scenario = {
  name: 'queue',
  steps: [
    { revision: 1, command: 'one', policy: replacing, spec: open },
    { revision: 2, command: 'two', policy: replacing, spec: closed, nextWhen: 'Queued' },
    {
      revision: 3,
      command: 'three',
      policy: replacing,
      pods: { exitCode: '3' },
      spec: { ...open, retry: { limit: 1, delaySeconds: 1 } },
    },
    { revision: 4, command: 'four', policy: replacing, spec: { ...closed, queueTimeoutSeconds: 2 } },
    { revision: 5, command: 'five', policy: replacing, pods: forever, spec: open, nextWhen: 'Running' },
    { queue: 'stop', run: 'mytask-v5' },
    { queue: 'resume', run: 'mytask-v5' },
    { cancel: 'mytask-v5' },
  ],
  story: [
    { run: 'mytask-v1', ran: 'one', phase: 'Succeeded', jobs: ['mytask-v1'] },
    { run: 'mytask-v2', ran: 'two', phase: 'Cancelled', jobs: ['mytask-v2'] },
    { run: 'mytask-v3', ran: 'three', phase: 'Failed', jobs: ['mytask-v3', 'mytask-v3-r1'] },
    { run: 'mytask-v4', ran: 'four', phase: 'Failed', jobs: ['mytask-v4'] },
    { run: 'mytask-v5', ran: 'five', phase: 'Cancelled', jobs: ['mytask-v5'] },
  ],
  left: {
    runs: ['mytask-v1', 'mytask-v2', 'mytask-v3', 'mytask-v4', 'mytask-v5'],
    jobs: ['mytask-v1', 'mytask-v3', 'mytask-v3-r1'],
  },
};

const scenarios = [deployments, replacements, asked, scheduled, flow, eachNode, queued];
/** At which kinds of calls the controller was killed, in whichever story. */
const killedAtKinds = new Set<string>();

let cluster: Cluster;
let kueue: Kueue;
let ledger: Ledger;
beforeAll(async () => {
  cluster = await startCluster({ nodes: 'simulated', nodeCount: 2 });
  ledger = await keepLedger(cluster.client);
  kueue = await startActor(cluster);
});
afterAll(async () => {
  await ledger?.stop();
  await kueue?.stop();
  await cluster?.stop();
});

async function newNamespace(name: string): Promise<string> {
  await cluster.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  return name;
}

/** Each play has ClusterQueues of its own. */
async function newQueues(namespace: string): Promise<void> {
  await kueue.createQueue({ namespace, name: 'open', clusterQueue: namespace });
  await kueue.createQueue({ namespace, name: 'closed', clusterQueue: `${namespace}-closed` });
  await kueue.stopQueue(`${namespace}-closed`);
}

/** One controller after the other, behind a proxy. */
class Controllers {
  readonly proxy: ApiProxy;
  readonly killedAt: PlugPulled[] = [];
  readonly #args: readonly string[];
  #current: Promise<ControllerProcess>;

  private constructor(proxy: ApiProxy, namespace: string) {
    this.proxy = proxy;
    this.#args = ['--namespace', namespace];
    this.#current = startController(proxy.kubeconfig, this.#args);
  }

  /** The first controller is killed at the first of these points, the next one at the next, and so on. */
  static async start(namespace: string, points: readonly PlugPulled[]): Promise<Controllers> {
    const proxy = await startApiProxy(cluster.controllerKubeconfig, join(cluster.directory, `${namespace}.kubeconfig`));
    const controllers = new Controllers(proxy, namespace);
    const first = await controllers.#current;
    proxy.arm(points, (point) => {
      controllers.killedAt.push(point);
      controllers.#current = controllers.#replace(
        controllers.killedAt.length === 1 ? Promise.resolve(first) : controllers.#current,
      );
    });
    return controllers;
  }

  async #replace(old: Promise<ControllerProcess>): Promise<ControllerProcess> {
    await (await old).kill();
    this.proxy.plugIn();
    return startController(this.proxy.kubeconfig, this.#args);
  }

  async stop(): Promise<void> {
    let stopped;
    do {
      stopped = this.#current;
      await (await stopped).stop();
    } while (stopped !== this.#current); // killed at its last call, and another took its place
    await this.proxy.close();
  }
}

/** Plays a scenario in a namespace of its own. */
async function play(scenario: Scenario, namespace: string, points: readonly PlugPulled[] = []): Promise<Controllers> {
  await newNamespace(namespace);
  if (scenario === queued) await newQueues(namespace);
  const controllers = await Controllers.start(namespace, points);
  try {
    for (const [chapter, step] of scenario.steps.entries()) {
      controllers.proxy.begin(chapter);
      await playStep(step, namespace);
    }
    await eventually('what is left is what the policy keeps', () => {
      expect(left(namespace)).toEqual(scenario.left);
      return true;
    });
    if (scenario === queued)
      await eventually('no Workload is left but those of the Jobs that are', () =>
        hasNoOtherWorkloads(namespace, scenario.left.jobs),
      );
  } finally {
    await controllers.stop();
  }
  expect(story(namespace)).toEqual(scenario.story);
  expect(faults(namespace)).toEqual([]);
  return controllers;
}

async function playStep(step: Step, namespace: string): Promise<void> {
  if ('ask' in step) return ask(step, namespace);
  if ('cancel' in step) return cancel(step.cancel, namespace);
  if ('queue' in step) return changeQueue(step, namespace);
  const { nextWhen, schedule, ...deployment } = step;
  const spec = { ...deployment.spec, ...(schedule && { schedule: { crons: [schedule()] } }) };
  const task = await deploy(cluster.client, { ...deployment, spec, namespace });
  if (nextWhen) await taskWhere(cluster.client, task, `is ${nextWhen}`, ({ phase }) => phase === nextWhen, patience);
  else await finishedTask(cluster.client, task, patience);
}

async function ask(
  { ask: name, ...more }: { readonly ask: string; readonly retryOf?: string },
  namespace: string,
): Promise<void> {
  const spec = { taskRef: { name: 'app-mytask' }, ...more };
  await cluster.client.create(taskRuns, {
    apiVersion: 'task.oam.dev/v1alpha1',
    kind: 'TaskRun',
    metadata: { name, namespace },
    spec,
  });
  await runIn(more.retryOf === undefined ? 'Succeeded' : 'Failed', name, namespace);
}

async function changeQueue({ queue, run }: QueueStep, namespace: string): Promise<void> {
  if (queue === 'stop') await kueue.stopQueue(namespace);
  else await kueue.resumeQueue(namespace);
  await runIn(queue === 'stop' ? 'Queued' : 'Running', run, namespace);
}

async function hasNoOtherWorkloads(namespace: string, jobs: readonly string[]): Promise<boolean> {
  const owners: string[] = [];
  for await (const { items } of cluster.client.list(workloads, { namespace })) {
    owners.push(...items.map(({ metadata }) => metadata.ownerReferences?.[0]?.name ?? 'nobody'));
  }
  return JSON.stringify(owners.sort()) === JSON.stringify(jobs);
}

async function cancel(name: string, namespace: string): Promise<void> {
  await cluster.client.patch(taskRuns, { name, namespace }, { spec: { cancel: true } });
  await runIn('Cancelled', name, namespace);
}

/** By the Task's status, which is written after the run's: so each call belongs to the step that led to it. */
async function runIn(phase: string, name: string, namespace: string): Promise<void> {
  const isIn = async () => {
    const { status } = await cluster.client.get(tasks, { name: 'app-mytask', namespace });
    const rows = [...(status?.active ?? []), ...(status?.lastRuns ?? [])];
    return rows.some((row) => row.name === name && row.phase === phase);
  };
  await eventually(`the Task reports ${namespace}/${name} as ${phase}`, isIn, patience);
}

/** Names that were taken end in a hash of the Task's UID, those of the schedule in its time. */
const plain = (name = ''): string => name.replace(/-[0-9a-f]{5}$/, '-#').replace(/-\d{12}$/, '-@');

function story(namespace: string): Story[] {
  return ledger.runs(namespace).map(({ first, last }) => ({
    run: plain(first.metadata.name),
    ran: commandOf(last),
    phase: last.status?.phase,
    jobs: jobsOf(namespace, first.metadata.uid)
      .map((job) => plain(job.first.metadata.name))
      .sort(),
  }));
}

function commandOf({ spec }: TaskRunObject): string {
  const template = (spec.snapshot?.template ?? spec.snapshot?.steps?.[0]?.template) as
    { spec: { containers: { command: string[] }[] } } | undefined;
  return template?.spec.containers[0]?.command[0] ?? '';
}

function jobsOf(namespace: string, runUid: string) {
  return ledger.jobs(namespace).filter(({ first }) => controllerUid(first) === runUid);
}

function left(namespace: string): Scenario['left'] {
  const names = (histories: readonly Pick<History<TaskRunObject>, 'first' | 'deletedAt'>[]) =>
    histories
      .filter(({ deletedAt }) => deletedAt === undefined)
      .map(({ first }) => plain(first.metadata.name))
      .sort();
  return { runs: names(ledger.runs(namespace)), jobs: names(ledger.jobs(namespace) as never) };
}

/**
 * What must never be: a Job that was changed, or deleted before its outcome was on record, or whose run speaks of
 * another.
 */
function faults(namespace: string): string[] {
  return ledger.runs(namespace).flatMap((run) => {
    const finished = run.versions.find(({ status }) => isFinished(status?.phase))?.metadata.resourceVersion;
    return jobsOf(namespace, run.first.metadata.uid).flatMap((job) => {
      const { name, uid } = job.first.metadata;
      const spec = specText(job.first);
      const early =
        job.deletedAt !== undefined && (finished === undefined || compareResourceVersions(finished, job.deletedAt) > 0);
      return [
        ...(job.versions.some((version) => specText(version) !== spec) ? [`Job ${name} was patched`] : []),
        ...(job.first.metadata.generation === 1
          ? []
          : [`Job ${name} began with generation ${job.first.metadata.generation}`]),
        ...(early ? [`Job ${name} was deleted before its outcome was on record`] : []),
        ...(speaksOf(run.last, job.first) ? [] : [`${run.first.metadata.name} speaks of another Job than ${uid}`]),
      ];
    });
  });
}

/** What a queue writes aside: whether the Job may run, and where. */
function specText({ metadata, spec }: Stored<Job>): string {
  if (metadata.labels?.[queueLabels.queue] === undefined) return JSON.stringify(spec);
  const { suspend: _suspend, template, ...rest } = spec ?? { template: {} };
  const { nodeSelector: _nodeSelector, ...pod } = template.spec ?? { containers: [] };
  return JSON.stringify({ ...rest, pod });
}

/** A step's row is of its last attempt. */
function speaksOf({ status }: TaskRunObject, { metadata }: Stored<Job>): boolean {
  const step = metadata.labels?.[labels.step];
  return status?.jobs?.some((row) => row.uid === metadata.uid || (step !== undefined && row.step === step)) === true;
}

/** One point of each chapter a play, so that a play has as many kills as steps. */
function shareOut(points: readonly PlugPulled[]): PlugPulled[][] {
  const plays: PlugPulled[][] = [];
  for (const point of points) {
    const free = plays.find(
      (play) => !play.some(({ chapter, side }) => chapter === point.chapter || side !== point.side),
    );
    if (free) free.push(point);
    else plays.push([point]);
  }
  return plays;
}

const nameOf = ({ side, what, nth, chapter }: PlugPulled): string =>
  `${side} ${what} no. ${nth} of step ${chapter + 1}`;

/** The kind of call without the object's name, and the side: `before PATCH tasks/status`. */
const kindOf = ({ side, what }: PlugPulled): string => `${side} ${what.replace(/\/[^/]+/, '')}`;

/**
 * Whether a point has to come to pass. How often a status is written depends on the time: news that come together are
 * written together. So another write of the same status, and its events, may be missing.
 */
const isCertain = ({ what, nth }: PlugPulled): boolean => nth === 1 && !/ (events|applications)/.test(what);

/**
 * Whether a kind of call has to come to pass at one of its points. An event is patched only where the same is said
 * twice in a row, which depends on the time.
 */
const isCertainKind = (kind: string): boolean => !kind.endsWith(' PATCH events');

/** A story, with the points at which the controller can be killed in it. */
class Drive {
  readonly points: readonly PlugPulled[];
  /** What went wrong in which play. */
  readonly failures: string[] = [];
  readonly #scenario: Scenario;
  #plays = 0;

  private constructor(scenario: Scenario, calls: readonly ChangingCall[]) {
    this.#scenario = scenario;
    this.points = calls.flatMap((call): PlugPulled[] => [
      { ...call, side: 'before' },
      { ...call, side: 'after' },
    ]);
  }

  /** Plays the story without any kill, which shows the calls. */
  static async of(scenario: Scenario): Promise<Drive> {
    const { proxy } = await atOnce(() => play(scenario, `${scenario.name}-alive`));
    return new Drive(scenario, proxy.calls);
  }

  /**
   * Kills the controller at these points, first together, then one by one: a kill shifts what follows, so a later
   * point may not come to pass and gets a play of its own.
   * @returns the points that did not come to pass
   */
  async killAt(points: readonly PlugPulled[]): Promise<readonly PlugPulled[]> {
    const missing = await this.#play(shareOut(points));
    return points.length === 1 ? missing : this.#play(missing.map((point) => [point]));
  }

  async #play(plays: readonly (readonly PlugPulled[])[]): Promise<readonly PlugPulled[]> {
    const missing = await Promise.all(plays.map((points) => atOnce(() => this.#playOnce(points))));
    return missing.flat();
  }

  async #playOnce(points: readonly PlugPulled[]): Promise<readonly PlugPulled[]> {
    if (!goesOn()) return points;
    try {
      const { killedAt } = await play(this.#scenario, `${this.#scenario.name}-${(this.#plays += 1)}`, points);
      for (const point of killedAt) killedAtKinds.add(kindOf(point));
      return points.filter((point) => !killedAt.includes(point));
    } catch (error) {
      const failure = `killed ${points.map(nameOf).join(', ')}: ${(error as Error).message}`;
      console.error(`${this.#scenario.name}: ${failure}`); // the report comes at the end of the whole run alone
      this.failures.push(failure);
      return points;
    }
  }
}

/** One point before and one after a call of each step, chosen at random. */
function sliceOf(points: readonly PlugPulled[], random: () => number): PlugPulled[] {
  const slice = new Map<string, PlugPulled>();
  for (const point of shuffled(points, random)) slice.set(`${point.side} ${point.chapter}`, point);
  return [...slice.values()];
}

describe('kill -9 of the controller before and after each of its calls', () => {
  const drives: Drive[] = [];

  describe.concurrent('leaves one run of each trigger, and one Job of each attempt:', () => {
    it.each(scenarios)('$name', { timeout: storyMs }, async (scenario) => {
      const drive = await Drive.of(scenario);
      drives.push(drive);
      const random = randomOf(`kill ${scenario.name}`);
      const chosen = isCampaign ? shuffled(drive.points, random) : sliceOf(drive.points, random);
      const missing = await drive.killAt(chosen);
      console.log(
        `${scenario.name}: ${drive.points.length / 2} calls that change something; ` +
          `killed at ${chosen.length - missing.length} of ${chosen.length} points`,
      );
      expect(drive.failures).toEqual([]);
      if (!goesOn()) return;
      expect(missing.filter(isCertain).map(nameOf), 'points that did not come to pass').toEqual([]);
      if (isCampaign) expect(missing.length, 'at least nine of ten').toBeLessThanOrEqual(chosen.length / 10);
    });
  });

  it('is survived at each kind of call that any story makes', { timeout: storyMs }, async () => {
    const random = randomOf('kill at each kind');
    const all = drives.flatMap((drive) => drive.points.map((point) => ({ drive, point })));
    const kinds = new Set(all.map(({ point }) => kindOf(point)).filter(isCertainKind));
    const cover = async (kind: string): Promise<void> => {
      // What does not come to pass at one point does at another.
      for (const { drive, point } of shuffled(all, random).filter((one) => kindOf(one.point) === kind)) {
        if (killedAtKinds.has(kind) || !goesOn()) return;
        await drive.killAt([point]);
      }
    };
    await Promise.all([...kinds].map(cover));
    expect(drives.flatMap(({ failures }) => failures)).toEqual([]);
    if (goesOn()) expect([...kinds].filter((kind) => !killedAtKinds.has(kind))).toEqual([]);
  });
});

describe('kill -9 of the leader', () => {
  it('lets the next one take over, with one run and one Job of each deployment', { timeout: 240_000 }, async () => {
    const namespace = await newNamespace('leader');
    const args = ['--namespace', namespace, '--leader-elect'];
    const proxies = await Promise.all(
      [1, 2].map((n) => startApiProxy(cluster.controllerKubeconfig, join(cluster.directory, `leader-${n}.kubeconfig`))),
    );
    const [one, two] = proxies as [ApiProxy, ApiProxy];
    const first = await startController(one.kubeconfig, args);
    const second = await startController(two.kubeconfig, args, 'started');
    one.arm([{ chapter: 0, namespace, what: 'POST jobs', nth: 1, side: 'before' }], () => void first.kill());
    await finishedTask(cluster.client, await deploy(cluster.client, { namespace, revision: 1, command: 'one' }));
    await first.exited;
    const third = await startController(cluster.controllerKubeconfig, args, 'started');
    two.arm([{ chapter: 0, namespace, what: 'POST taskruns', nth: 1, side: 'after' }], () => void second.kill());
    await finishedTask(cluster.client, await deploy(cluster.client, { namespace, revision: 2, command: 'two' }));
    await second.exited;
    await third.stop();
    await Promise.all(proxies.map((proxy) => proxy.close()));
    expect(story(namespace)).toEqual([
      { run: 'mytask-v1', ran: 'one', phase: 'Succeeded', jobs: ['mytask-v1'] },
      { run: 'mytask-v2', ran: 'two', phase: 'Succeeded', jobs: ['mytask-v2'] },
    ]);
    expect(faults(namespace)).toEqual([]);
  });
});
