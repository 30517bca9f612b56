import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { defaultKubernetes } from '../../sandbox/src/kubernetes-releases.ts';
import { kill, ownedProcesses } from '../../sandbox/src/machine/processes.ts';
import { startSandbox, type Sandbox } from '../../sandbox/src/sandbox.ts';
import { repository } from '../../sandbox/src/settings.ts';
import { progressTo } from '../../sandbox/src/progress.ts';
import { killParts, partOf } from '../support/kill-parts.ts';

const run = promisify(execFile);
let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'sandbox-test-'));
});

afterAll(() => rm(scratch, { recursive: true, force: true }));

/** kubectl as cluster admin. */
async function kubectl(sandbox: Pick<Sandbox, 'kubectl' | 'kubeconfig'>, ...args: string[]): Promise<string> {
  return (await run(sandbox.kubectl, ['--kubeconfig', sandbox.kubeconfig, ...args])).stdout;
}

const isGone = (path: string): Promise<boolean> =>
  access(path).then(
    () => false,
    () => true,
  );

describe('a sandbox with simulated nodes', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await startSandbox({
      dir: join(scratch, 'one'),
      nodes: 'simulated',
      nodeCount: 2,
      progress: progressTo(process.stderr),
    });
  });

  afterAll(() => sandbox.stop());

  it('has the nodes asked for, and a service account for pods', async () => {
    await kubectl(sandbox, 'wait', '--for=condition=Ready', 'node/sandbox-0', 'node/sandbox-1', '--timeout=30s');
    expect(await kubectl(sandbox, 'get', 'nodes', '-o', 'name')).toBe('node/sandbox-0\nnode/sandbox-1\n');
    expect(await kubectl(sandbox, 'get', 'serviceaccount', 'default', '-o', 'name')).toBe('serviceaccount/default\n');
  });

  it.each([
    ['succeeds', '', 'condition=Complete', 'Succeeded 0 Completed'],
    ['fails', 'sandbox.task.oam.dev/exit-code: "3"', 'condition=Failed', 'Failed 3 Error'],
    [
      'lacks-memory',
      'sandbox.task.oam.dev/exit-code: "137", sandbox.task.oam.dev/reason: OOMKilled',
      'condition=Failed',
      'Failed 137 OOMKilled',
    ],
  ])('plays a pod that %s', async (name, annotations, condition, outcome) => {
    const file = join(scratch, `${name}.yaml`);
    await writeFile(file, aJob(name, annotations));
    await kubectl(sandbox, 'apply', '-f', file);
    await kubectl(sandbox, 'wait', `--for=${condition}`, `job/${name}`, '--timeout=30s');
    const terminated = '.status.containerStatuses[0].state.terminated';
    const path = `jsonpath={.items[0].status.phase} {.items[0]${terminated}.exitCode} {.items[0]${terminated}.reason}`;
    expect(await kubectl(sandbox, 'get', 'pods', '-l', `job-name=${name}`, '-o', path)).toBe(outcome);
  });

  it('plays a pod that waits for its image, and starts when the annotation is taken away', async () => {
    const file = join(scratch, 'waits.yaml');
    await writeFile(file, aJob('waits', 'sandbox.task.oam.dev/waiting: ImagePullBackOff'));
    await kubectl(sandbox, 'apply', '-f', file);
    const reason = 'jsonpath={.items[0].status.containerStatuses[0].state.waiting.reason}';
    await vi.waitFor(
      async () =>
        expect(await kubectl(sandbox, 'get', 'pods', '-l', 'job-name=waits', '-o', reason)).toBe('ImagePullBackOff'),
      { timeout: 30_000, interval: 100 },
    );
    await kubectl(sandbox, 'annotate', 'pods', '-l', 'job-name=waits', 'sandbox.task.oam.dev/waiting-');
    await kubectl(sandbox, 'wait', '--for=condition=Complete', 'job/waits', '--timeout=30s');
  });

  it.each(['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok'])(
    'has %s again after kill -9, and still what was stored',
    async (name) => {
      await kubectl(sandbox, 'create', 'configmap', `before-${name}`);
      const before = await partOf(sandbox, name);
      await killParts(sandbox, name);
      expect((await partOf(sandbox, name)).pid).not.toBe(before.pid);
      expect(await kubectl(sandbox, 'get', 'configmap', `before-${name}`, '-o', 'name')).toBe(
        `configmap/before-${name}\n`,
      );
    },
  );

  it('works after all its programs were killed at once', async () => {
    const { parts } = await sandbox.state();
    await killParts(sandbox, ...parts.map(({ name }) => name));
    const file = join(scratch, 'afterwards.yaml');
    await writeFile(file, aJob('afterwards', ''));
    await kubectl(sandbox, 'apply', '-f', file);
    await kubectl(sandbox, 'wait', '--for=condition=Complete', 'job/afterwards', '--timeout=60s');
  });

  it('runs beside another, and stopping that one leaves nothing of it', async () => {
    const other = await startSandbox({ dir: join(scratch, 'two') });
    await kubectl(other, 'create', 'configmap', 'elsewhere');
    await expect(kubectl(sandbox, 'get', 'configmap', 'elsewhere')).rejects.toThrow('not found');
    await other.stop();
    expect(await ownedProcesses(other.dir)).toEqual([]);
    expect(await isGone(other.dir)).toBe(true);
  });
});

