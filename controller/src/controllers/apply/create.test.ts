import { expect, test, vi } from 'vitest';
import { aRun, aTask } from '../../domain/testing/builders.ts';
import { ApiError } from '../../kube/api-error.ts';
import { TaskMemory } from '../task-memory.ts';
import type { ApplyContext } from './context.ts';
import { createRun } from './create.ts';

const task = aTask().build();
const wanted = aRun(aTask(), 'mytask-v1').build();
const taken = new ApiError(
  { verb: 'create', resource: 'taskruns.task.oam.dev', kind: 'TaskRun' },
  { status: 409, reason: 'AlreadyExists', message: 'taken' },
);

/** What is remembered of the name where the API server has that run, and the caches do or do not. */
async function takenBy(existing: object, isCached: boolean) {
  const observe = vi.fn();
  const memory = new TaskMemory();
  const context = {
    client: { create: () => Promise.reject(taken), get: () => Promise.resolve(existing) },
    caches: { runs: { observe, cache: { byUid: () => (isCached ? existing : undefined) } } },
    memory,
    log: { info: vi.fn() },
    task,
    now: () => 0,
  };
  await createRun({ kind: 'createRun', run: wanted as never }, context as unknown as ApplyContext);
  return { isTaken: memory.takenRuns.has('mytask-v1'), isNews: observe.mock.calls.length > 0 };
}

test('a run of the Task that a silent watch kept back is taken note of, so that its trigger is not answered again', async () => {
  const trigger = { ...wanted.spec.trigger, generation: 14 };
  const later = { ...wanted, spec: { ...wanted.spec, trigger } };
  expect(await takenBy(later, false)).toEqual({ isTaken: false, isNews: true });
  expect(await takenBy(later, true)).toEqual({ isTaken: true, isNews: false });
  const { ownerReferences: _owners, ...metadata } = later.metadata;
  expect(await takenBy({ ...later, metadata }, false)).toEqual({ isTaken: true, isNews: false });
});
