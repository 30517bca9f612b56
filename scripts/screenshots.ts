/**
 * Takes the pictures of docs/guides/console.md: the console as a controller serves it, in a cluster where a small shop
 * runs in real pods. Needs what the sandbox needs for a real node (sandbox/README.md), and dist/. Takes about five
 * minutes, for it waits for a schedule.
 */
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { taskRuns, type TaskRunObject } from '../controller/src/cluster/resource-types.ts';
import { isFinished } from '../controller/src/domain/model/phase.ts';
import { listAll } from '../controller/src/kube/list-all.ts';
import { chromiumPath, launchChromium } from '../test/support/chromium.ts';
import { startCluster, type Cluster } from '../test/support/cluster.ts';
import { startController } from '../test/support/controller-process.ts';
import { eventually } from '../test/support/eventually.ts';
import { applications, deployments } from './screenshot-applications.ts';

interface Picture {
  readonly name: string;
  readonly hash: string;
  /** Taken once this text is there. */
  readonly until: string;
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
}

const namespace = 'shop';
const directory = fileURLToPath(new URL('../docs/images/', import.meta.url));
const mostBytes = 150_000;
/** A minute's schedule, and what a busy machine takes. */
const patience = { seconds: 600, everyMs: 1_000 };

const pictures: readonly Picture[] = [
  { name: 'console-tasks', hash: '#/tasks', until: 'housekeeping' },
  { name: 'console-timeline', hash: '#/timeline?range=1h', until: 'next time of a schedule' },
  { name: 'console-task', hash: `#/namespaces/${namespace}/tasks/backup-backup`, until: 'BackoffLimitExceeded' },
  { name: 'console-flow', hash: `#/namespaces/${namespace}/runs/nightly-v1?tab=jobs`, until: 'tell' },
  { name: 'console-logs', hash: `#/namespaces/${namespace}/runs/migrate-v1?tab=logs`, until: 'batch 40', dark: true },
  {
    name: 'console-compare',
    hash: `#/namespaces/${namespace}/compare?a=mytask-v1&b=mytask-v2`,
    until: 'busybox:1.36',
    height: 900,
  },
  { name: 'console-telephone', hash: '#/tasks', until: 'housekeeping', width: 360, height: 640 },
];

/** Deploys the shop, and waits until there is something to see of each. */
async function deployShop(cluster: Cluster): Promise<void> {
  const apply = (application: object) =>
    cluster.kubectl(['apply', '-n', namespace, '-f', '-'], { input: JSON.stringify(application) });
  await cluster.kubectl(['create', 'namespace', namespace]);
  for (const application of applications) await apply(application);
  for (const [index, deployment] of deployments.entries()) {
    await apply(deployment);
    await runsWhere(cluster, `mytask-v${index + 1} has ended`, (runs) =>
      runs.some(({ metadata, status }) => metadata.name === `mytask-v${index + 1}` && isFinished(status?.phase)),
    );
  }
  await runsWhere(cluster, 'the flow, the migration and four runs of the schedule have ended', (runs) => {
    const ended = runs.filter(({ status }) => isFinished(status?.phase)).map(({ metadata }) => metadata.name);
    const scheduled = ended.filter((name = '') => name.startsWith('backup-'));
    return ended.includes('nightly-v1') && ended.includes('migrate-v1') && scheduled.length >= 4;
  });
}

function runsWhere(
  cluster: Cluster,
  what: string,
  holds: (runs: readonly TaskRunObject[]) => boolean,
): Promise<unknown> {
  return eventually(
    what,
    async () => {
      const runs = await listAll(cluster.client, taskRuns, { namespace });
      if (holds(runs)) return true;
      throw new Error(runs.map(({ metadata, status }) => `${metadata.name} ${status?.phase ?? ''}`).join(', '));
    },
    patience,
  );
}

/** A token of somebody who sees everything. */
async function tokenOf(cluster: Cluster): Promise<string> {
  await cluster.kubectl(['create', 'serviceaccount', 'ann', '-n', namespace]);
  const account = `--serviceaccount=${namespace}:ann`;
  await cluster.kubectl(['create', 'clusterrolebinding', 'ann', '--clusterrole=cluster-admin', account]);
  return (await cluster.kubectl(['create', 'token', 'ann', '-n', namespace])).trim();
}

async function takePictures(url: string, token: string): Promise<void> {
  const browser = await launchChromium(await chromiumPath());
  try {
    for (const { name, hash, until, width = 1180, height = 640, dark = false } of pictures) {
      const page = await browser.newPage({
        viewport: { width, height },
        colorScheme: dark ? 'dark' : 'light',
        reducedMotion: 'reduce',
      });
      await page.goto(`${url}/${hash}`);
      await page.getByLabel('Token').fill(token);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText(until).filter({ visible: true }).first().waitFor();
      await page.waitForLoadState('networkidle');
      // Away from the rows, for the one below the pointer is drawn in another colour.
      await page.mouse.move(0, 0);
      const path = `${directory}${name}.png`;
      await page.screenshot({ path });
      await page.close();
      const { size } = await stat(path);
      if (size > mostBytes) throw new Error(`${name}.png has ${size} bytes; no more than ${mostBytes} are allowed`);
      console.log(`docs/images/${name}.png`);
    }
  } finally {
    await browser.close();
  }
}

const cluster = await startCluster({ nodes: 'real', kubevela: 'stand-in' });
try {
  const controller = await startController(cluster.controllerKubeconfig, [
    '--api-address=127.0.0.1:0',
    `--archive=${cluster.directory}/archive.db`,
  ]);
  try {
    await deployShop(cluster);
    await takePictures(`http://127.0.0.1:${controller.apiPort ?? 0}`, await tokenOf(cluster));
  } finally {
    await controller.stop();
  }
} finally {
  await cluster.stop();
}
