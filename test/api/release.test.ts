/**
 * What people take from a release: the addon from a registry, with `vela` of KUBEVELA_HOME where that is set, else as
 * KubeVela reads a registry; the YAML, without KubeVela; and the command line as one program.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { createClient } from '../../controller/src/kube/client.ts';
import { enableAddon } from '../../sandbox/src/kubevela/addon.ts';
import { startSandbox, type Sandbox } from '../../sandbox/src/sandbox.ts';
import { writeControllerKubeconfig } from '../../scripts/controller-kubeconfig.ts';
import { imageCache } from '../../scripts/image/build.ts';
import { nodePackage } from '../../scripts/image/node.ts';
import { kubectlOf } from '../../scripts/kubectl.ts';
import { addonPackage, indexOf } from '../../scripts/release/addon-package.ts';
import { executable, platforms } from '../../scripts/release/executables.ts';
import { manifestsOf } from '../../scripts/release/manifests.ts';
import { startController, type ControllerProcess } from '../support/controller-process.ts';
import { deploy, finishedTask } from '../support/deploy.ts';
import { renderedAddon } from '../support/rendered-addon.ts';

const run = promisify(execFile);
const home = process.env['KUBEVELA_HOME'];
const repository = fileURLToPath(new URL('../..', import.meta.url));
const addon = join(repository, 'dist/task-runs');
const created = '2026-01-01T00:00:00.000Z';
const earlier = '0.0.1';
const { version } = packageJson;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'release-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const here = platforms.find(({ node }) => node === `node-${process.platform}-${process.arch}`);

describe.skipIf(here === undefined)('the command line as one program', () => {
  it('plans without Node and without any file beside it, and is the same when it is made again', async () => {
    if (here === undefined) return;
    const node = await nodePackage(here.node, imageCache);
    const content = await executable(here, node);
    expect(content.equals(await executable(here, node))).toBe(true);
    const program = join(directory, 'kubectl-task');
    await writeFile(program, content);
    await chmod(program, 0o755);
    const environment = { env: { NODE_OPTIONS: '--no-such-option' }, cwd: directory };
    expect((await run(program, ['--version'], environment)).stdout.trim()).toBe(version);
    expect((await run(program, ['--help'], environment)).stdout).toContain('Usage: kubectl task ');
    const plan = await run(program, ['plan', '-f', join(repository, 'examples/app-worker.yaml')], environment);
    expect(plan.stdout).toContain('mytask-v1 starts');
  });
});

describe('the YAML for people without addons', () => {
  it('is applied to a new cluster by the command of the documentation, and a task of it runs', async () => {
    const { cluster } = manifestsOf(await renderedAddon(addon));
    const file = join(directory, `task-runs-${version}.yaml`);
    await writeFile(file, cluster);
    const sandbox = await startSandbox({ dir: join(directory, 'plain'), nodes: 'simulated' });
    const client = createClient({ kubeconfigPath: sandbox.kubeconfig, userAgent: 'release-test' });
    let controller: ControllerProcess | undefined;
    try {
      const kubectl = kubectlOf(sandbox.kubectl, sandbox.kubeconfig);
      await kubectl(['create', 'namespace', 'vela-system']);
      await kubectl(['apply', '--server-side', '-f', file]);
      expect(await kubectl(['get', 'deployment', 'task-runs', '-n', 'vela-system', '-o', 'name'])).toContain(
        'task-runs',
      );
      // The Deployment's pod is simulated: what it would run has its rights.
      const kubeconfig = join(directory, 'plain.kubeconfig');
      await writeControllerKubeconfig(kubectl, kubeconfig);
      controller = await startController(kubeconfig);
      const task = await deploy(client, { namespace: 'default', revision: 1 });
      expect((await finishedTask(client, task)).status?.phase).toBe('Succeeded');
      // The policies hold as well.
      await expect(
        kubectl(['patch', 'job', 'mytask-v1', '--type=merge', '--patch={"spec":{"suspend":true}}']),
      ).rejects.toThrow(/ValidatingAdmissionPolicy 'jobs.task-runs'/);
    } finally {
      await controller?.stop();
      await client.close();
      await sandbox.stop();
    }
  });
});

describe(`a registry of addons, read by ${home === undefined ? 'the stand-in' : 'vela'}`, () => {
  let files: Server;
  let endpoint: string;
  let sandbox: Sandbox;

  beforeAll(async () => {
    const folder = join(directory, 'registry');
    await mkdir(folder);
    await writeRegistry(folder);
    files = createServer((request, response) => {
      readFile(join(folder, new URL(request.url ?? '/', 'http://localhost').pathname)).then(
        (content) => response.end(content),
        () => response.writeHead(404).end(),
      );
    }).listen(0, '127.0.0.1');
    await once(files, 'listening');
    endpoint = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
    sandbox = await startSandbox({
      dir: join(directory, 'sandbox'),
      nodes: 'none',
      kubevela: home === undefined ? 'stand-in' : 'real',
    });
    if (home === undefined) return;
    expect(await vela('registry', 'add', 'ours', '--type=helm', `--endpoint=${endpoint}`)).toContain('ours');
    // It is on GitHub, which is not asked here.
    await vela('registry', 'delete', 'KubeVela').catch(() => undefined);
  });
  afterAll(async () => {
    await sandbox?.stop();
    files?.close();
  });

  /** This version and one before it, which differs only in its number. */
  async function writeRegistry(folder: string): Promise<void> {
    const old = join(directory, 'earlier/task-runs');
    await cp(addon, old, { recursive: true });
    const metadata = await readFile(join(old, 'metadata.yaml'), 'utf8');
    await writeFile(join(old, 'metadata.yaml'), metadata.replace(`version: ${version}`, `version: ${earlier}`));
    let index: string | undefined;
    for (const source of [old, addon]) {
      const packed = await addonPackage(source);
      await writeFile(join(folder, packed.file), packed.content);
      index = indexOf(packed, created, { earlier: index });
    }
    await writeFile(join(folder, 'index.yaml'), index ?? '');
  }

  async function vela(...args: string[]): Promise<string> {
    const { stdout } = await run(join(home ?? '', 'bin/vela'), ['addon', ...args], {
      env: { ...process.env, KUBECONFIG: sandbox.kubeconfig },
    });
    return stdout;
  }

  /** Enables the version that is named, or the newest. Nothing runs: there is no image of the controller here. */
  async function enable(wanted?: string): Promise<void> {
    if (home !== undefined) {
      const args = wanted === undefined ? ['upgrade', 'task-runs'] : ['enable', 'task-runs', `--version=${wanted}`];
      expect(await vela(...args, 'replicas=0')).toContain('enabled successfully');
      return;
    }
    const client = createClient({ kubeconfigPath: sandbox.kubeconfig, userAgent: 'release-test' });
    const source = await downloaded(wanted);
    await enableAddon(client, { directory: source, parameters: { replicas: 0 } }).finally(() => client.close());
  }

  /** As KubeVela reads a registry (pkg/addon/versioned_registry.go). */
  async function downloaded(wanted?: string): Promise<string> {
    const index = parse(await (await fetch(`${endpoint}/index.yaml`)).text()) as {
      entries: Record<string, { version: string; urls: string[]; digest: string }[]>;
    };
    const versions = index.entries['task-runs'] ?? [];
    const found = wanted === undefined ? versions[0] : versions.find((entry) => entry.version === wanted);
    const response = await fetch(new URL(found?.urls[0] ?? '', `${endpoint}/`));
    const content = Buffer.from(await response.arrayBuffer());
    expect(createHash('sha256').update(content).digest('hex')).toBe(found?.digest);
    const folder = await mkdtemp(join(directory, 'unpacked-'));
    await writeFile(join(folder, 'package.tgz'), content);
    await run('tar', ['xf', 'package.tgz'], { cwd: folder });
    return join(folder, 'task-runs');
  }

  async function enabled(): Promise<string | undefined> {
    const kubectl = kubectlOf(sandbox.kubectl, sandbox.kubeconfig);
    const text = await kubectl(['get', 'application', 'addon-task-runs', '-n', 'vela-system', '-o', 'json']);
    return (JSON.parse(text) as { metadata: { labels: Record<string, string> } }).metadata.labels[
      'addons.oam.dev/version'
    ];
  }

  it('offers the versions that it has', async () => {
    if (home !== undefined) expect(await vela('list')).toMatch(/task-runs.*ours/);
    const index = await (await fetch(`${endpoint}/index.yaml`)).text();
    expect(index.match(/(?<=- task-runs-)[\d.]+(?=\.tgz)/g)).toEqual([version, earlier]);
  });

  it('enables an earlier version, and upgrades to the newest', async () => {
    await enable(earlier);
    expect(await enabled()).toBe(earlier);
    await enable();
    expect(await enabled()).toBe(version);
  });
});
