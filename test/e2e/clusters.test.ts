/**
 * Tasks that a topology policy puts into another cluster, with a real KubeVela, its cluster-gateway, and a real API
 * server on either side. The hub and the member have the addon and a controller each, as `vela addon enable` makes it.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Job } from 'kubernetes-types/batch/v1.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applications, taskRuns, tasks } from '../../controller/src/cluster/resource-types.ts';
import { createClient, type Client } from '../../controller/src/kube/client.ts';
import { listAll } from '../../controller/src/kube/list-all.ts';
import type { Stored } from '../../controller/src/kube/objects.ts';
import { jobs } from '../../controller/src/kube/resources.ts';
import type { ApplicationSpec, ApplicationStatus } from '../../sandbox/src/kubevela/application.ts';
import { startSandbox, type Sandbox } from '../../sandbox/src/sandbox.ts';
import { writeControllerKubeconfig } from '../../scripts/controller-kubeconfig.ts';
import { enableWithoutController } from '../../scripts/enable-addon.ts';
import { kubectlOf, type Kubectl } from '../../scripts/kubectl.ts';
import { startController, type ControllerProcess } from '../support/controller-process.ts';
import { eventually } from '../support/eventually.ts';
import { prints } from './user.ts';

const home = process.env['KUBEVELA_HOME'] ?? '';
const canReachOthers = home !== '' && existsSync(join(home, 'bin/cluster-gateway'));
if (!canReachOthers)
  console.error('No other cluster is tested: KUBEVELA_HOME names no KubeVela with bin/cluster-gateway.');
const velaProgram = join(home, 'bin/vela');
const directory = fileURLToPath(new URL('../../dist/task-runs', import.meta.url));
const run = promisify(execFile);

/** A cluster, and those who act in it. */
interface Side {
  readonly sandbox: Sandbox;
  readonly client: Client;
  readonly kubectl: Kubectl;
}

/** The Applications stand in a namespace that only the hub has; their tasks go to one that only the member has. */
const ofApplications = 'shop';
const ofTasks = 'work';

