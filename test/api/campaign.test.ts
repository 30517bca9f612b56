/**
 * Made-up stories of eight kinds of Tasks, while two controllers are killed with SIGKILL at any of their calls, paused
 * for longer than their lease, stopped, and started with another time on their clocks, and while their calls are
 * refused, delayed, cut or unanswered. In a campaign the API server and etcd are killed, too. The API server's audit
 * log says what came of it, and the rules of test/campaign/judge.ts whether that is right.
 *
 * `make test` takes five minutes of it, `make campaign` as many times five minutes as there is time for.
 */
import { copyFile, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namespaces } from '../../controller/src/kube/resources.ts';
import { readAudit } from '../campaign/audit.ts';
import { judge, type Finding } from '../campaign/judge.ts';
import { shortest, type Story } from '../campaign/shortest.ts';
import { kindNames } from '../campaign/tellers.ts';
import { count, World, type Counts } from '../campaign/world.ts';
import { goesOn, isCampaign } from '../support/campaign.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { killParts } from '../support/kill-parts.ts';
import { startActor, type Kueue } from '../support/kueue/kueue.ts';
import { pick, randomOf, seed, type Random } from '../support/random.ts';

const controller = 'system:serviceaccount:vela-system:task-runs';
const whole: Story = { kinds: kindNames, seconds: 300 };
/** As many as keep two processors busy. */
const letters = isCampaign ? ['a', 'b', 'c', 'd', 'e'] : ['a'];

let cluster: Cluster;
let kueue: Kueue;
const counts: Counts = {};

beforeAll(async () => {
  cluster = await startCluster({ nodes: 'simulated', nodeCount: 2, audit: true });
  kueue = await startActor(cluster);
});
afterAll(async () => {
  console.log(`The campaign's totals: ${JSON.stringify(counts)}`);
  await kueue?.stop();
  await cluster?.stop();
});

/** Plays one round, in some namespaces at once. */
async function round(nth: number): Promise<void> {
  const names = letters.map((letter) => `round-${nth}${letter}`);
  const stories = names.map((name) => play(name, whole));
  const disturbance = isCampaign && disturb(randomOf(`disturb ${nth}`), Date.now() + whole.seconds * 1_000);
  const [played] = await Promise.all([Promise.all(stories), disturbance]);
  const broken = names[played.findIndex((findings) => findings.length > 0)];
  try {
    if (isCampaign && broken !== undefined) await tellShortest(broken);
  } finally {
    expect(played.flat()).toEqual([]);
  }
}

/**
 * Plays a story until everything has come to rest, and judges it.
 * @param name what happens is made up from it
 * @param namespace its own
 */
async function play(name: string, { kinds, seconds }: Story, namespace = name): Promise<readonly Finding[]> {
  const begin = (await stat(cluster.sandbox.auditLog)).size;
  const world = await World.open({ cluster, namespace, queue: kueue, label: name, kinds, counts });
  try {
    await world.play(Date.now() + seconds * 1_000);
    // Events that follow the last status, and what keepLast and historyLimit take away.
    await delay(15_000);
    const restsFrom = Date.now();
    await delay(10_000);
    const changes = await readAudit(cluster.sandbox.auditLog, new Set([namespace]), begin);
    tally(changes);
    const findings = judge({ changes, controller, restsFrom });
    if (findings.length > 0) {
      tellStory(world);
      await keepLog();
    }
    return findings;
  } finally {
    await world.close();
    await cluster.client.delete(namespaces, { name: namespace }); // the next ones are not to be slower
  }
}

/** Plays a story that broke a promise again, as short as it still does. */
async function tellShortest(name: string): Promise<void> {
  let tries = 0;
  const { kinds, seconds } = await shortest(whole, async (story) => {
    const findings = await play(name, story, `${name}-again-${(tries += 1)}`);
    return findings.length > 0;
  });
  console.log(`The shortest story that fails is ${seconds} s of ${kinds.join(', ')}, made up from "${name}".`);
}

function tally(changes: Awaited<ReturnType<typeof readAudit>>): void {
  for (const { verb, what, code } of changes) if (verb === 'create' && code === 201) count(counts, `${what} created`);
}

/** Kills the API server, etcd, or both, now and then. */
async function disturb(random: Random, until: number): Promise<void> {
  for (;;) {
    await delay(20_000 + random() * 40_000);
    if (Date.now() > until - 10_000) return;
    const parts = pick(random, [['kube-apiserver'], ['etcd'], ['etcd', 'kube-apiserver']]);
    await killParts(cluster.sandbox, ...parts);
    for (const part of parts) count(counts, `kill ${part}`);
  }
}

/** For whoever looks into a finding: the cluster is removed with all its files. */
async function keepLog(): Promise<void> {
  const kept = join('out', `campaign-audit-${seed}.log`);
  await mkdir('out', { recursive: true });
  await copyFile(cluster.sandbox.auditLog, kept);
  console.log(`The API server's audit log is in ${kept}.`);
}

/** What was done in a world in which something went wrong; the audit log says the rest. */
function tellStory({ namespace, tellers }: World): void {
  for (const { told, name } of tellers) console.log([`${namespace}/${name}:`, ...told].join('\n  '));
}

describe('while controllers are killed, paused and cut off at random', () => {
  it(
    'each trigger has one run or a record, each run its Jobs once, and everything comes to rest',
    { timeout: isCampaign ? 24 * 3_600_000 : 1_200_000 },
    async () => {
      let nth = 0;
      do await round((nth += 1));
      while (isCampaign && goesOn());
    },
  );
});
