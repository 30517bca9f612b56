import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAudit } from './audit.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'audit-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const line = (name: string): string =>
  JSON.stringify({
    verb: 'create',
    requestURI: '/apis/batch/v1/namespaces/story/jobs',
    user: { username: 'controller' },
    objectRef: { resource: 'jobs', namespace: 'story', name },
    responseStatus: { code: 201 },
    requestReceivedTimestamp: '2026-03-20T12:00:00.000000Z',
    stageTimestamp: '2026-03-20T12:00:00.100000Z',
  });

describe('the audit log', () => {
  it('is read from a byte on, without the half line of a program that was killed', async () => {
    const file = join(directory, 'audit.log');
    await writeFile(file, `${line('one')}\n${line('two')}\n${line('three').slice(0, 40)}`);
    const names = async (from: number) => (await readAudit(file, new Set(['story']), from)).map(({ name }) => name);
    expect(await names(0)).toEqual(['one', 'two']);
    expect(await names(line('one').length + 1)).toEqual(['two']);
  });

  it('is refused where the API server began it again, so that nothing is judged by its end alone', async () => {
    const file = join(directory, 'audit.log');
    await writeFile(file, `${line('two')}\n`);
    await writeFile(join(directory, 'audit-2026-03-20T12-00-00.000.log'), `${line('one')}\n`);
    await expect(readAudit(file, new Set(['story']))).rejects.toThrow(
      /^The audit log .*audit\.log is not whole: the API server began it again after audit-2026-03-20T12-00-00\.000\.log\.$/,
    );
  });
});