describe.skipIf(!canReachOthers)('another cluster (needs KUBEVELA_HOME with bin/cluster-gateway)', () => {
  let scratch: string;
  let hub: Side;
  let member: Side;
  const controllers: ControllerProcess[] = [];

  const start = async (name: string, kubevela: 'real' | 'none'): Promise<Side> => {
    // No task runs in the hub.
    const nodes = name === 'hub' ? 'none' : process.getuid?.() === 0 ? 'real' : 'simulated';
    const sandbox = await startSandbox({ dir: join(scratch, name), nodes, kubevela });
    const { kubeconfig } = sandbox;
    const client = createClient({ kubeconfigPath: kubeconfig, userAgent: 'clusters-test' });
    return { sandbox, client, kubectl: kubectlOf(sandbox.kubectl, kubeconfig) };
  };
  const startControllerOf = async ({ kubectl }: Side, name: string): Promise<void> => {
    const kubeconfig = join(scratch, `${name}-controller.kubeconfig`);
    await eventually(`the addon is in ${name}`, () =>
      kubectl(['get', 'serviceaccount/task-runs', '-n', 'vela-system']),
    );
    await writeControllerKubeconfig(kubectl, kubeconfig);
    controllers.push(await startController(kubeconfig));
  };
  const vela = async (...args: string[]): Promise<string> => {
    const { stdout } = await run(velaProgram, args, { env: { ...process.env, KUBECONFIG: hub.sandbox.kubeconfig } });
    return stdout;
  };

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'clusters-'));
    [hub, member] = await Promise.all([start('hub', 'real'), start('member', 'none')]);
    // A cluster that joins later has the addon once it is enabled again.
    const enable = () => enableWithoutController({ kubeconfig: hub.sandbox.kubeconfig, directory, vela: velaProgram });
    await enable();
    await vela('cluster', 'join', member.sandbox.kubeconfig, '--name=member', '-y');
    await enable();
    await Promise.all([startControllerOf(hub, 'hub'), startControllerOf(member, 'member')]);
    await hub.kubectl(['create', 'namespace', ofApplications]);
    await member.kubectl(['create', 'namespace', ofTasks]);
    await eventually('pods may be created', () => member.kubectl(['get', 'serviceaccount/default', '-n', ofTasks]));
  });
  afterAll(async () => {
    await Promise.all(controllers.map((controller) => controller.stop()));
    await Promise.all([hub?.client.close(), member?.client.close()]);
    await Promise.all([hub?.sandbox.stop(), member?.sandbox.stop()]);
    await rm(scratch, { recursive: true, force: true });
  });

  const toMember = { name: 'far', type: 'topology', properties: { clusters: ['member'], namespace: ofTasks } };
  const deploy = (name: string, spec: object): Promise<unknown> =>
    hub.client.patch(
      applications,
      { namespace: ofApplications, name },
      {
        apiVersion: 'core.oam.dev/v1beta1',
        kind: 'Application',
        metadata: { name, namespace: ofApplications },
        spec: spec as ApplicationSpec,
      },
      { type: 'apply', fieldManager: 'e2e', force: true },
    );
  const statusOf = async (name: string): Promise<ApplicationStatus> => {
    const { status } = await hub.client.get(applications, { namespace: ofApplications, name });
    return (status ?? {}) as ApplicationStatus;
  };
  const says = (name: string, what: RegExp): Promise<unknown> =>
    eventually(`Application ${name} says ${what}`, async () => {
      const status = await statusOf(name);
      const found = status.services?.find(({ message = '' }) => what.test(message));
      if (found === undefined || status.status !== 'running') throw new Error(JSON.stringify(status));
      return found;
    });
  const jobsOf = async (application: string): Promise<ReadonlyMap<string, Stored<Job>>> => {
    const labelSelector = `app.oam.dev/name=${application}`;
    const found = await listAll(member.client, jobs, { namespace: ofTasks, labelSelector });
    return new Map(found.map((job) => [job.metadata.name, job]));
  };

  it('gets the task that a topology puts there, and runs each deployment as a Job of its own', async () => {
    const deployed = (text: string) =>
      deploy('far', { components: [{ name: 'mytask', type: 'task', properties: prints(text) }], policies: [toMember] });
    await deployed('one');
    expect(await says('far', /^mytask-v1 Succeeded in \d+s · 1 kept$/)).toMatchObject({
      name: 'mytask',
      namespace: ofTasks,
      cluster: 'member',
      healthy: true,
    });
    const [first] = [...(await jobsOf('far')).values()];

    await deployed('two');
    await says('far', /^mytask-v2 Succeeded in \d+s · 2 kept$/);
    const after = await jobsOf('far');
    expect([...after.keys()].sort()).toEqual(['mytask-v1', 'mytask-v2']);
    expect(after.get('mytask-v1')?.metadata).toMatchObject({ uid: first?.metadata.uid, generation: 1 });
    expect(after.get('mytask-v2')?.metadata.generation).toBe(1);
    expect(await listAll(hub.client, tasks)).toEqual([]);
  });

  it('is in what vela status says', async () => {
    const status = await vela('status', 'far', '-n', ofApplications);
    expect(status).toMatch(/Cluster: member\s+Namespace: work/);
    expect(status).toMatch(/Message: mytask-v2 Succeeded in \d+s · 2 kept/);
    expect(status).toContain('totals: 0 active, 2 succeeded, 0 failed, 0 cancelled, 2 kept');
    expect(await vela('status', 'far', '-n', ofApplications, '--pod')).toMatch(/member\s.*mytask-v2-/);
    expect(await vela('status', 'far', '-n', ofApplications, '--tree')).toMatch(/member[^]*Task\/far-mytask/);
  });

  it('says on the hub why a run there failed', async () => {
    const exits = { image: 'busybox:1.36', cmd: ['sh', '-c', 'exit 3'], backoffLimit: 0 };
    const simulated = { annotations: { 'sandbox.task.oam.dev/exit-code': '3' } };
    await deploy('broken', {
      components: [{ name: 'import', type: 'task', properties: { ...exits, ...simulated } }],
      policies: [toMember],
    });
    await eventually('the Application says why', async () => {
      const { services } = await statusOf('broken');
      const said = services?.[0]?.message ?? '';
      if (!said.startsWith('import-v1 Failed')) throw new Error(JSON.stringify(services));
      expect(said).toMatch(/exit code 3 in container import \(BackoffLimitExceeded\)/);
      return true;
    });
  });

  it.each([
    ['where the step says', { cluster: 'member', namespace: ofTasks }],
    ['where the only topology put it', {}],
  ])('has a component run by the step run-task, %s', async (_, where) => {
    const name = Object.keys(where).length > 0 ? 'named' : 'found';
    const steps = [
      { name: 'put', type: 'deploy', properties: { policies: ['far'] } },
      { name: 'go', type: 'run-task', properties: { component: 'migrate', ...where } },
    ];
    const manual = { ...prints('migrated'), executionPolicy: { trigger: 'Manual' } };
    const application = (properties: object) => ({
      components: [{ name: 'migrate', type: 'task', properties }],
      policies: [toMember],
      workflow: { steps },
    });
    const stepSays = (what: RegExp): Promise<string> =>
      eventually(`the step of ${name} says ${what}`, async () => {
        const { workflow, status } = await statusOf(name);
        const step = workflow?.steps?.find((one) => one.name === 'go');
        if (step?.phase !== 'succeeded' || status !== 'running') throw new Error(JSON.stringify([status, workflow]));
        expect(step.message).toMatch(what);
        return step.message;
      });
    await deploy(name, application(manual));
    await stepSays(/^migrate-\w+ Succeeded in \d+s$/);
    const [first] = [...(await jobsOf(name)).values()];

    await deploy(name, application({ ...manual, cmd: ['echo', 'again'] }));
    await eventually('a second run', async () => {
      const runs = (await listAll(member.client, taskRuns, { namespace: ofTasks })).filter(
        ({ spec }) => spec.taskRef?.name === `${name}-migrate`,
      );
      const phases = runs.map(({ status }) => status?.phase);
      if (phases.join() !== 'Succeeded,Succeeded') throw new Error(JSON.stringify(phases));
      return true;
    });
    const after = [...(await jobsOf(name)).values()];
    expect(after.map(({ metadata }) => metadata.generation)).toEqual([1, 1]);
    expect(after.map(({ metadata }) => metadata.uid)).toContain(first?.metadata.uid);
    expect(await listAll(hub.client, tasks)).toEqual([]);
  });

  it('loses the task, its runs and Jobs with the Application', async () => {
    await hub.client.delete(applications, { namespace: ofApplications, name: 'far' });
    await eventually('nothing of it is left', async () => (await jobsOf('far')).size === 0);
    const left = await listAll(member.client, taskRuns, { namespace: ofTasks });
    expect(left.filter(({ spec }) => spec.taskRef?.name === 'far-mytask')).toEqual([]);
  });
});
