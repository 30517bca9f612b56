import { expect, test, vi } from 'vitest';
import type { ApplicationObject } from '../../cluster/workflow-step.ts';
import { TaskMemory } from '../task-memory.ts';
import type { ApplyContext } from './context.ts';
import { checkStep } from './look.ts';

const task = { name: 'shop-last', namespace: 'shop', uid: 'task-uid' };
const ref = { name: 'shop', namespace: 'shop' };
const step = { name: 'last', id: 'akjjxsilgm' };
const session = { ...step, phase: 'running', firstExecuteTime: '1970-01-01T00:00:00Z' };
const applied = { apiVersion: 'task.oam.dev/v1alpha1', kind: 'Task', name: task.name, namespace: task.namespace };

/** What is known of the step of a run that was created at zero, where the Application has that status. */
async function known(status: ApplicationObject['status'], now: number): Promise<boolean | undefined> {
  const memory = new TaskMemory();
  const created = { metadata: { creationTimestamp: '1970-01-01T00:00:00Z' } };
  const context = {
    client: { get: () => Promise.resolve({ metadata: ref, ...(status && { status }) }) },
    caches: { runs: { cache: { get: () => created } } },
    memory,
    log: { debug: vi.fn() },
    task: { metadata: task },
    now: () => now,
  };
  await checkStep({ kind: 'checkStep', run: 'run', application: ref, step }, context as unknown as ApplyContext);
  return memory.steps.get('run')?.known;
}

test('a step whose Application does not name its Task yet is not begun twice: its run waits until the session is on record', async () => {
  expect(await known(undefined, 1_000)).toBe(false);
  expect(await known({ appliedResources: [applied] }, 1_000)).toBe(false);
  expect(await known({ appliedResources: [applied], workflow: { steps: [session] } }, 1_000)).toBe(true);
});

test('an Application that never names the Task is not asked for ever', async () => {
  expect(await known({ appliedResources: [] }, 29_999)).toBe(false);
  expect(await known({ appliedResources: [] }, 30_000)).toBe(true);
});
