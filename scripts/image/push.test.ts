import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { digestOf, plainLayer } from '../../sandbox/src/build/oci-image.ts';
import { fullName } from './build.ts';
import { push } from './push.ts';

const layer = (text: string) => plainLayer([{ path: 'file', content: Buffer.from(text) }]);
const images = [
  { architecture: 'amd64', layers: [layer('for amd64'), layer('for both')], config: {} },
  { architecture: 'arm64', layers: [layer('for arm64'), layer('for both')], config: {} },
];

/** A registry that keeps what it is given in memory, and takes it only with this token, which this login gets. */
const login = Buffer.from('somebody:their-password').toString('base64');
const blobs = new Map<string, Buffer>();
const manifests = new Map<string, { type: string; content: Buffer }>();
let host: string;
let home: string;
const server = createServer((request, response) => void answer(request, response));

type Answer = readonly [status: number, text?: string, headers?: Record<string, string>];

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const address = new URL(request.url ?? '', `http://${host}`);
  const [status, text = '', headers = {}] =
    allowed(request, address) ?? stored(request, address, Buffer.concat(chunks));
  response.writeHead(status, headers).end(text);
}

/** @returns nothing where the request may go on */
function allowed({ headers: { authorization } }: IncomingMessage, address: URL): Answer | undefined {
  if (address.pathname !== '/token') {
    if (authorization === 'Bearer may repository:team/task-runs:pull,push') return undefined;
    return [401, '', { 'www-authenticate': `Bearer realm="http://${host}/token",service="here"` }];
  }
  if (authorization !== `Basic ${login}`) return [401, 'who are you?'];
  return [200, JSON.stringify({ token: `may ${address.searchParams.get('scope')}` })];
}

function stored({ method, headers }: IncomingMessage, address: URL, content: Buffer): Answer {
  const [, kind, name = ''] = /^\/v2\/team\/task-runs\/(blobs|manifests)\/(.*)$/.exec(address.pathname) ?? [];
  if (method === 'HEAD') return [blobs.has(name) ? 200 : 404];
  if (method === 'POST') return [202, '', { location: '/v2/team/task-runs/blobs/uploads/1?state=x' }];
  return kind === 'blobs'
    ? storedBlob(address.searchParams.get('digest') ?? '', content)
    : storedManifest(name, headers['content-type'] ?? '', content);
}

function storedBlob(digest: string, content: Buffer): Answer {
  if (digest !== digestOf(content)) return [400, 'that is not its digest'];
  blobs.set(digest, content);
  return [201];
}

function storedManifest(name: string, type: string, content: Buffer): Answer {
  const { manifests: images = [], layers = [] } = JSON.parse(content.toString()) as Record<
    'manifests' | 'layers',
    { digest: string }[] | undefined
  >;
  const known = images.every(({ digest }) => manifests.has(digest)) && layers.every(({ digest }) => blobs.has(digest));
  if (!known) return [400, 'a part is missing'];
  manifests.set(name, { type, content });
  return [201];
}

beforeEach(async () => {
  blobs.clear();
  manifests.clear();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  home = mkdtempSync(join(tmpdir(), 'login-'));
  writeFileSync(join(home, 'config.json'), JSON.stringify({ auths: { [host]: { auth: login } } }));
  vi.stubEnv('DOCKER_CONFIG', home);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
  await new Promise((resolve) => server.close(resolve));
});

it('pushes one image for all architectures, with the login that docker has', async () => {
  const { digest } = await push(`${host}/team/task-runs:1`, images);
  const index = manifests.get('1');
  expect(digestOf(index?.content ?? Buffer.alloc(0))).toBe(digest);
  const { manifests: named } = JSON.parse(index?.content.toString() ?? '') as { manifests: { platform: object }[] };
  expect(named.map(({ platform }) => platform)).toEqual([
    { architecture: 'amd64', os: 'linux' },
    { architecture: 'arm64', os: 'linux' },
  ]);
  // Two configurations, a layer each, and one that both have.
  expect(blobs.size).toBe(5);
});

it('sends what the registry has already only once', async () => {
  const first = await push(`${host}/team/task-runs:1`, images);
  const again = await push(`${host}/team/task-runs:2`, images);
  expect(again.digest).toBe(first.digest);
  expect(again.bytes).toBe(first.bytes - [...blobs.values()].reduce((sum, { length }) => sum + length, 0));
});

it('says that the registry does not know who pushes', async () => {
  rmSync(join(home, 'config.json'));
  await expect(push(`${host}/team/task-runs:1`, images)).rejects.toThrow(
    `${host} gave no token for ${host}/team/task-runs: 401 who are you?`,
  );
});

it('refuses a name without a registry, and says what to write', async () => {
  await expect(push('task-runs:1', images)).rejects.toThrow(
    'PUSH=task-runs:1 is not <registry>/<name>:<tag>, such as registry.example.com/task-runs:0.1.0.',
  );
});

it.each([
  ['task-runs:1', 'docker.io/library/task-runs:1'],
  ['team/task-runs', 'docker.io/team/task-runs:latest'],
  ['registry.example.com/task-runs:1', 'registry.example.com/task-runs:1'],
  ['localhost:5000/task-runs', 'localhost:5000/task-runs:latest'],
])('completes the name %s as engines do', (name, full) => expect(fullName(name)).toBe(full));
