import { expect, test, vi } from 'vitest';
import type { ApplicationObject } from '../../cluster/workflow-step.ts';
import { TaskMemory } from '../task-memory.ts';
import type { ApplyContext } from './context.ts';
import { checkStep, readTermination } from './look.ts';

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

test('a pod that somebody made with the label of a Job does not speak for it', async () => {
  const pod = (name: string, owner: string, message: string, finishedAt: string) => ({
    metadata: {
      name,
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'job', uid: owner, controller: true }],
    },
    status: { containerStatuses: [{ name: 'mytask', state: { terminated: { exitCode: 0, message, finishedAt } } }] },
  });
  const items = [
    pod('own', 'job-uid', '{"sum": 1}', '1970-01-01T00:00:01Z'),
    pod('forged', 'other-uid', '{"sum": 666}', '1970-01-01T00:00:02Z'),
    { ...pod('bare', 'job-uid', '{"sum": 667}', '1970-01-01T00:00:03Z'), metadata: { name: 'bare' } },
  ];
  const memory = new TaskMemory();
  const list = async function* () {
    yield await Promise.resolve({ items });
  };
  const context = { client: { list }, memory, log: { debug: vi.fn() }, task: { metadata: task } };
  const action = { kind: 'readTermination', job: 'job', uid: 'job-uid', container: 'mytask' } as const;
  await readTermination(action, context as unknown as ApplyContext);
  expect(memory.terminationMessages.get('job-uid')?.text).toBe('{"sum": 1}');
});
