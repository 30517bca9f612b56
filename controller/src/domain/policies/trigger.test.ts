import { describe, expect, test } from 'vitest';
import { snapshotOf } from '../manifest/snapshot.ts';
import { aTask } from '../testing/builders.ts';
import { lastAnswered, triggerValue } from '../model/trigger.ts';
import { dueRuns } from './trigger.ts';

type TaskBuilder = ReturnType<typeof aTask>;
const v1 = aTask().revision('web-v1');
const answer = (task: TaskBuilder) => ({
  generation: task.build().metadata.generation ?? 0,
  value: triggerValue(task.build().spec.trigger),
  run: 'mytask',
  snapshotHash: snapshotOf(task.build()).hash,
});
const isMissed = () => false;
const due = (versions: readonly TaskBuilder[], answered?: TaskBuilder) =>
  dueRuns(
    versions.map((version) => version.build()),
    answered && answer(answered),
    isMissed,
  ).map(({ version }) => version.metadata.generation);

describe('a run is due', () => {
  const rows: readonly [
    when: string,
    versions: readonly TaskBuilder[],
    answered: TaskBuilder | undefined,
    generations: readonly number[],
  ][] = [
    ['for a new Task', [v1], undefined, [1]],
    ['for a new Task that names no trigger', [aTask().trigger({})], undefined, [1]],
    ['for the next revision', [v1.revision('web-v2')], v1, [2]],
    ['for a roll-back to an older revision', [v1.revision('web-v1', 4)], v1.revision('web-v3'), [4]],
    [
      'for a name used again for another spec',
      [v1, v1.revision('web-v2', 5).running('other')],
      v1.revision('web-v1', 4),
      [5],
    ],
    [
      'for a publishVersion that is set',
      [v1.generation(5).trigger({ appRevision: 'web-v2', publishVersion: 'again-1' })],
      v1.revision('web-v1', 4),
      [5],
    ],
    [
      'for a publishVersion that is removed',
      [v1.revision('web-v3', 6)],
      v1.generation(5).trigger({ appRevision: 'web-v2', publishVersion: 'again-1' }),
      [6],
    ],
    [
      'for each of five revisions within a second',
      [2, 3, 4, 5, 6].map((n) => v1.revision(`web-v${n}`)),
      v1,
      [2, 3, 4, 5, 6],
    ],
    ['for both ways of a change and its roll-back', [v1.revision('web-v2'), v1.revision('web-v1', 3)], v1, [2, 3]],
    [
      'for those of many that are not answered yet',
      [v1, v1.revision('web-v2'), v1.revision('web-v3')],
      v1.revision('web-v2'),
      [3],
    ],
    ['never twice for one generation', [v1], v1, []],
    ['not when all but the trigger changed', [v1.generation(2).running('other').policy({ keepLast: 1 })], v1, []],
  ];
  for (const [when, versions, answered, generations] of rows)
    test(when, () => expect(due(versions, answered)).toEqual(generations));

  test("for a revision's name that came back for another content while nobody looked", () => {
    const second = v1.revision('web-v2').meta({ labels: { 'app.oam.dev/app-revision-hash': 'aaaa' } });
    const again = v1
      .revision('web-v2', 3)
      .running('other')
      .meta({ labels: { 'app.oam.dev/app-revision-hash': 'bbbb' } });
    const answered = { ...answer(second), revisionHash: 'aaaa' };
    expect(dueRuns([again.build()], answered, isMissed).map(({ version }) => version.metadata.generation)).toEqual([3]);
    expect(dueRuns([second.generation(4).policy({ keepLast: 1 }).build()], answered, isMissed)).toEqual([]);
  });

  test('with a snapshot of the version that asked for it', () => {
    const two = v1.revision('web-v2').running('two').build();
    expect(dueRuns([two, v1.revision('web-v3').build()], answer(v1), isMissed)[0]).toMatchObject({
      version: two,
      snapshot: snapshotOf(two),
      trigger: { type: 'Revision', generation: 2 },
    });
  });
});

for (const policy of [{ trigger: 'Change' as const }, { unique: false }]) {
  describe(`with ${JSON.stringify(policy)}, a run is due`, () => {
    const next = v1.revision('web-v2').policy(policy);
    test('for a new Task', () => expect(due([v1.policy(policy)])).toEqual([1]));
    test('when what runs changed', () => expect(due([next.running('two')], v1)).toEqual([2]));
    test('not when only the revision changed', () => expect(due([next], v1)).toEqual([]));
    test('twice for a change and the way back', () =>
      expect(due([next.running('two'), v1.revision('web-v1', 3).policy(policy)], v1)).toEqual([2, 3]));
    test('once for a change that came twice', () =>
      expect(due([next.running('two'), next.revision('web-v3').running('two')], v1)).toEqual([2]));
  });
}

describe('with Manual, no deployment runs', () => {
  const manual = { trigger: 'Manual' as const };
  test('not even the first', () => expect(due([v1.policy(manual)])).toEqual([]));
  test('nor a later one', () => expect(due([v1.revision('web-v2').running('two').policy(manual)], v1)).toEqual([]));
  test('and one that was passed over is not due once the policy changes', () => {
    const passed = v1
      .policy(manual)
      .status({ observedTrigger: { appRevision: 'web-v1', publishVersion: '', generation: 1 } });
    const task = passed.generation(2).policy({ trigger: 'Revision' }).build();
    expect(dueRuns([task], lastAnswered(task, []), isMissed)).toEqual([]);
  });
});
