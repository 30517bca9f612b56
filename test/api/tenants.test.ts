/**
 * A tenant, with each of our roles and with Kubernetes' edit, changes any field of any object that he may change, at
 * random moments, while Tasks deploy, cancel and prune, against a real API server with the addon's policies: whatever
 * he left alone goes on, in the end everything rests, and nothing of another tenant has changed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { taskRuns, tasks, taskTemplates, type TaskRunObject } from '../../controller/src/cluster/resource-types.ts';
import { isFinished } from '../../controller/src/domain/model/phase.ts';
import { ApiError, isAlreadyExists, isConflict, isNotFound } from '../../controller/src/kube/api-error.ts';
import { resourceType, type KubeObject, type ResourceType, type Stored } from '../../controller/src/kube/objects.ts';
import { events, jobs, persistentVolumeClaims, pods } from '../../controller/src/kube/resources.ts';
import { apiVersion } from '../../controller/src/resources/index.ts';
import { Attacker, type Target } from '../support/attacker.ts';
import { callsOf } from '../support/calls.ts';
import { goesOn, isCampaign } from '../support/campaign.ts';
import { useControlledCluster } from '../support/controlled-cluster.ts';
import { deploy, type Deployment } from '../support/deploy.ts';
import { eventually } from '../support/eventually.ts';
import { pick, randomOf, type Random } from '../support/random.ts';
import type { Room } from '../support/room.ts';

const controlled = useControlledCluster('tenant');

/** One deployment, one question or one cancellation, and some attacks: so often in `make test`, and in a campaign. */
const rounds = isCampaign ? 600 : 40;
const attacksInRound = 6;

type Made = Omit<Deployment, 'namespace' | 'revision' | 'component'>;
type Policy = NonNullable<Deployment['policy']>;

const soon = { pods: { duration: '300ms' } };
const kept = { historyLimit: 500, keepLast: 2 } satisfies Policy;
const flow = [
  { name: 'first', ...soon },
  { name: 'beside', ...soon },
  { name: 'then', dependsOn: ['first'], ...soon },
  { name: 'clean', dependsOn: ['then', 'beside'], when: 'Always' as const, ...soon },
];

/** Every Task of the tenant by its component. He may change the spec of the two last ones. */
const made: Readonly<Record<string, Made>> = {
  plain: { ...soon, policy: { ...kept, concurrencyPolicy: 'Allow' } },
  pruned: { ...soon, policy: { concurrencyPolicy: 'Allow', keepLast: 0, historyLimit: 2 } },
  forbid: { ...soon, policy: { ...kept, concurrencyPolicy: 'Forbid' } },
  replace: { ...soon, policy: { ...kept, concurrencyPolicy: 'Replace' } },
  flow: { steps: flow, policy: { ...kept, concurrencyPolicy: 'Allow' } },
  items: {
    ...soon,
    spec: { items: [{ name: 'a' }, { name: 'b' }, { name: 'c' }], maxParallel: 2 },
    policy: { ...kept, concurrencyPolicy: 'Allow' },
  },
  shared: {
    steps: flow,
    spec: { globals: { workspace: { size: '1Mi', storageClassName: 'none' } } },
    policy: { ...kept, concurrencyPolicy: 'Allow' },
  },
  failing: {
    pods: { duration: '50ms', exitCode: '1' },
    spec: { retry: { limit: 1, delaySeconds: 1 } },
    policy: { ...kept, concurrencyPolicy: 'Allow' },
  },
  scheduled: {
    ...soon,
    spec: { schedule: { crons: ['* * * * *'] } },
    policy: { ...kept, trigger: 'Manual', concurrencyPolicy: 'Allow' },
  },
  open: { ...soon, policy: { concurrencyPolicy: 'Allow', historyLimit: 5 } },
  steps: { steps: flow, policy: { concurrencyPolicy: 'Allow', historyLimit: 5 } },
};
const open: readonly string[] = ['open', 'steps'];
const left = Object.keys(made).filter((component) => !open.includes(component));
/** What a run of them may come to, beside Cancelled where it was cancelled. */
const outcomes: Readonly<Record<string, readonly string[]>> = {
  forbid: ['Succeeded', 'Skipped'],
  replace: ['Succeeded', 'Skipped', 'Cancelled'],
  failing: ['Failed'],
};
const roles = ['task-runs-view', 'task-runs-run', 'task-runs-edit', 'edit'];
/** Whose requests are refused most of the time has fewer turns. */
const turns = [0, 1, 2, 2, 3, 3, 3];
const kinds: readonly ResourceType[] = [
  ...[taskRuns, taskRuns, jobs, jobs, pods, pods, persistentVolumeClaims, events, tasks, taskTemplates],
];

