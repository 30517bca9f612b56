import { expect, test, vi } from 'vitest';
import { controlledBy } from '../../domain/model/objects.ts';
import { aRun, aTask, rfc3339 } from '../../domain/testing/builders.ts';
import { labels } from '../../resources/index.ts';
import { ApiError } from '../../kube/api-error.ts';
import { TaskMemory } from '../task-memory.ts';
import type { ApplyContext } from './context.ts';
import { createClaim, createJob, createRun } from './create.ts';

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

/** What becomes of the run's workspace where the API server has a claim of its name with this metadata. */
async function claimTakenBy(existing: object) {
  const observe = vi.fn();
  const memory = new TaskMemory();
  const ownerReferences = [controlledBy('Task', task.metadata)];
  const claim = { metadata: { name: 'mytask-v1-workspace', namespace: wanted.metadata.namespace, ownerReferences } };
  const found = { metadata: { ...claim.metadata, uid: 'claim', creationTimestamp: rfc3339(0), ...existing } };
  const context = {
    client: { create: () => Promise.reject(taken), get: () => Promise.resolve(found) },
    caches: { claims: { observe }, runs: { cache: { get: () => wanted } } },
    memory,
    log: { info: vi.fn(), warn: vi.fn() },
    task,
    now: () => 0,
  };
  const create = () =>
    createClaim({ kind: 'createClaim', run: 'mytask-v1', claim: claim as never }, context as unknown as ApplyContext);
  await create();
  const isTaken = memory.takenClaims.has('mytask-v1-workspace');
  const isFound = observe.mock.calls.length > 0;
  // With all names taken the last one is retried.
  if (isTaken) await create();
  return { isTaken, isFound, refusals: memory.refusals.map(({ object, reason }) => `${object} ${reason}`) };
}

const isTheirs = { isTaken: true, isFound: false, refusals: ['PersistentVolumeClaim AlreadyExists'] };

test.each([
  ['made it before it died', {}, { isTaken: false, isFound: true, refusals: [] }],
  ['finds that of somebody', { ownerReferences: [] }, isTheirs],
  [
    "finds that of another Task, under this Task's name",
    { ownerReferences: [controlledBy('Task', { ...task.metadata, uid: 'other' })] },
    isTheirs,
  ],
  [
    "finds one whose owner has the Task's UID, and is of another kind",
    { ownerReferences: [{ ...controlledBy('Task', task.metadata), kind: 'Forged' }] },
    isTheirs,
  ],
  ['finds that of a run of the same name that was deleted', { creationTimestamp: rfc3339(-60) }, isTheirs],
  ['finds its own, which somebody deletes', { deletionTimestamp: rfc3339(1) }, isTheirs],
])('the controller that makes a workspace %s', async (_what, existing, outcome) => {
  expect(await claimTakenBy(existing)).toEqual(outcome);
});

/** What becomes of the Job of step a's next attempt where the API server has a Job of its name with this metadata. */
async function jobTakenBy(existing: object) {
  const observe = vi.fn();
  const memory = new TaskMemory();
  const others = { ...wanted, metadata: { ...wanted.metadata, name: 'mytask-v2', uid: 'mytask-v2-uid' } };
  const metadata = {
    name: 'mytask-v1-a-r1',
    namespace: wanted.metadata.namespace,
    labels: { [labels.step]: 'a', [labels.attempt]: '1' },
    ownerReferences: [controlledBy('TaskRun', wanted.metadata)],
  };
  const context = {
    client: {
      create: () => Promise.reject(taken),
      get: () => Promise.resolve({ metadata: { ...metadata, uid: 'job', ...existing } }),
    },
    caches: {
      jobs: { observe },
      runs: { cache: { byUid: (uid: string) => [wanted, others].find((run) => run.metadata.uid === uid) } },
    },
    memory,
    log: { info: vi.fn(), warn: vi.fn() },
    task,
    now: () => 0,
  };
  const action = { kind: 'createJob', run: 'mytask-v1', step: 'a', job: { metadata } as never } as const;
  await createJob(action, context as unknown as ApplyContext);
  return {
    isTaken: memory.takenJobs.has('mytask-v1-a-r1'),
    isFound: observe.mock.calls.length > 0,
    refusals: memory.refusals.length,
  };
}

test.each([
  ['made it before it died', {}, { isTaken: false, isFound: true, refusals: 0 }],
  [
    'finds that of another step of the run takes another name at once',
    { labels: { [labels.step]: 'a-r1' } },
    { isTaken: true, isFound: false, refusals: 0 },
  ],
  [
    'finds that of another attempt takes another name at once',
    { labels: { [labels.step]: 'a', [labels.attempt]: '11' } },
    { isTaken: true, isFound: false, refusals: 0 },
  ],
  [
    'finds that of another run of the Task waits for it to go',
    { ownerReferences: [controlledBy('TaskRun', { ...wanted.metadata, name: 'mytask-v2', uid: 'mytask-v2-uid' })] },
    { isTaken: false, isFound: false, refusals: 1 },
  ],
  [
    'finds that of somebody takes another name at once',
    { ownerReferences: [] },
    { isTaken: true, isFound: false, refusals: 0 },
  ],
])("the controller that makes a step's Job and %s", async (_what, existing, outcome) => {
  expect(await jobTakenBy(existing)).toEqual(outcome);
});
