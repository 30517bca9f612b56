import { describe, expect, test } from 'vitest';
import { after, aTask, noon, rfc3339 } from '../testing/builders.ts';
import { componentName, runNames } from './name-suffix.ts';

const first = (task: ReturnType<typeof aTask>, now = noon) => runNames(task.build(), now)[0];

describe('nameSuffix Revision', () => {
  const rows: readonly [of: string, task: ReturnType<typeof aTask>, name: string][] = [
    ['the revision', aTask().revision('app-worker-v3'), 'mytask-v3'],
    ['the revision of a roll-back, which is older', aTask().revision('app-worker-v1', 4), 'mytask-v1'],
    [
      'an id',
      aTask().trigger({ appRevision: 'app-worker-v3', id: 'Step_9f8e7d6c-5b4a-3210' }),
      'mytask-step9f8e7d6c5b4a',
    ],
    ['the generation where there is no revision', aTask().trigger({}).generation(7), 'mytask-g7'],
    [
      'the generation where the revision has no number',
      aTask().trigger({ appRevision: 'by-hand' }).generation(7),
      'mytask-g7',
    ],
    [
      'the generation where an id has nothing that a name may hold',
      aTask().trigger({ id: '...' }).generation(7),
      'mytask-g7',
    ],
  ];
  for (const [of, task, name] of rows) test(`names a run after ${of}`, () => expect(first(task)).toBe(name));
});

describe('nameSuffix Timestamp', () => {
  const task = aTask().policy({ nameSuffix: 'Timestamp' });

  test('names the first run after the creation of the Task', () =>
    expect(first(task, after(3_600))).toBe('mytask-202603201200'));

  // Recorded of KubeVela 1.10.9: the annotation is the same at every version of a Task.
  test('KubeVela keeps last-applied-time at the first version, so a later run is named after its own time', () => {
    expect(first(task.revision('app-worker-v2').appliedAt(rfc3339(0)), after(3_600))).toBe('mytask-202603201300');
  });
});

describe('nameSuffix UUID', () => {
  const task = aTask().policy({ nameSuffix: 'UUID' });

  test('names a run after a UUID of version 8', () => {
    expect(first(task)).toMatch(/^mytask-[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  });
  test('gives another generation another one', () => expect(first(task.generation(2))).not.toBe(first(task)));
  test('gives another Task another one', () => expect(first(task.meta({ uid: 'other' }))).not.toBe(first(task)));
});

for (const nameSuffix of ['Revision', 'UUID'] as const) {
  test(`nameSuffix ${nameSuffix} gives the same names whenever it is asked`, () => {
    const task = aTask().policy({ nameSuffix }).build();
    expect(runNames(task, after(86_400))).toEqual(runNames(task, noon));
  });
}

test('the second name differs by generation, so that a name which came back can be used again', () => {
  const names = [2, 5].map((generation) => runNames(aTask().revision('web-v2', generation).build(), noon).slice(0, 2));
  expect(names).toEqual([
    ['mytask-v2', 'mytask-v2-b06ec'],
    ['mytask-v2', 'mytask-v2-f5056'],
  ]);
});

for (const length of [63, 253]) {
  test(`a component of ${length} characters gives names that fit a label`, () => {
    for (const nameSuffix of ['Revision', 'Timestamp', 'UUID'] as const) {
      const names = runNames(aTask().component('c'.repeat(length)).policy({ nameSuffix }).build(), noon);
      for (const name of names) expect(name).toMatch(/^(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
      expect(new Set(names).size).toBe(names.length);
    }
  });
}

test('runs are named after the component, and after the Task where there is none', () => {
  expect(componentName(aTask().build())).toBe('mytask');
  expect(componentName(aTask().withoutApplication().build())).toBe('app-worker-mytask');
  expect(componentName(aTask().component('').build())).toBe('app-worker-mytask');
});