/** Deploys, asks and cancels, and knows what must have come of it. */
class Story {
  readonly #room: Room;
  readonly #random: Random;
  readonly #revisions = new Map<string, number>();
  #asked = 0;
  /** By component: revisions that were deployed, and runs that were asked for, none of which the tenant touches. */
  readonly revisions = new Map<string, number[]>();
  readonly asked = new Map<string, string>();
  readonly cancelled = new Set<string>();

  constructor(room: Room, random: Random) {
    this.#room = room;
    this.#random = random;
  }

  /** Runs of odd revisions, and those called so, are the tenant's to attack. */
  isTarget({ metadata, spec }: Stored<TaskRunObject>): boolean {
    const component = spec.taskRef.name.replace(/^app-/, '');
    if (open.includes(component)) return true;
    if (spec.trigger?.type === 'Revision') return Number(spec.trigger.value?.replace('app-v', '')) % 2 === 1;
    return !this.asked.has(metadata.name) && spec.trigger?.type !== 'Schedule';
  }

  /** How the next run of a Task will be called. */
  nextName(component: string): string {
    return `${component}-v${(this.#revisions.get(component) ?? 0) + 1}`;
  }

  async deploy(component: string): Promise<void> {
    const revision = (this.#revisions.get(component) ?? 0) + 1;
    this.#revisions.set(component, revision);
    const deployment = { ...(made[component] as Made), component, revision, namespace: this.#room.namespace };
    await deploy(controlled.cluster.client, deployment);
    const asksForRun = made[component]?.policy?.trigger !== 'Manual';
    if (asksForRun && revision % 2 === 0)
      this.revisions.set(component, [...(this.revisions.get(component) ?? []), revision]);
  }

  async ask(component: string): Promise<void> {
    this.#asked += 1;
    const isTarget = this.#asked % 2 === 1;
    const name = `${isTarget ? 'target' : 'asked'}-${this.#asked}`;
    if (!isTarget) this.asked.set(name, component);
    await this.#room.apply({
      apiVersion,
      kind: 'TaskRun',
      metadata: { name },
      spec: { taskRef: { name: `app-${component}` } },
    });
  }

  async cancel(): Promise<void> {
    const active = (await this.#room.list(taskRuns)).filter(({ status }) => !isFinished(status?.phase));
    if (active.length === 0) return;
    const { metadata } = pick(this.#random, active);
    this.cancelled.add(metadata.name);
    await controlled.cluster.client.patch(taskRuns, metadata, { spec: { cancel: true } }).catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
    });
  }

  async next(): Promise<void> {
    const component = pick(this.#random, Object.keys(made));
    await pick(this.#random, [
      () => this.deploy(component),
      () => this.deploy(component),
      () => this.ask(component),
      () => this.cancel(),
    ])();
  }
}

const volumes = resourceType<KubeObject & { spec: object }>({
  group: '',
  version: 'v1',
  plural: 'persistentvolumes',
  kind: 'PersistentVolume',
  namespaced: false,
});

