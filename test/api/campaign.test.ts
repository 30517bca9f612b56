/**
 * Made-up stories of eight kinds of Tasks, while two controllers are killed with SIGKILL at any of their calls, paused
 * for longer than their lease, stopped, and started with another time on their clocks, and while their calls are
 * refused, delayed, cut or unanswered. In a campaign the API server and etcd are killed, too. The API server's audit
 * log says what came of it, and the rules of test/campaign/judge.ts whether that is right.
 *
 * `make test` takes two minutes of it, `make campaign` as many rounds as there is time for.
 */
import { copyFile, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namespaces } from '../../controller/src/kube/resources.ts';
import { readAudit } from '../campaign/audit.ts';
import { judge } from '../campaign/judge.ts';
import { count, World, type Counts } from '../campaign/world.ts';
import { goesOn, isCampaign } from '../support/campaign.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { killParts } from '../support/kill-parts.ts';
import { startActor, type Kueue } from '../support/kueue/kueue.ts';
import { pick, randomOf, seed, type Random } from '../support/random.ts';

const controller = 'system:serviceaccount:vela-system:task-runs';
const roundMs = 120_000;

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

/** Plays one round, in some namespaces at once, and judges each. */
async function round(nth: number): Promise<void> {
  const until = Date.now() + roundMs;
  const letters = isCampaign ? ['a', 'b', 'c'] : ['a'];
  const stories = Promise.allSettled(letters.map((letter) => story(`round-${nth}${letter}`, until)));
  if (isCampaign) await disturb(randomOf(`disturb ${nth}`), until);
  for (const end of await stories) if (end.status === 'rejected') throw end.reason;
}

/** What happens in one namespace, until then and until everything has come to rest. */
async function story(namespace: string, until: number): Promise<void> {
  const begin = (await stat(cluster.sandbox.auditLog)).size;
  const random = randomOf(`campaign ${namespace}`);
  const world = await World.open({ cluster, namespace, queue: kueue, random, counts });
  try {
    await world.play(until);
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
    expect(findings).toEqual([]);
  } finally {
    await world.close();
  }
  await cluster.client.delete(namespaces, { name: namespace }); // the next round is not to be slower
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
    { timeout: isCampaign ? 24 * 3_600_000 : 900_000 },
    async () => {
      let nth = 0;
      do await round((nth += 1));
      while (isCampaign && goesOn());
    },
  );
});
