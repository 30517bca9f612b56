import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { endAll } from './processes.ts';
import { exists } from '../exists.ts';
import type { Layout } from '../settings.ts';

const run = promisify(execFile);

/**
 * What a real node leaves on a machine, and how it is kept from doing so. containerd and the kubelet run in a mount
 * namespace of their own: no mount of theirs is seen outside, all are gone with the namespace, and the few paths that
 * are fixed in their sources are directories of the sandbox in there. Their network is one of their own, too, with the
 * pods' addresses in it (programs/node-network.ts). Containers live in cgroups named after the
 * sandbox, so that they can be found and ended without asking containerd.
 */
const fixedPaths = ['/run/containerd', '/var/lib/cni', '/var/lib/kubelet', '/var/log/containers', '/var/log/pods'];

const namespaceDirectory = (layout: Layout): string => join(layout.node, 'namespace');
const namespaceFile = (layout: Layout): string => join(namespaceDirectory(layout), 'mount');

/** The node's network namespace. */
export const networkFile = (layout: Layout): string => join(namespaceDirectory(layout), 'network');

/** The sandbox's cgroup in every hierarchy. */
export function cgroupName(layout: Layout): string {
  return `task-runs-sandbox-${createHash('sha256').update(layout.dir).digest('hex').slice(0, 8)}`;
}

export function containerdSocket(layout: Layout): string {
  return join(layout.node, 'containerd.sock');
}

/** Command and arguments that run a program in the node's namespaces. */
export function inNode(layout: Layout, command: string, args: readonly string[]): { command: string; args: string[] } {
  const namespaces = [`--mount=${namespaceFile(layout)}`, `--net=${networkFile(layout)}`];
  return { command: 'nsenter', args: [...namespaces, '--', command, ...args] };
}

/** Runs a program in the node's namespaces to its end. @throws Error with what it printed when it fails */
export async function runInNode(layout: Layout, command: string, args: readonly string[]): Promise<string> {
  const entered = inNode(layout, command, args);
  return (await run(entered.command, entered.args, { timeout: 10_000 })).stdout;
}

/** Makes the namespaces and the cgroups, unless they are there. */
export async function prepareNode(layout: Layout): Promise<void> {
  await makeCgroups(layout);
  if ((await isMountPoint(namespaceFile(layout))) && (await isMountPoint(networkFile(layout)))) return;
  await unmountNamespaces(layout);
  await mkdir(namespaceDirectory(layout), { recursive: true });
  // A namespace can only be kept in a file whose mount is private.
  await run('mount', ['--bind', namespaceDirectory(layout), namespaceDirectory(layout)]);
  await run('mount', ['--make-private', namespaceDirectory(layout)]);
  for (const file of [namespaceFile(layout), networkFile(layout)]) await writeFile(file, '');
  await makeFixedPaths(layout);
  await run('unshare', [
    `--mount=${namespaceFile(layout)}`,
    `--net=${networkFile(layout)}`,
    '--propagation=private',
    'sh',
    '-euc',
    bindScript,
    'sh',
    layout.node,
    ...fixedPaths,
  ]);
}

/** Puts a directory of the sandbox over each fixed path; then lets mounts propagate among the node's own namespaces. */
const bindScript = `
node=$1; shift
for path; do mount --bind "$node/fixed$path" "$path"; done
mount --make-rshared /
`;

/** The fixed paths that were missing are written down, to be removed again. */
async function makeFixedPaths(layout: Layout): Promise<void> {
  const made: string[] = [];
  for (const path of fixedPaths) {
    await mkdir(join(layout.node, 'fixed', path), { recursive: true });
    const first = await mkdir(path, { recursive: true });
    if (first !== undefined) made.push(path);
  }
  const known = await madePaths(layout);
  await writeFile(madeFile(layout), JSON.stringify([...new Set([...known, ...made])]));
}

const madeFile = (layout: Layout): string => join(layout.node, 'made-paths.json');

async function madePaths(layout: Layout): Promise<string[]> {
  const text = await readFile(madeFile(layout), 'utf8').catch(() => '[]');
  return JSON.parse(text) as string[];
}

/** Ends all containers, without asking containerd, which may be dead. */
export async function endContainers(layout: Layout): Promise<void> {
  await endAll(() => processesInCgroups(layout), 0);
}

/** Removes what a node left on the machine outside of the sandbox's directory; its processes have ended. */
export async function sweepNode(layout: Layout): Promise<void> {
  await unmountNamespaces(layout);
  await removeCgroups(layout);
  for (const path of await madePaths(layout)) await removeIfEmpty(path);
}

async function unmountNamespaces(layout: Layout): Promise<void> {
  for (const path of [networkFile(layout), namespaceFile(layout), namespaceDirectory(layout)]) {
    while (await isMountPoint(path)) await run('umount', ['--lazy', path]);
  }
}

async function isMountPoint(path: string): Promise<boolean> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8');
  return mounts.split('\n').some((line) => unescape(line.split(' ')[4] ?? '') === path);
}

/** mountinfo writes a space as \040. */
function unescape(path: string): string {
  return path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

/** The mount points of cgroup v1's hierarchies and of cgroup v2, whichever the machine has. */
async function hierarchies(): Promise<string[]> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
  return mounts.filter((mount) => mount[2] === 'cgroup' || mount[2] === 'cgroup2').map((mount) => mount[1] ?? '');
}

async function makeCgroups(layout: Layout): Promise<void> {
  for (const hierarchy of await hierarchies()) {
    const cgroup = join(hierarchy, cgroupName(layout));
    await mkdir(cgroup, { recursive: true });
    const shares = join(cgroup, 'cpu.shares');
    if (await exists(shares)) await writeFile(shares, String(cpuShares));
  }
}

/**
 * How much processor time all pods together get on a busy machine with cgroup v1, where each process outside of a group
 * has 1024. By default all of them, a controller in a pod among them, would get as much as one such process.
 */
const cpuShares = 16 * 1024;

/** The sandbox's cgroups, the innermost first. */
async function cgroups(layout: Layout): Promise<string[]> {
  const roots = (await hierarchies()).map((hierarchy) => join(hierarchy, cgroupName(layout)));
  return (await Promise.all(roots.map(descendants))).flat();
}

async function descendants(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const inner = entries.filter((entry) => entry.isDirectory()).map((entry) => descendants(join(directory, entry.name)));
  const exists = await stat(directory).then(
    () => [directory],
    () => [],
  );
  return [...(await Promise.all(inner)).flat(), ...exists];
}

async function processesInCgroups(layout: Layout): Promise<number[]> {
  const lists = (await cgroups(layout)).map((cgroup) => readFile(join(cgroup, 'cgroup.procs'), 'utf8').catch(() => ''));
  const pids = (await Promise.all(lists)).flatMap((list) =>
    list
      .split('\n')
      .filter((line) => line !== '')
      .map(Number),
  );
  return [...new Set(pids)];
}

async function removeCgroups(layout: Layout): Promise<void> {
  for (const cgroup of await cgroups(layout)) await removeCgroup(cgroup, Date.now() + 5000);
}

/** The kernel calls a cgroup busy until the last of its killed processes is quite gone. */
async function removeCgroup(cgroup: string, deadline: number): Promise<void> {
  for (;;) {
    try {
      return await rmdir(cgroup);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' || Date.now() > deadline) throw error;
    }
    await sleep(50);
  }
}

async function removeIfEmpty(path: string): Promise<void> {
  await rmdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error;
  });
}
