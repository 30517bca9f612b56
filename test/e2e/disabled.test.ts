/**
 * `vela addon disable` and `vela addon enable` while runs are active, with the controller in a pod. With KUBEVELA_HOME
 * a real KubeVela and its own `vela`, else the stand-in.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Job } from 'kubernetes-types/batch/v1.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { taskRuns } from '../../controller/src/cluster/resource-types.ts';
import { createClient, type Client } from '../../controller/src/kube/client.ts';
import { listAll } from '../../controller/src/kube/list-all.ts';
import type { Stored } from '../../controller/src/kube/objects.ts';
import { jobs, pods } from '../../controller/src/kube/resources.ts';
import { startSandbox, type Sandbox } from '../../sandbox/src/sandbox.ts';
import { buildNamedImage, startInCluster, type InClusterOptions } from '../../scripts/controller-in-cluster.ts';
import { disable } from '../../scripts/enable-addon.ts';
import { kubectlOf, type Kubectl } from '../../scripts/kubectl.ts';
import { readAudit } from '../campaign/audit.ts';
import { eventually } from '../support/eventually.ts';

const home = process.env['KUBEVELA_HOME'];
const directory = fileURLToPath(new URL('../../dist/task-runs', import.meta.url));
const namespace = 'default';

const untilTold = { image: 'busybox:1.36', cmd: ['sh', '-c', 'until [ -e /tmp/end ]; do sleep 0.2; done'] };
const atOnce = { image: 'busybox:1.36', cmd: ['true'] };
const inTurn = { executionPolicy: { concurrencyPolicy: 'Queue' } };

describe.skipIf(process.getuid?.() !== 0)(
  `the addon, disabled while runs are active (needs root), with ${home === undefined ? 'the stand-in' : 'a real KubeVela'}`,
  () => {
    let scratch: string;
    let sandbox: Sandbox;
    let client: Client;
    let kubectl: Kubectl;
    let options: InClusterOptions;

    beforeAll(async () => {
      scratch = await mkdtemp(join(tmpdir(), 'disabled-'));
      const image = buildNamedImage();
      sandbox = await startSandbox({
        dir: join(scratch, 'sandbox'),
        nodes: 'real',
        kubevela: home === undefined ? 'stand-in' : 'real',
        audit: true,
      });
      const { kubeconfig } = sandbox;
      client = createClient({ kubeconfigPath: kubeconfig, userAgent: 'disabled-test' });
      kubectl = kubectlOf(sandbox.kubectl, kubeconfig);
      const vela = home === undefined ? undefined : join(home, 'bin/vela');
      const load = (archive: string) => sandbox.load(archive);
      options = { kubeconfig, kubectl, vela, directory, image: await image, load };
      await startInCluster(options);
    });
    afterAll(async () => {
      await client?.close();
      await sandbox?.stop();
      await rm(scratch, { recursive: true, force: true });
    });

    const deploy = (name: string, properties: object, type = 'task'): Promise<string> =>
      kubectl(['apply', '--server-side', '-f', '-'], {
        input: {
          apiVersion: 'core.oam.dev/v1beta1',
          kind: 'Application',
          metadata: { name, namespace },
          spec: { components: [{ name, type, properties }] },
        },
      });

    const phaseOf = async (name: string): Promise<string | undefined> =>
      (await client.get(taskRuns, { namespace, name })).status?.phase;
    const is = (name: string, phase: string): Promise<unknown> =>
      eventually(`run ${name} is ${phase}`, async () => (await phaseOf(name)) === phase);

    const podsOf = (name: string) => listAll(client, pods, { namespace, labelSelector: `job-name=${name}` });
    const jobsByName = async (): Promise<ReadonlyMap<string, Stored<Job>>> =>
      new Map((await listAll(client, jobs, { namespace })).map((job) => [job.metadata.name, job]));
    const uidsOf = async (): Promise<Readonly<Record<string, string>>> =>
      Object.fromEntries([...(await jobsByName())].map(([name, { metadata }]) => [name, metadata.uid]));

    const isRunning = (job: string): Promise<unknown> =>
      eventually(`a pod of ${job} runs`, async () =>
        (await podsOf(job)).some(({ status }) => status?.phase === 'Running'),
      );
    const isComplete = (name: string): Promise<unknown> =>
      eventually(`Job ${name} is complete`, async () => (await jobsByName()).get(name)?.status?.succeeded === 1);
    const tell = async (job: string): Promise<void> => {
      const [pod] = await podsOf(job);
      await kubectl(['exec', pod?.metadata.name ?? '', `--namespace=${namespace}`, '--', 'touch', '/tmp/end']);
    };

    it('loses nothing and runs nothing twice once it is enabled again', async () => {
      await deploy('ended', atOnce);
      await deploy('active', untilTold);
      await deploy('waiting', { ...untilTold, ...inTurn });
      const steps = [
        { name: 'first', ...untilTold },
        { name: 'second', ...atOnce, dependsOn: ['first'] },
      ];
      await deploy('flow', { steps }, 'task-flow');
      await Promise.all([is('ended-v1', 'Succeeded'), is('active-v1', 'Running'), is('waiting-v1', 'Running')]);
      await deploy('waiting', { ...atOnce, ...inTurn });
      await Promise.all([is('waiting-v2', 'Queued'), is('flow-v1', 'Running')]);
      const running = ['active-v1', 'waiting-v1', 'flow-v1-first'];
      await Promise.all(running.map(isRunning));
      const before = await uidsOf();

      await disable(options, { force: true });
      await eventually('the controller is gone', async () => {
        const selector = '--selector=app.kubernetes.io/name=task-runs';
        return (
          (await kubectl(['get', 'deployments,pods', '--namespace=vela-system', selector, '--output=name'])) === ''
        );
      });
      for (const job of ['active-v1', 'flow-v1-first']) {
        await tell(job);
        await isComplete(job);
      }
      expect(await uidsOf()).toEqual(before);
      expect(await phaseOf('active-v1')).toBe('Running');

      await startInCluster(options);
      await Promise.all([is('active-v1', 'Succeeded'), is('flow-v1', 'Succeeded')]);
      expect([await phaseOf('waiting-v1'), await phaseOf('waiting-v2')]).toEqual(['Running', 'Queued']);
      await tell('waiting-v1');
      await is('waiting-v2', 'Succeeded');

      const wanted = ['ended-v1', 'active-v1', 'waiting-v1', 'flow-v1-first', 'flow-v1-second', 'waiting-v2'];
      expect(await uidsOf()).toMatchObject(before);
      const changes = await readAudit(sandbox.auditLog, new Set([namespace]));
      const created = (what: string) => changes.filter((change) => change.what === what && isCreated(change));
      expect(
        created('jobs')
          .map(({ name }) => name)
          .sort(),
      ).toEqual(wanted.sort());
      expect((await listAll(client, pods, { namespace })).length).toBe(wanted.length);
      expect((await listAll(client, taskRuns, { namespace })).map(({ metadata }) => metadata.name).sort()).toEqual([
        'active-v1',
        'ended-v1',
        'flow-v1',
        'waiting-v1',
        'waiting-v2',
      ]);
    });
  },
);

const isCreated = ({ verb, code }: { readonly verb: string; readonly code: number }): boolean =>
  verb === 'create' && code < 300;