/** Makes a volume for each new claim, as a provisioner would. */
async function provide(room: Room): Promise<void> {
  for (const { metadata } of await room.list(persistentVolumeClaims)) {
    const spec = {
      capacity: { storage: '1Mi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'none',
      persistentVolumeReclaimPolicy: 'Retain',
      hostPath: { path: `/tmp/${metadata.uid}` },
      claimRef: { namespace: room.namespace, name: metadata.name, uid: metadata.uid },
    };
    await controlled.cluster.client
      .create(volumes, { metadata: { name: `volume-${metadata.uid}` }, spec })
      .catch((error: unknown) => {
        if (!isAlreadyExists(error)) throw error;
      });
  }
}

/** What the tenant may touch. */
async function targetsOf(room: Room, story: Story, type: ResourceType): Promise<Target[]> {
  const runs = new Map((await room.list(taskRuns)).map((run) => [run.metadata.name, run]));
  const isTheirs = ({ metadata, kind }: Stored<KubeObject>): boolean => {
    if (type === tasks) return open.some((component) => metadata.name === `app-${component}`);
    if (type === events || type === taskTemplates) return true;
    const run = runs.get(kind === 'TaskRun' ? metadata.name : (metadata.labels?.['task.oam.dev/run'] ?? ''));
    return run ? story.isTarget(run) : !Object.keys(metadata.labels ?? {}).some((label) => label.startsWith('task.'));
  };
  return (await room.list(type))
    .map((object) => ({ type, object: { kind: type.kind, ...object } }))
    .filter(({ object }) => isTheirs(object));
}

/** All that must stay as it is, of the other tenant. */
async function picture(room: Room): Promise<unknown> {
  const everything: readonly ResourceType[] = [tasks, taskRuns, taskTemplates, jobs, pods];
  const found = await Promise.all(everything.map((type) => room.list(type)));
  return found.flat().map(({ metadata, ...rest }) => {
    const { resourceVersion: _version, managedFields: _managers, ...same } = metadata;
    return { metadata: same, ...rest };
  });
}

it(
  'a tenant who changes whatever he may stops nothing that he leaves alone, and nothing of another tenant',
  { timeout: isCampaign ? 3_600_000 : 600_000 },
  async () => {
    const { cluster } = controlled;
    const [mine, theirs] = [await controlled.openRoom(), await controlled.openRoom()];
    const random = randomOf('tenants');
    const story = new Story(mine, random);
    const attackers: Attacker[] = [];
    for (const role of roles) {
      const client = cluster.asController.as(await mine.tokenOf(role));
      attackers.push(new Attacker({ name: role, client, reader: cluster.client, random }));
    }
    const template = { metadata: {}, spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'busybox' }] } };
    for (const room of [mine, theirs])
      await room.apply({ apiVersion, kind: 'TaskTemplate', metadata: { name: 'common' }, spec: { template } });
    await theirs.finish({ revision: 1, ...soon });
    const before = await eventually('the other tenant’s objects rest', async () => {
      const first = await picture(theirs);
      await delay(1_000);
      return JSON.stringify(await picture(theirs)) === JSON.stringify(first) && first;
    });
    for (const component of Object.keys(made)) await story.deploy(component);

    const deeds: string[] = [];
    const counts = { accepted: 0, refused: 0, elsewhere: 0 };
    for (let round = 0; round < rounds && goesOn(); round += 1) {
      await story.next();
      await provide(mine);
      const type = pick(random, kinds);
      const targets = await targetsOf(mine, story, type);
      const others = (await theirs.list(type)).map((object) => ({ type, object: { kind: type.kind, ...object } }));
      const blows = Array.from({ length: attacksInRound }, async (_, nth) => {
        const isElsewhere = nth === 0;
        const pool = isElsewhere ? others : targets;
        if (pool.length === 0) return;
        const newName = pick(random, [`copy-${round}-${nth}`, story.nextName(pick(random, left))]);
        const deed = await (attackers[pick(random, turns)] as Attacker).strike(pick(random, pool), newName);
        if (isElsewhere && deed.isAccepted) counts.elsewhere += 1;
        counts[deed.isAccepted ? 'accepted' : 'refused'] += 1;
        if (deed.isAccepted) deeds.push(deed.what);
      });
      await Promise.all(blows);
    }

    try {
      await afterwards(mine, story);
      expect(counts.elsewhere).toBe(0);
      expect([counts.accepted > 0, counts.refused > 0]).toEqual([true, true]);
      expect(await picture(theirs)).toEqual(before);
    } catch (error) {
      throw new Error([String(error), 'The tenant:', ...deeds].join('\n  '), { cause: error });
    }
    console.log(`${counts.accepted} changes of a tenant were taken, ${counts.refused} refused`);
  },
);

