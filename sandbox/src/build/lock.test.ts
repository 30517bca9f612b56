import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withLock } from './lock.ts';

const run = promisify(execFile);
let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'lock-'))));
afterEach(() => rm(directory, { recursive: true }));

test('two processes that want the same take turns', async () => {
  const path = join(directory, 'one');
  const log = join(directory, 'log');
  const script = `
    import { withLock } from ${JSON.stringify(new URL('./lock.ts', import.meta.url).href)};
    import { appendFile } from 'node:fs/promises';
    await withLock(${JSON.stringify(path)}, async () => {
      await appendFile(${JSON.stringify(log)}, 'in ');
      await appendFile(${JSON.stringify(log)}, 'out ');
    });`;
  const one = () => run(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script]);
  await Promise.all([one(), one(), one()]);
  expect(await readFile(log, 'utf8')).toBe('in out in out in out ');
  expect(await readdir(directory)).toEqual(['log']);
});

test('the lock of a process that died is taken over', async () => {
  const path = join(directory, 'one');
  await writeFile(path, '4194305'); // more than a process id can be
  let waited = 0;
  expect(
    await withLock(
      path,
      () => Promise.resolve('done'),
      () => (waited += 1),
    ),
  ).toBe('done');
  expect(waited).toBe(1);
});
