/** The controller as people run it: its image, its Deployment, its rights, reached through its Service. */
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seeJobs } from '../../bench/jobs-seen.ts';
import { Seen } from '../../bench/seen.ts';
import { createClient, type Client } from '../../controller/src/kube/client.ts';
import { leases, pods } from '../../controller/src/kube/resources.ts';
import { nodeAddress } from '../../sandbox/src/certificates.ts';
import { enableAddon } from '../../sandbox/src/kubevela/addon.ts';
import { thisArchitecture } from '../../sandbox/src/build/oci-image.ts';
import { progressTo } from '../../sandbox/src/progress.ts';
import { startSandbox, type Sandbox } from '../../sandbox/src/sandbox.ts';
import { repository } from '../../scripts/image/build.ts';
import { writeControllerImage } from '../../scripts/image/write.ts';
import { kubectlOf, type Kubectl } from '../../scripts/kubectl.ts';
import { forwardToApi, type PortForward } from '../../scripts/port-forward.ts';
import { deploy as deployTask } from '../support/deploy.ts';
import { eventually } from '../support/eventually.ts';
import { startPostgres, type Postgres } from '../support/postgres.ts';

const namespace = 'default';
const system = '--namespace=vela-system';
const ofController = [system, '--selector=app.kubernetes.io/name=task-runs'];

/**
 * Less than until the lease of a killed leader runs out, 13 s at least. It takes about 2 s
 * (docs/operations/high-availability.md), and more on a machine that is busier.
 */
