import { expect, test, vi } from 'vitest';
import { ApiError } from '../../kube/api-error.ts';
import { TaskMemory } from '../task-memory.ts';
import type { ApplyContext } from './context.ts';
import { writeRunStatus, writeTaskStatus } from './report.ts';

function refusing(status: number, reason: string, message: string, details: readonly { field: string }[] = []) {
  const error = new ApiError(
    { verb: 'patch', resource: 'taskruns.task.oam.dev', kind: 'TaskRun' },
    { status, reason, message, details },
  );
  const memory = new TaskMemory();
  const context = {
    client: { patchStatus: () => Promise.reject(error) },
    caches: { runs: { cache: { byUid: () => undefined }, observe: vi.fn() }, tasks: { observe: vi.fn() } },
    memory,
    now: () => 0,
    log: { warn: vi.fn() },
    task: { metadata: { name: 'web', namespace: 'default', uid: 'task-uid' } },
  } as unknown as ApplyContext;
  return { context, memory };
}

const run = { kind: 'writeRunStatus' as const, name: 'web-v1', uid: 'run-uid', status: { phase: 'Running' as const } };

for (const [by, ...answer] of [
  ['the API server', 413, 'RequestEntityTooLarge', 'Request entity too large: limit is 3145728'],
  ['the API server, as text', 413, 'Unknown', 'request is too large'],
  ['etcd', 500, 'InternalError', 'etcdserver: request is too large'],
  [
    'etcd, through gRPC',
    500,
    'Unknown',
    'rpc error: code = ResourceExhausted desc = trying to send message larger than max',
  ],
  ["the schema's limits", 422, 'Invalid', 'status.jobs: Too many: 1001', [{ field: 'status.jobs' }]],
] as const) {
  test(`a status that ${by} refuses as too large says less the next time`, async () => {
    const { context, memory } = refusing(answer[0], answer[1], answer[2], answer[3]);
    expect(await writeRunStatus(run, context)).toBe('stop');
    expect(await writeTaskStatus({ kind: 'writeTaskStatus', status: {} }, context)).toBe('stop');
    expect([...memory.cuts.keys()]).toEqual(['run-uid', 'task-uid']);
  });
}

test('a status for another state of the run is not too large', async () => {
  const { context, memory } = refusing(
    422,
    'Invalid',
    'the server rejected our request due to an error in our request',
  );
  await expect(writeRunStatus(run, context)).rejects.toThrow('the server rejected our request');
  expect(memory.cuts.size).toBe(0);
});

test('a version that was deployed while the status was written is left to the watch, with those before it', async () => {
  const observe = vi.fn();
  const written = async (generation: number) => {
    const context = {
      client: { patchStatus: () => Promise.resolve({ metadata: { generation } }) },
      caches: { tasks: { observe } },
      task: { metadata: { name: 'web', namespace: 'default', uid: 'task-uid', generation: 1 } },
    } as unknown as ApplyContext;
    expect(await writeTaskStatus({ kind: 'writeTaskStatus', status: {} }, context)).toBe('done');
  };
  await written(3);
  expect(observe).not.toHaveBeenCalled();
  await written(1);
  expect(observe).toHaveBeenCalledOnce();
});
