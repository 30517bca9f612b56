/** The controller as people run it: its image, its Deployment, its rights, reached through its Service. */
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../controller/src/kube/client.ts';
import { enableAddon } from '../../sandbox/src/kubevela/addon.ts';
import { thisArchitecture } from '../../sandbox/src/build/oci-image.ts';
import { progressTo } from '../../sandbox/src/progress.ts';
import { startSandbox, type Sandbox } from '../../sandbox/src/sandbox.ts';
import { repository } from '../../scripts/image/build.ts';
import { writeControllerImage } from '../../scripts/image/write.ts';
import { kubectlOf, type Kubectl } from '../../scripts/kubectl.ts';
import { forwardToApi, type PortForward } from '../../scripts/port-forward.ts';
import { eventually } from '../support/eventually.ts';

const namespace = 'default';
const system = '--namespace=vela-system';
const ofController = [system, '--selector=app.kubernetes.io/name=task-runs'];

/** The process of the pod's container, as this machine sees it. */
async function processOf(podUid: string): Promise<number> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
  for (const pid of pids) {
    // One that has ended meanwhile has no files.
    const [group, command] = await Promise.all(
      ['cgroup', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
    );
    const isOfPod = group?.replaceAll('_', '-').includes(podUid) === true;
    if (isOfPod && command?.includes('--leader-elect') === true) return pid;
  }
  throw new Error(`no process of pod ${podUid}`);
}

describe.skipIf(process.getuid?.() !== 0)('the controller in the cluster (needs root)', () => {
  let scratch: string;
  let sandbox: Sandbox;
  let kubectl: Kubectl;
  let forward: PortForward | undefined;

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'in-cluster-'));
    const image = writeControllerImage(thisArchitecture);
    sandbox = await startSandbox({
      dir: join(scratch, 'node'),
      nodes: 'real',
      kubevela: 'stand-in',
      progress: progressTo(process.stderr),
    });
    kubectl = kubectlOf(sandbox.kubectl, sandbox.kubeconfig);
    await sandbox.load((await image).archive);
    const client = createClient({ kubeconfigPath: sandbox.kubeconfig, userAgent: 'in-cluster-test' });
    await enableAddon(client, { directory: join(repository, 'dist/task-runs') }).finally(() => client.close());
    await kubectl(['wait', 'deployment/task-runs', system, '--for=condition=Available', '--timeout=120s']).catch(
      async (cause: unknown) => {
        throw new Error(`the controller's pod says: ${await controllerLog()}`, { cause });
      },
    );
  });

  const controllerLog = (): Promise<string> => kubectl(['logs', 'deployment/task-runs', system, '--tail=5']);

  afterAll(async () => {
    forward?.stop();
    await sandbox?.stop();
    await rm(scratch, { recursive: true, force: true });
  });

  const deploy = (text: string): Promise<string> =>
    kubectl(['apply', '-f', '-'], {
      input: {
        apiVersion: 'core.oam.dev/v1beta1',
        kind: 'Application',
        metadata: { name: 'app', namespace },
        spec: {
          components: [
            { name: 'hello', type: 'task', properties: { image: 'busybox:1.36', cmd: ['sh', '-c', `echo ${text}`] } },
          ],
        },
      },
    });
  const succeeds = (run: string): Promise<string> =>
    eventually(
      `${run} succeeds`,
      async () => {
        const phase = await kubectl(['get', 'vrun', run, `-n=${namespace}`, '-o', 'jsonpath={.status.phase}']);
        return phase === 'Succeeded' && phase;
      },
      { seconds: 90, everyMs: 500 },
    );

  it('runs what is deployed, and shows what it printed through its Service', async () => {
    await deploy('the-first');
    await succeeds('hello-v1');
    await kubectl(['create', 'serviceaccount', 'reader', `-n=${namespace}`]);
    await kubectl([
      'create',
      'clusterrolebinding',
      'reader',
      '--clusterrole=view',
      `--serviceaccount=${namespace}:reader`,
    ]);
    const token = (await kubectl(['create', 'token', 'reader', `-n=${namespace}`])).trim();
    forward = await forwardToApi(sandbox.kubectl, sandbox.kubeconfig);
    const address = `http://127.0.0.1:${forward.port}/api/v1/namespaces/${namespace}/runs/hello-v1/logs`;
    const response = await fetch(address, { headers: { authorization: `Bearer ${token}` } });
    expect({ status: response.status, text: await response.text() }).toEqual({
      status: 200,
      text: expect.stringContaining('the-first') as string,
    });
  });

  it('goes on in the same pod when its process is killed, without waiting for the end of its lease', async () => {
    const holder = (): Promise<string> =>
      kubectl(['get', 'lease', 'task-runs', system, '--output=jsonpath={.spec.holderIdentity}']);
    const killed = await holder();
    const uid = await kubectl(['get', 'pods', ...ofController, '--output=jsonpath={.items[0].metadata.uid}']);
    process.kill(await processOf(uid), 'SIGKILL');
    const next = await eventually(
      'the next process leads',
      async () => {
        const leader = await holder();
        return leader !== killed && leader;
      },
      { everyMs: 100 },
    );
    const pod = killed.slice(0, killed.lastIndexOf('_') + 1);
    expect({ next, pod }).toEqual({
      next: expect.stringContaining(pod) as string,
      pod: expect.stringContaining(uid) as string,
    });
    await deploy('after-the-kill');
    await succeeds('hello-v2');
  });

  it('goes on in the next pod when its pod is killed', async () => {
    const pods = ['get', 'pods', ...ofController, '--output=name'];
    const killed = (await kubectl(pods)).trim();
    await kubectl(['delete', killed, system, '--grace-period=0', '--force']);
    await deploy('the-second');
    await succeeds('hello-v3');
    expect(await kubectl(pods)).not.toContain(killed);
  });

  it('leaves the network of this machine as it was', async () => {
    // Where pods had addresses and routes of this machine, sandboxes beside each other had the same ones.
    expect(await readFile('/proc/net/fib_trie', 'utf8')).not.toMatch(/10\.(244|96)\./);
  });
});