const withoutTheLease = 12_000;

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
  let client: Client;
  let kubectl: Kubectl;
  let postgres: Postgres;
  let forward: PortForward | undefined;

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'in-cluster-'));
    const image = writeControllerImage(thisArchitecture);
    postgres = await startPostgres();
    sandbox = await startSandbox({
      dir: join(scratch, 'node'),
      nodes: 'real',
      kubevela: 'stand-in',
      portsForPods: [postgres.port],
      progress: progressTo(process.stderr),
    });
    kubectl = kubectlOf(sandbox.kubectl, sandbox.kubeconfig);
    await sandbox.load((await image).archive);
    client = createClient({ kubeconfigPath: sandbox.kubeconfig, userAgent: 'in-cluster-test' });
    await enableAddon(client, { directory: join(repository, 'dist/task-runs') });
    await kubectl(['wait', 'deployment/task-runs', system, '--for=condition=Available', '--timeout=120s']).catch(
      async (cause: unknown) => {
        throw new Error(`the controller's pod says: ${await controllerLog()}`, { cause });
      },
    );
  });

  const controllerLog = (): Promise<string> => kubectl(['logs', 'deployment/task-runs', system, '--tail=5']);

  afterAll(async () => {
    forward?.stop();
    await client?.close();
    await sandbox?.stop();
    await postgres?.stop();
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

  const holder = async (): Promise<string> =>
    (await client.get(leases, { namespace: 'vela-system', name: 'task-runs' })).spec?.holderIdentity ?? '';

  const podNames = async (): Promise<string[]> =>
    (await kubectl(['get', 'pods', ...ofController, '--output=jsonpath={.items[*].metadata.name}'])).split(' ');
  const podOf = (identity: string): { readonly name: string; readonly uid: string } => {
    const [name = '', uid = ''] = identity.split('_');
    return { name, uid };
  };
  const leader = async () => podOf(await holder());

  /** From the end of the leader until the Job of a deployment that came right after it, in milliseconds. */
  async function recovery(application: string, end: () => Promise<unknown>): Promise<number> {
    const seen = await seeJobs(client, namespace);
    await end();
    const from = performance.now();
    const containers = [{ name: application, image: 'busybox:1.36', command: ['true'] }];
    await deployTask(client, { namespace, application, component: application, revision: 1, podSpec: { containers } });
    const at = await seen.at(`${application}-v1`).finally(() => seen.stop());
    console.log(`${application}: the next Job is there after ${Math.round(at - from)} ms`);
    return at - from;
  }

  const signalLeader = async (signal: NodeJS.Signals): Promise<number> => {
    const pid = await processOf((await leader()).uid);
    process.kill(pid, signal);
    return pid;
  };

  /** The container is started again in its pod, and what it runs needs not wait for the lease of the one before. */
  async function isSoonBack(application: string): Promise<void> {
    const killed = await holder();
    const ms = await recovery(application, () => signalLeader('SIGKILL'));
    const next = await holder();
    expect(next).not.toBe(killed);
    expect(podOf(next)).toEqual(podOf(killed));
    expect(ms).toBeLessThan(withoutTheLease);
  }

  it('goes on in the same pod when its process is killed, without waiting for the end of its lease', () =>
    isSoonBack('killed-alone'));

  it('goes on in the next pod when its pod is killed', async () => {
    const [killed = ''] = await podNames();
    await kubectl(['delete', 'pod', killed, system, '--grace-period=0', '--force']);
    await deploy('the-second');
    await succeeds('hello-v2');
    expect(await podNames()).not.toContain(killed);
  });

  describe('with two replicas and PostgreSQL', () => {
    beforeAll(async () => {
      const url = postgres.url.replace('127.0.0.1', nodeAddress);
      await kubectl(['create', 'secret', 'generic', 'task-runs-archive', system, `--from-literal=url=${url}`]);
      await enableAddon(client, {
        directory: join(repository, 'dist/task-runs'),
        parameters: { replicas: 2, archive: { postgresSecret: 'task-runs-archive' } },
      });
      await bothAreThere();
    });

    const bothAreThere = async (): Promise<void> => {
      await kubectl(['rollout', 'status', 'deployment/task-runs', system, '--timeout=120s']);
      await eventually('the two pods are there alone, and one of them leads', async () => {
        const names = await podNames();
        return names.length === 2 && names.includes((await leader()).name);
      });
    };

    async function isStored(run: string): Promise<void> {
      const archive = new pg.Client({ connectionString: postgres.url });
      await archive.connect();
      try {
        await eventually(`${run} is stored`, async () => {
          const { rows } = await archive.query<{ name: string }>('select name from runs where name = $1', [run]);
          return rows.length > 0;
        });
      } finally {
        await archive.end();
      }
    }

    it('goes on in the same pod when the process of the leader is killed', () => isSoonBack('killed-of-two'));

    it('has the next leader at once when the pod of the leader is deleted', async () => {
      const { name } = await leader();
      const holders = await Seen.of(client, leases, 'vela-system', ({ metadata, spec }) =>
        metadata.name === 'task-runs' ? spec?.holderIdentity || 'nobody' : undefined,
      );
      const ms = await recovery('deleted-of-two', async () => {
        await client.delete(pods, { namespace: 'vela-system', name });
        await holders.at('nobody');
      }).finally(() => holders.stop());
      expect((await leader()).name).not.toBe(name);
      expect(ms).toBeLessThan(withoutTheLease);
    });

    it('has the next leader when the pod of the leader is deleted by force, and its node still answers', async () => {
      await bothAreThere();
      const { name } = await leader();
      // The object is gone before the process is: the kubelet asks it to end, and kills it 2 s later. On a busy machine
      // that is too soon to give the lease back, and the next one waits for its end.
      let ms = 0;
      await recovery('forced-of-two', async () => {
        const from = performance.now();
        await kubectl(['delete', 'pod', name, system, '--grace-period=0', '--force']);
        await eventually('another one leads', async () => (await leader()).name !== name);
        ms = performance.now() - from;
      });
      console.log(`another one leads ${Math.round(ms)} ms after the pod was deleted by force`);
    });

    it('goes on when the node of the leader is lost, after its lease has run out', async () => {
      await bothAreThere();
      const { name } = await leader();
      const { parts } = await sandbox.state();
      const kubelet = parts.find((part) => part.name === 'kubelet')?.pid ?? 0;
      // As on a lost node nothing gives the lease back, nobody starts the container again, and the pod stays as it is.
      process.kill(kubelet, 'SIGSTOP');
      try {
        const ms = await recovery('lost-of-two', () => signalLeader('SIGKILL'));
        expect(ms).toBeGreaterThan(withoutTheLease);
        expect((await leader()).name).not.toBe(name);
        expect(await podNames()).toContain(name);
      } finally {
        process.kill(kubelet, 'SIGCONT');
      }
    });

    it('goes on when the leader stands still, after its lease has run out', async () => {
      await bothAreThere();
      let pid = 0;
      const still = await leader();
      try {
        const ms = await recovery('paused-of-two', async () => (pid = await signalLeader('SIGSTOP')));
        expect(ms).toBeGreaterThan(withoutTheLease);
        expect((await leader()).name).not.toBe(still.name);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
    });

    it('stores in PostgreSQL what each of them ran', async () => {
      for (const end of ['killed', 'deleted', 'forced', 'lost', 'paused']) await isStored(`${end}-of-two-v1`);
    });

    it('says on the pod that leads that PostgreSQL is not there, and what to do, and stores what ended meanwhile', async () => {
      await postgres.kill();
      try {
        await recovery('stored-later', () => Promise.resolve());
        const { name } = await leader();
        const said = await eventually('an event says so', async () => {
          const selector = `--field-selector=reason=ArchiveUnavailable,involvedObject.name=${name}`;
          const messages = await kubectl(['get', 'events', system, selector, '--output=jsonpath={.items[*].message}']);
          return messages !== '' && messages;
        });
        expect(said).toMatch(
          /^the archive cannot be used: .*; see whether PostgreSQL runs, and whether url in the secret that archive\.postgresSecret names is right; runs go on/,
        );
      } finally {
        await postgres.start();
      }
      await isStored('stored-later-v1');
    });
  });
});
