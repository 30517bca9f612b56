/** A kubeconfig is a file that somebody was sent: it is read, or refused in a sentence that names it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { fuzz } from './testing/fuzz.ts';
import { openCredentials } from './credentials.ts';

const directory = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const file = join(directory, 'config');

const value = fc.oneof(
  { depthSize: 'small' },
  fc.constantFrom(
    'a',
    'b',
    '',
    'https://127.0.0.1:6443',
    'ftp://x',
    'not a URL',
    'token',
    '/etc/passwd',
    '..',
    '\u0000',
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom(null, true, 7, [], {}),
);
const named = (inner: string, fields: Record<string, typeof value>) =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ name: value, [inner]: fc.record(fields, { requiredKeys: [] }) }, { requiredKeys: [] }),
    },
    { weight: 1, arbitrary: value },
  );
const listOf = (one: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 6, arbitrary: fc.array(one, { maxLength: 3 }) }, value);
const config = fc.record(
  {
    'current-context': value,
    contexts: listOf(named('context', { cluster: value, user: value, namespace: value })),
    clusters: listOf(
      named('cluster', {
        server: value,
        'certificate-authority-data': value,
        'proxy-url': value,
        'insecure-skip-tls-verify': value,
      }),
    ),
    users: listOf(
      named('user', { token: value, tokenFile: value, exec: value, 'auth-provider': value, username: value }),
    ),
  },
  { requiredKeys: [] },
);
const piece = fc.constantFrom(...'a:- 1\n[]{}&*!|>\'"%#?,'.split(''), '---\n', '*a', '&a ', 'users:\n', '- name: a\n');
const text = fc.oneof(
  config.map((one) => JSON.stringify(one)),
  fc.array(piece, { maxLength: 40 }).map((parts) => parts.join('')),
);

it('is read, or refused in a sentence that names the file', async () => {
  await fuzz(
    'kubeconfigs',
    text,
    async (written) => {
      writeFileSync(file, written);
      try {
        const credentials = openCredentials({ kubeconfigPath: file });
        expect(['string', 'undefined']).toContain(typeof credentials.namespace);
        await credentials.close();
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        expect((error as Error).message).toContain(file);
        expect((error as Error).message.length).toBeLessThan(1_000);
      }
    },
    { usual: 200 },
  );
});
