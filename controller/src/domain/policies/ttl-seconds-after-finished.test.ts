import { expect, test } from 'vitest';
import { after, aJob, aRun, aState, aTask } from '../testing/builders.ts';
import { classify } from '../view/classify.ts';
import { beyondTtl } from './ttl-seconds-after-finished.ts';

/** They end 31 seconds after they were created. */
const runs = [aRun(aTask(), 'older').finished(), aRun(aTask(), 'newer').createdAt(10).finished('Failed')];

function at(seconds: number, ttlSecondsAfterFinished?: number) {
  const task = ttlSecondsAfterFinished === undefined ? aTask() : aTask().policy({ ttlSecondsAfterFinished });
  const view = classify(
    aState(task)
      .runs(...runs)
      .jobs(...runs.map(aJob))
      .build(),
  );
  const { expired, nextAt } = beyondTtl(view, after(seconds));
  return [expired.map(({ name }) => name), nextAt];
}

test('without it nothing goes by age', () => expect(at(1e9)).toEqual([[], undefined]));

test('a run goes so many seconds after its end, not after its start', () => {
  expect(at(90, 60)).toEqual([[], after(91).getTime()]);
  expect(at(91, 60)).toEqual([['older'], after(101).getTime()]);
  expect(at(101, 60)).toEqual([['newer', 'older'], undefined]);
});

test('0 keeps nothing', () => expect(at(41, 0)).toEqual([['newer', 'older'], undefined]));
