import { expect, it } from 'vitest';
import type { Run } from '../../api/schemas.ts';
import { ApiError } from '../../kube/api-error.ts';
import type { Client } from '../../kube/client.ts';
import { taskRuns } from '../../cluster/resource-types.ts';
import type { Io } from '../io.ts';
import type { RunServer } from '../run-server.ts';
import type { Session } from '../session.ts';
import { aTask, now } from '../testing/resources.ts';
import { archivedLogs } from './archived-logs.ts';

type Options = Parameters<typeof archivedLogs>[3];

const started = { startTime: '2026-11-22T21:00:00Z' };
const notFound = new ApiError(
  { verb: 'get', resource: 'taskruns', kind: 'TaskRun' },
  { status: 404, reason: 'NotFound', message: 'not found' },
);

/** The log that is asked for, of a task with these runs, newest first. */
async function askedFor(runs: readonly Partial<Run>[], options: Options = {}): Promise<unknown> {
  const client = {
    get: (type: unknown) => (type === taskRuns ? Promise.reject(notFound) : Promise.resolve(aTask())),
  } as unknown as Client;
  const out = { terminal: false, columns: Infinity, write: () => Promise.resolve() };
  const io = { out, err: out, now: () => now, environment: {} } as unknown as Io;
  const session: Session = { client, io, namespace: 'prod', server: undefined, program: 'task-runs' };
  let asked: unknown;
  const server = {
    history: (_namespace: string, _task: string, { limit, phases = [] }: { limit: number; phases?: string[] }) =>
      Promise.resolve(runs.filter(({ phase = '' }) => phases.length === 0 || phases.includes(phase)).slice(0, limit)),
    logs: (_namespace: string, ...what: unknown[]) => ((asked = what), Promise.resolve([])),
  } as unknown as RunServer;
  await archivedLogs(session, server, 'mytask', options);
  return asked;
}

it('logs of a task are those of its newest run that started, also with --server', async () => {
  const ran = { name: 'ran', phase: 'Succeeded', ...started } as const;
  for (const phase of ['Skipped', 'Queued', 'Pending', 'Cancelled', 'Failed'] as const)
    expect(await askedFor([{ name: 'newest', phase }, ran])).toEqual(['runs/ran', {}]);
  expect(await askedFor([{ name: 'newest', phase: 'Running', ...started }, ran])).toEqual(['runs/newest', {}]);
});

it('logs of a task that has never run are asked for, so that the answer says why there are none', async () => {
  expect(await askedFor([{ name: 'newest', phase: 'Skipped' }])).toEqual(['runs/newest', {}]);
  await expect(askedFor([])).rejects.toThrow('task app-worker-mytask has no runs on record, so there are no logs');
});

it('--failed chooses the newest failed run that started, and --all-runs all that may have started', async () => {
  const runs = [
    { name: 'well', phase: 'Succeeded', ...started },
    { name: 'waited-too-long', phase: 'Failed' },
    { name: 'crashed', phase: 'Failed', ...started },
  ] as const;
  expect(await askedFor(runs, { failed: true })).toEqual(['runs/crashed', {}]);
  await expect(askedFor(runs.slice(0, 1), { failed: true })).rejects.toThrow('has no failed runs on record');
  expect(await askedFor(runs, { allRuns: true })).toEqual([
    'tasks/app-worker-mytask',
    { runs: '100', phase: 'Pending,Running,Succeeded,Failed,Cancelled' },
  ]);
});
