import { describe, expect, test } from 'vitest';
import { aTask } from '../testing/builders.ts';
import { snapshotOf } from './snapshot.ts';

describe('snapshotOf', () => {
  const task = aTask().job({ backoffLimit: 2, parallelism: 3 });
  const { hash } = snapshotOf(task.build());

  test('is what runs, with a hash', () => {
    const { template } = task.build().spec;
    expect(snapshotOf(task.build())).toEqual({
      template,
      job: { backoffLimit: 2, parallelism: 3 },
      generation: 1,
      hash,
    });
    expect(snapshotOf(aTask().build())).toEqual({ template, generation: 1, hash: snapshotOf(aTask().build()).hash });
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
  });

  const same = {
    'the order of fields': task.job({ parallelism: 3, backoffLimit: 2 }),
    'the trigger': task.revision('app-worker-v9'),
    'how runs are kept': task.policy({ keepLast: 9 }),
    'how runs are retried': task.spec({ retry: { limit: 3 }, timeoutSeconds: 60, outputs: [{ name: 'rows' }] }),
  };
  for (const [what, other] of Object.entries(same))
    test(`has the same hash whatever ${what}`, () => expect(snapshotOf(other.build()).hash).toBe(hash));

  const different = { 'the command': task.running('true'), 'the Job': task.job({ backoffLimit: 3, parallelism: 3 }) };
  for (const [what, other] of Object.entries(different))
    test(`has another hash for another ${what}`, () => expect(snapshotOf(other.build()).hash).not.toBe(hash));

  test('has the same hash for no job and an empty one', () =>
    expect(snapshotOf(aTask().job({}).build()).hash).toBe(snapshotOf(aTask().build()).hash));
});
