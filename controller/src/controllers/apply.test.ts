import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { decide } from '../domain/decide.ts';
import { withCluster } from '../domain/model/state.ts';
import { after, aJob, aRun, aState, aTask, noon } from '../domain/testing/builders.ts';
import { ApiError } from '../kube/api-error.ts';
import { applyActions } from './apply.ts';
import type { ApplyContext } from './apply/context.ts';
import { TaskMemory } from './task-memory.ts';

const target = { verb: 'patch', resource: 'taskruns.task.oam.dev', kind: 'TaskRun', namespace: 'default' } as const;

/** The API server refuses what is about these objects, and takes everything else. */
function refusing(status: number, ...names: string[]) {
  const written: string[] = [];
  const told: string[] = [];
  const memory = new TaskMemory();
  const write = (_type: unknown, { name }: { name: string }) => {
    if (names.includes(name))
      return Promise.reject(new ApiError({ ...target, name }, { status, reason: 'Some', message: 'no' }));
    written.push(name);
    return Promise.resolve({});
  };
  const cache = { observe: () => undefined, forget: () => undefined, cache: { byUid: () => undefined, by: () => [] } };
  const context = {
    client: { patch: write, patchStatus: write, delete: write },
    caches: { runs: cache, jobs: cache, tasks: cache, claims: cache },
    recorder: {
      record: (_type: unknown, _of: unknown, { reason, message }: Record<string, string>) =>
        told.push(`${reason}: ${message}`),
    },
    log: pino({ enabled: false }),
    task: aTask().build(),
    memory,
    now: () => noon.getTime(),
  } as unknown as ApplyContext;
  return { written, told, memory, context };
}

const running = (name: string) => aRun(aTask(), name).status({ phase: 'Pending' });
const recordOf = (name: string) =>
  ({ kind: 'writeRunStatus', name, uid: `${name}-uid`, status: { phase: 'Running' } }) as const;
const eventOf = (message: string) => ({ kind: 'event', type: 'Normal', reason: 'Some', message }) as const;

describe('an object that the API server refuses', () => {
  test.each([400, 403, 404, 409, 413, 422, 500])('with %i keeps no other object from its write', async (status) => {
    const { written, told, context } = refusing(status, 'one');
    await applyActions([recordOf('one'), eventOf('one'), recordOf('two'), eventOf('two')], context).catch(
      () => undefined,
    );
    // A run that does not exist is forgotten, one whose status is too large has less written: all is decided again.
    expect([written, told]).toEqual(status === 404 || status === 413 ? [[], []] : [['two'], ['Some: two']]);
  });
  test.each([0, 401, 408, 429, 502, 503, 504])('stops the rest if the answer is %i', async (status) => {
    const { written, context } = refusing(status, 'one');
    await expect(applyActions([recordOf('one'), recordOf('two')], context)).rejects.toThrow('no');
    expect(written).toEqual([]);
  });
  test('waits twice as long after each failure, a minute at most, and is reported once', async () => {
    const { told, memory, context } = refusing(422, 'one');
    const waits: number[] = [];
    for (let time = 0; time < 12; time += 1) {
      await applyActions([recordOf('one')], context);
      waits.push([...memory.setbacks.values()].map(({ retryAt }) => retryAt - noon.getTime())[0] ?? 0);
    }
    expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 60_000, 60_000]);
    expect(told).toEqual(['WriteRefused: the API server refused to patch TaskRun default/one (422 Some): no']);
  });
  test('is written as soon as the API server takes it, and is not remembered then', async () => {
    const refused = refusing(422, 'one');
    await applyActions([recordOf('one')], refused.context);
    const { context } = refusing(422);
    await applyActions([recordOf('one')], { ...context, memory: refused.memory });
    expect(refused.memory.setbacks.size).toBe(0);
  });
});

test('a Task that is deployed while records are written starts its run before the others are', async () => {
  const { written, told, context } = refusing(422);
  const deployed = { metadata: { ...context.task.metadata, generation: 2 } };
  const tasks = { cache: { byUid: () => (written.length > 0 ? deployed : context.task) } };
  const actions = [recordOf('one'), eventOf('one'), recordOf('two'), eventOf('two')];
  await applyActions(actions, { ...context, caches: { ...context.caches, tasks } } as unknown as ApplyContext);
  expect([written, told]).toEqual([['one'], ['Some: one']]);
});

describe('while one run cannot be written', () => {
  const stuck = (failures: number) =>
    new Map([
      ['writeRunStatus one-uid', { message: 'the API server refused one', failures, retryAt: after(11).getTime() }],
    ]);
  const state = (failures: number) =>
    aState(aTask().withoutApplication())
      .runs(running('one'), running('two'))
      .jobs(aJob(running('one')).running(1), aJob(running('two')).running(1))
      .memory({ setbacks: stuck(failures) })
      .build();

  test('the others are', () => {
    const written = decide(state(1), after(10)).flatMap((action) =>
      action.kind === 'writeRunStatus' ? [action.name] : [],
    );
    expect(written).toEqual(['two']);
  });
  test('the Task says so, and is looked at again in time', () => {
    const before = state(5);
    const runs = before.cluster.runs.map((run) =>
      run.metadata.name === 'one' ? run : aRun(aTask(), 'two').finished().build(),
    );
    const recorded = withCluster(before, { runs });
    const [write] = decide(recorded, after(10)).filter(({ kind }) => kind === 'writeTaskStatus');
    if (write?.kind !== 'writeTaskStatus') throw new Error('the Task says nothing');
    const { status } = write;
    expect(status.conditions).toContainEqual(
      expect.objectContaining({ type: 'Stalled', reason: 'WriteRefused', message: 'the API server refused one' }),
    );
    expect(decide({ ...recorded, task: { ...recorded.task, status } }, after(10))).toEqual([
      { kind: 'wakeAt', at: after(11).getTime() },
    ]);
  });
});
