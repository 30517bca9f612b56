import { describe, expect, test } from 'vitest';
import type { ExecutionPolicy } from '../../resources/index.ts';
import { aJob, aRun, aState, aTask } from '../testing/builders.ts';
import { classify } from '../view/classify.ts';
import { replacementOf, sharedJobName, waitsForName } from './unique.ts';

test("runs share a Job name, the component's, with unique: false alone", () => {
  expect(sharedJobName(aTask().build())).toBeUndefined();
  expect(sharedJobName(aTask().policy({ unique: false }).build())).toBe('mytask');
});

function views(policy: ExecutionPolicy, ...runs: ReturnType<typeof aRun>[]) {
  const jobs = runs.filter((run) => run.build().status?.phase !== 'Pending').map(aJob);
  const view = classify(
    aState(aTask().policy({ unique: false, ...policy }))
      .runs(...runs)
      .jobs(...jobs)
      .build(),
  );
  const run = (name: string) => {
    const found = view.runs.find((each) => each.name === name);
    if (!found) throw new Error(`no run ${name}`);
    return found;
  };
  return { view, run };
}

describe('the older of two runs with one name', () => {
  const older = aRun(aTask(), 'older').sharing('mytask');
  const newer = aRun(aTask(), 'newer').createdAt(60).sharing('mytask');

  test('is replaced, whether it has ended or not', () => {
    for (const first of [older.finished(), older.running(1)]) {
      const { view, run } = views({}, first, newer);
      expect(replacementOf(run('older'), view)?.name).toBe('newer');
      expect([waitsForName(run('newer'), view), waitsForName(run('older'), view)]).toEqual([true, false]);
    }
  });

  test.each(['Forbid', 'Queue'] as const)('is not ended under %s', (concurrencyPolicy) => {
    const running = views({ concurrencyPolicy }, older.running(1), newer);
    expect(replacementOf(running.run('older'), running.view)).toBeUndefined();
    const ended = views({ concurrencyPolicy }, older.finished(), newer);
    expect(replacementOf(ended.run('older'), ended.view)?.name).toBe('newer');
  });

  test('is not replaced by a run that was skipped', () => {
    const { view, run } = views({}, older.finished(), newer.status({ phase: 'Skipped' }));
    expect(replacementOf(run('older'), view)).toBeUndefined();
  });

  test('is not replaced by a run with a name of its own', () => {
    const { view, run } = views({}, older.finished(), newer.sharing('another'));
    expect([replacementOf(run('older'), view), waitsForName(run('newer'), view)]).toEqual([undefined, false]);
  });
});