/** Everything that was left alone has ended as it should, each Task runs again, and then the controller rests. */
async function afterwards(mine: Room, story: Story): Promise<void> {
  const { cluster, controller } = controlled;
  const { client } = cluster;
  await eventually('what the tenant left alone has ended', async () => {
    await provide(mine);
    checkLeftAlone(await mine.list(taskRuns), story);
    return true;
  });
  await eventually('what is cancelled has ended', async () => {
    const active = (await mine.list(taskRuns)).filter(({ status }) => !isFinished(status?.phase));
    for (const { metadata } of active)
      await client.patch(taskRuns, metadata, { spec: { cancel: true } }).catch(unlessGone);
    if (active.length > 0)
      throw new Error(active.map(({ metadata, status }) => `${metadata.name} ${JSON.stringify(status)}`).join('\n'));
    return true;
  });
  for (const component of left.filter((name) => name !== 'scheduled')) {
    const name = `last-${component}`;
    story.asked.set(name, component);
    await mine.apply({
      apiVersion,
      kind: 'TaskRun',
      metadata: { name },
      spec: { taskRef: { name: `app-${component}` } },
    });
  }
  for (const component of left.filter((name) => name !== 'scheduled'))
    await eventually(`${component} runs again`, async () => {
      await provide(mine);
      const { status } = await mine.get(taskRuns, `last-${component}`);
      if (!isFinished(status?.phase)) throw new Error(JSON.stringify(status));
      return status?.phase === (component === 'failing' ? 'Failed' : 'Succeeded') && status;
    });
  await eventually('a time of the schedule has run', async () =>
    (await mine.list(taskRuns)).some(
      ({ spec, status }) => spec.trigger?.type === 'Schedule' && status?.phase === 'Succeeded',
    ),
  );
  // What the clock asks for, and what the tenant made of his own Tasks, is not rest.
  for (const component of ['scheduled', ...open]) {
    const at = { namespace: mine.namespace, name: `app-${component}` };
    await client.patch(tasks, at, { metadata: { finalizers: null } }).catch(unlessGone);
    await client.delete(tasks, at).catch(unlessGone);
  }
  await eventually('two records of the Task that prunes are left', async () => {
    const runs = (await mine.list(taskRuns)).filter(({ spec }) => spec.taskRef.name === 'app-pruned');
    // A run that the tenant's finalizer holds is on its way.
    return runs.filter(({ metadata }) => metadata.deletionTimestamp === undefined).length <= 2;
  });
  await eventually('the controller makes no call', async () => {
    const calls = JSON.stringify(await callsOf(controller));
    await delay(5_000); // the length of time is what is tested
    const later = JSON.stringify(await callsOf(controller));
    if (later !== calls) throw new Error(`${calls}\n${later}`);
    return true;
  });
  expect(controller.lines.filter(({ msg, level }) => /did not settle/.test(msg) || level === 'fatal')).toEqual([]);
}

interface Expected {
  readonly component: string;
  readonly what: string;
  readonly found: readonly Stored<TaskRunObject>[];
}

/** Every deployment and question that the tenant left alone, with the runs that it has. */
function expectedOf(runs: readonly Stored<TaskRunObject>[], { revisions, asked }: Story): readonly Expected[] {
  const isOf = (component: string, { spec }: Stored<TaskRunObject>) => spec.taskRef.name === `app-${component}`;
  const deployed = [...revisions].filter(([component]) => left.includes(component));
  return [
    ...deployed.flatMap(([component, numbers]) =>
      numbers.map((revision) => ({
        component,
        what: `revision ${revision}`,
        found: runs.filter(
          (run) =>
            isOf(component, run) &&
            run.spec.trigger?.type === 'Revision' &&
            run.spec.trigger.value === `app-v${revision}`,
        ),
      })),
    ),
    ...[...asked]
      .filter(([, component]) => left.includes(component))
      .map(([name, component]) => ({
        component,
        what: name,
        found: runs.filter(({ metadata }) => metadata.name === name),
      })),
  ];
}

/** @throws Error with what has not ended as it should */
function checkLeftAlone(runs: readonly Stored<TaskRunObject>[], story: Story): void {
  const isRight = ({ component, found }: Expected) => {
    if (component === 'pruned' && found.length === 0) return true;
    const allowed = outcomes[component] ?? ['Succeeded'];
    const [run, another] = found;
    if (!run || another) return false;
    const { phase = '' } = run.status ?? {};
    return allowed.includes(phase) || (phase === 'Cancelled' && story.cancelled.has(run.metadata.name));
  };
  const wrong = expectedOf(runs, story).filter((one) => !isRight(one));
  if (wrong.length > 0) throw new Error(wrong.map(inWords).join('\n'));
}

function inWords({ component, what, found }: Expected): string {
  const now = found.map(({ metadata, status }) => `${metadata.name} ${JSON.stringify(status)}`);
  return `${component} ${what}: ${now.join(', ') || 'not there'}`;
}

function unlessGone(error: unknown): void {
  if (!isNotFound(error) && !isConflict(error)) throw error;
}

it('a deployment does not wait behind all Tasks that another tenant has made', async () => {
  const [flood, mine] = [await controlled.openRoom(), await controlled.openRoom()];
  const { client } = controlled.cluster;
  await controlled.killController();
  const many = Array.from({ length: 200 }, (_, nth) => `flood-${nth}`);
  await Promise.all(many.map((component) => flood.deploy({ revision: 1, component, pods: { duration: '1h' } })));
  await mine.deploy({ revision: 1 });
  const page = await client.list(jobs).next();
  const { resourceVersion = '' } = page.value ?? {};
  await controlled.startController();
  let before = 0;
  for await (const { type, object } of client.watch(jobs, { resourceVersion, timeoutSeconds: 120 })) {
    const { namespace } = object.metadata;
    if (type === 'ADDED' && namespace === mine.namespace) break;
    if (type === 'ADDED' && namespace === flood.namespace) before += 1;
  }
  // As many as there are workers may be under way.
  expect(before).toBeLessThan(40);
});
