/** A task deployed three times, in whichever cluster: what `make demo` and `make kind` show. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import { elapsed } from '../../sandbox/src/progress.ts';
import { repository } from '../../sandbox/src/settings.ts';
import { waitFor, type DemoCluster } from './cluster.ts';
import { patchesOf } from './job-patches.ts';

export const application = 'app-worker';
const selector = `app.oam.dev/name=${application}`;
export const manifest = 'examples/app-worker.yaml';
const began = Date.now();
const run = promisify(execFile);

export const say = (line = ''): void => console.log(line);
/** Says what begins, and how long everything before it took. */
export const step = (line: string): void => say(`[${elapsed(Date.now() - began)}] ${line}`);

/** The manifest as it stands, then with two other commands. */
const commands: readonly (readonly string[] | undefined)[] = [
  undefined,
  ['sh', '-c', 'echo "the second deployment, on $(hostname)"; sleep 3'],
  ['sh', '-c', 'echo "the third deployment, on $(hostname)"; sleep 3'],
];

interface Application {
  spec: { components: [{ properties: { cmd: readonly string[] } }] };
}

async function deploy(cluster: DemoCluster, number: number, cmd: readonly string[] | undefined): Promise<void> {
  const app = parse(await readFile(join(repository, manifest), 'utf8')) as Application;
  const [component] = app.spec.components;
  if (cmd) component.properties.cmd = cmd;
  step(`deployment ${number}: ${manifest} with cmd ${JSON.stringify(component.properties.cmd)}`);
  await cluster.kubectl(['apply', '-f', '-'], { input: stringify(app) });
  await waitFor(`run ${number} runs or is done`, 120, async () => {
    const [task] = await cluster.list('vtask', selector);
    const runs = await cluster.list('vrun', selector);
    const started = runs.length === number && runs.every(({ status }) => status?.phase !== 'Pending');
    return started ? task : undefined;
  });
  await showTask(cluster);
}

let shown = '';
/** The Task's line, when it says something new. */
async function showTask(cluster: DemoCluster): Promise<void> {
  const message = (await cluster.list('vtask', selector))[0]?.status?.message ?? '';
  if (message !== shown) step(`  ${message}`);
  shown = message;
}

async function removeOld(cluster: DemoCluster): Promise<void> {
  await cluster.kubectl(['delete', 'application', application, '--ignore-not-found', '--wait']);
  await waitFor('the Jobs of the demo before are gone', 120, async () =>
    (await cluster.list('vtask,vrun,jobs,pods', selector)).length === 0 ? true : undefined,
  );
}

async function settle(cluster: DemoCluster): Promise<void> {
  await waitFor('all three runs are finished, and KubeVela says so', 180, async () => {
    await showTask(cluster);
    const runs = await cluster.list('vrun', selector);
    const finished = runs.every(({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed');
    const app = await cluster.get('application', application);
    return finished && app.status?.status === 'running' ? true : undefined;
  });
}

async function showOutput(cluster: DemoCluster, podsRun: boolean): Promise<void> {
  if (!podsRun) return say('\nPods are simulated here, so they print nothing; as root, they really run.');
  say('\n$ kubectl logs -l app.oam.dev/name=app-worker --prefix');
  say((await cluster.kubectl(['logs', '-l', selector, '--prefix', '--tail=5'])).trim());
}

async function showStatus(cluster: DemoCluster, vela: string | undefined, kubeconfig: string): Promise<void> {
  say(`\n$ vela status ${application}`);
  if (vela)
    return say(
      (await run(vela, ['status', application], { env: { ...process.env, KUBECONFIG: kubeconfig } })).stdout.trim(),
    );
  say("(from the Application's status; the vela command is not here)");
  const app = await cluster.get('application', application);
  for (const { healthy, message, details = {} } of app.status?.services ?? []) {
    say(`  Healthy: ${healthy}\n  Message: ${message ?? ''}\n  Status Details:`);
    for (const [key, value] of Object.entries(details)) say(`    ${key}: ${value.replaceAll('\n', '\n      ')}`);
  }
}

/** Counted in the cluster. @returns the last line, and whether it is as it should be */
async function verdict(cluster: DemoCluster): Promise<{ line: string; asPromised: boolean }> {
  const app = await cluster.get('application', application);
  const deployments = app.status?.latestRevision?.revision ?? 0;
  const [runs, jobs] = [await cluster.list('vrun', selector), await cluster.list('jobs', selector)];
  const patched = jobs.filter((job) => patchesOf(job).length > 0).length;
  const counts = [deployments, runs.length, jobs.length];
  return {
    line: `demo: ${deployments} deployments, ${runs.length} runs, ${jobs.length} Jobs, ${patched} patched`,
    asPromised: counts.every((count) => count === commands.length) && patched === 0,
  };
}

export interface Shown {
  /** Whether pods really run, and so print something. */
  readonly podsRun: boolean;
  /** KubeVela's command line, where it is there. */
  readonly vela: string | undefined;
  readonly kubeconfig: string;
}

/**
 * Deploys the task three times and shows what came of it.
 * @returns the last line, and whether it is as it should be
 * @throws Error that names what did not happen
 */
export async function deployThrice(
  cluster: DemoCluster,
  { podsRun, vela, kubeconfig }: Shown,
): Promise<{ line: string; asPromised: boolean }> {
  await removeOld(cluster);
  for (const [index, cmd] of commands.entries()) await deploy(cluster, index + 1, cmd);
  step('waiting for all of them to finish');
  await settle(cluster);

  await showOutput(cluster, podsRun);
  await showStatus(cluster, vela, kubeconfig);
  say('\n$ kubectl get vtask,vrun,jobs');
  say((await cluster.kubectl(['get', 'vtask,vrun,jobs'])).trim());
  return verdict(cluster);
}