describe('a sandbox whose test was killed', () => {
  it('ends by itself and removes its directory', async () => {
    const dir = join(scratch, 'orphan');
    const script = join(scratch, 'starts-and-waits.mts');
    const source = join(repository, 'sandbox/src/sandbox.ts');
    await writeFile(
      script,
      `const { startSandbox } = await import(${JSON.stringify(source)});\nawait startSandbox({ dir: ${JSON.stringify(dir)} });\nconsole.log('up');\nsetInterval(() => {}, 1000);\n`,
    );
    const child = spawn(process.execPath, ['--import', 'tsx', script], {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    expect((await ownedProcesses(dir)).length).toBeGreaterThan(4);
    child.kill('SIGKILL');
    await vi.waitFor(async () => expect([await ownedProcesses(dir), await isGone(dir)]).toEqual([[], true]), {
      timeout: 60_000,
      interval: 100,
    });
  });
});

describe('the command line', () => {
  const portBase = '17300';
  let dir: string;

  beforeAll(() => {
    dir = join(scratch, 'command-line');
  });

  afterAll(() => sandboxCommand('down'));

  /** @returns exit code, stdout and stderr; a failure is not an exception */
  async function sandboxCommand(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const command = ['--import', 'tsx', 'sandbox/src/main.ts', '--dir', dir, ...args];
    return run(process.execPath, command, { cwd: repository }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
  }

  const up = (): ReturnType<typeof sandboxCommand> =>
    sandboxCommand('up', '--nodes', 'simulated', '--kubevela', 'none', '--port-base', portBase);

  /** What `env` tells a shell: the kubeconfig, and kubectl where the machine has none. */
  async function tools(): Promise<Pick<Sandbox, 'kubectl' | 'kubeconfig'>> {
    const { stdout } = await sandboxCommand('env');
    const kubectlDirectory = /PATH='([^']+)'/.exec(stdout)?.[1];
    return {
      kubeconfig: join(dir, 'kubeconfig'),
      kubectl: kubectlDirectory === undefined ? 'kubectl' : join(kubectlDirectory, 'kubectl'),
    };
  }

  const supervisor = async (): Promise<number> =>
    (await ownedProcesses(dir)).find(({ part }) => part === 'supervisor')?.pid ?? 0;

  it('says that nothing is up, and ends nothing without complaint', async () => {
    expect(await sandboxCommand('status')).toMatchObject({ code: 1, stdout: 'down\n' });
    expect(await sandboxCommand('env')).toMatchObject({
      code: 1,
      stderr: 'No sandbox is up: start one with npm run sandbox -- up.\n',
    });
    expect((await sandboxCommand('down')).code).toBe(0);
  });

  it('names a busy port and the remedy', async () => {
    const server = spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen(${portBase}, '127.0.0.1', () => console.log('busy'))`,
    ]);
    await once(server.stdout, 'data');
    const refused = await up();
    server.kill();
    await once(server, 'exit');
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr.trim().split('\n').at(-1)).toBe(
      `Port ${portBase} on 127.0.0.1, wanted for apiserver, is busy: stop what listens there, or choose other ports with --port-base.`,
    );
  });

  it('starts, stays, and does nothing the second time', async () => {
    expect(await up()).toMatchObject({ code: 0 });
    const first = await supervisor();
    expect((await sandboxCommand('status')).stdout).toContain(
      `ready: Kubernetes ${defaultKubernetes()}, nodes simulated, KubeVela none`,
    );
    expect((await sandboxCommand('env')).stdout).toContain(`export KUBECONFIG='${dir}/kubeconfig'`);
    expect(await up()).toMatchObject({ code: 0 });
    expect(await supervisor()).toBe(first);
  });

  it('refuses to become another kind while it is up', async () => {
    const refused = await sandboxCommand('up', '--nodes', 'none');
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain(
      `A sandbox is up with --kubernetes ${defaultKubernetes()} --nodes simulated --kubevela none`,
    );
  });

  it('starts again after everything was killed, with what was stored and stale files around', async () => {
    const tool = await tools();
    await kubectl(tool, 'create', 'configmap', 'kept');
    const killed = await ownedProcesses(dir);
    for (const { pid } of killed) kill(pid, 'SIGKILL');
    await writeFile(join(dir, 'supervisor.lock'), String(process.pid));
    await writeFile(join(dir, 'state.json'), '{"supervisor": 1, "pha');
    expect((await sandboxCommand('status')).code).toBe(1);
    expect(await up()).toMatchObject({ code: 0 });
    expect(await kubectl(tool, 'get', 'configmap', 'kept', '-o', 'name')).toBe('configmap/kept\n');
  });

  it('survives the death of its supervisor: the programs serve on, and up takes over', async () => {
    kill(await supervisor(), 'SIGKILL');
    expect(await kubectl(await tools(), 'get', 'configmap', 'kept', '-o', 'name')).toBe('configmap/kept\n');
    expect(await up()).toMatchObject({ code: 0 });
    expect((await sandboxCommand('status')).code).toBe(0);
  });

  it('leaves nothing behind', async () => {
    expect((await sandboxCommand('down')).code).toBe(0);
    expect(await ownedProcesses(dir)).toEqual([]);
    expect(await isGone(dir)).toBe(true);
  });
});

function aJob(name: string, annotations: string): string {
  return `apiVersion: batch/v1
kind: Job
metadata: {name: ${name}}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {${annotations}}}
    spec:
      restartPolicy: Never
      containers: [{name: main, image: "busybox:1.36"}]
`;
}
