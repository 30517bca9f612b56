import { expect, test, vi } from 'vitest';
import { controlledBy } from '../../domain/model/objects.ts';
import { aTask } from '../../domain/testing/builders.ts';
import { TaskMemory } from '../task-memory.ts';
import { adoptRun } from './adopt-run.ts';
import type { ApplyContext } from './context.ts';

const task = aTask().build();
const giveBack = {
  kind: 'adoptRun',
  name: 'mytask-v1',
  uid: 'run-uid',
  adoption: { labels: {}, ownerReference: controlledBy('Task', task.metadata), spec: {} },
} as const;

/** Whether a run that lost its owner is given it back, where the API server has that Task. */
async function isGivenBack(...live: readonly object[]): Promise<boolean> {
  const patch = vi.fn(() => Promise.resolve({}));
  const list = async function* () {
    yield await Promise.resolve({ items: live });
  };
  const cache = { observe: vi.fn(), forget: vi.fn() };
  const log = { info: vi.fn() };
  const context = {
    client: { list, patch },
    caches: { tasks: cache, runs: cache },
    log,
    task,
    memory: new TaskMemory(),
  };
  await adoptRun(giveBack, context as unknown as ApplyContext);
  return patch.mock.calls.length > 0;
}

test('runs that a Task is to leave behind are not given to it again, though the cache of Tasks is behind', async () => {
  const { metadata } = task;
  expect(await isGivenBack(task)).toBe(true);
  expect(await isGivenBack({ metadata: { ...metadata, deletionTimestamp: '2026-03-20T12:00:00Z' } })).toBe(false);
  expect(await isGivenBack({ metadata: { ...metadata, uid: 'another' } })).toBe(false);
  expect(await isGivenBack()).toBe(false);
});
