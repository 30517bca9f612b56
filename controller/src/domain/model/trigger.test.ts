import { describe, expect, test } from 'vitest';
import { aRun, aTask } from '../testing/builders.ts';
import { snapshotOf } from '../manifest/snapshot.ts';
import { deploymentOf, isAnotherTrigger, lastAnswered, triggerValue } from './trigger.ts';

const rows: readonly [trigger: Parameters<typeof triggerValue>[0], value: string][] = [
  [undefined, ''],
  [{}, ''],
  [{ appRevision: 'web-v3' }, 'web-v3'],
  [{ appRevision: 'web-v3', publishVersion: '', id: '' }, 'web-v3'],
  [{ appRevision: 'web-v3', publishVersion: 'release-7' }, 'web-v3@release-7'],
  [{ appRevision: 'web-v3', id: 'step-session' }, 'web-v3#step-session'],
  [{ appRevision: 'web-v3', publishVersion: 'release-7', id: 'step-session' }, 'web-v3@release-7#step-session'],
];
for (const [trigger, value] of rows)
  test(`the trigger ${JSON.stringify(trigger)} reads "${value}"`, () => expect(triggerValue(trigger)).toBe(value));

describe('a version is another deployment than', () => {
  const version = (revision: string, hash?: string) =>
    aTask()
      .revision(revision)
      .meta({ labels: hash === undefined ? {} : { 'app.oam.dev/app-revision-hash': hash } })
      .build();
  test.each([
    ['one of another revision', version('web-v2', 'bbbb'), version('web-v1', 'aaaa'), true],
    ['one of the same revision', version('web-v1', 'aaaa'), version('web-v1', 'aaaa'), false],
    ['one whose name came back for another content', version('web-v1', 'bbbb'), version('web-v1', 'aaaa'), true],
    ['one of unknown content', version('web-v1', 'bbbb'), version('web-v1'), false],
  ])('%s', (_what, next, old, isAnother) => expect(isAnotherTrigger(next, deploymentOf(old))).toBe(isAnother));
});

describe('lastAnswered', () => {
  const v1 = aTask().revision('web-v1');
  const v2 = aTask().revision('web-v2').running('two');
  const byRun = (of: typeof v1) => ({
    generation: of.build().metadata.generation,
    value: triggerValue(of.build().spec.trigger),
    run: aRun(of).build().metadata.name,
    snapshotHash: snapshotOf(of.build()).hash,
  });
  const observed = { appRevision: 'web-v1', publishVersion: '', generation: 1, run: 'mytask-v1', snapshotHash: 'abc' };

  test('is nothing for a new Task', () => expect(lastAnswered(v1.build(), [])).toBeUndefined());
  test('is the newest of the runs where no status was written', () => {
    expect(lastAnswered(v2.build(), [aRun(v2).build(), aRun(v1).build()])).toEqual(byRun(v2));
  });
  test('is what the status says where the run is no longer on record', () => {
    const task = v2.status({ observedTrigger: observed }).build();
    expect(lastAnswered(task, [])).toEqual({ generation: 1, value: 'web-v1', run: 'mytask-v1', snapshotHash: 'abc' });
  });
  test('is the run that the status does not know yet', () => {
    const task = v2.status({ observedTrigger: observed }).build();
    expect(lastAnswered(task, [aRun(v1).build(), aRun(v2).build()])).toEqual(byRun(v2));
  });
  test('goes by generation where a roll-back brought an older name back', () => {
    const back = aTask().revision('web-v1', 4);
    const runs = [aRun(aTask().revision('web-v3')).build(), aRun(back, 'mytask-v1-abcde').build(), aRun(v1).build()];
    expect(lastAnswered(back.build(), runs)).toEqual({ ...byRun(back), run: 'mytask-v1-abcde' });
  });
  test('passes over a run that no trigger asked for', () => {
    const byHand = aRun(v1).build();
    const { trigger: _trigger, ...spec } = byHand.spec;
    expect(lastAnswered(v1.build(), [{ ...byHand, spec }])).toBeUndefined();
  });
  test('is nothing while the status answers no trigger', () =>
    expect(lastAnswered(v1.status({ observedTrigger: {} }).build(), [])).toBeUndefined());
});
