import { describe, expect, test } from 'vitest';
import { lastAnswered } from '../model/trigger.ts';
import { aTask } from '../testing/builders.ts';
import { DeploymentStory } from '../testing/deployment-story.ts';
import { supersededHold, supersededName } from './superseded.ts';
import { dueRuns } from './trigger.ts';

const v1 = aTask().revision('web-v1');
const answered = { generation: 1, value: 'web-v1' };
const nobodyLooked = (from: number, to: number): boolean => to - from > 1;

describe('deployments that were replaced while no controller ran are on record', () => {
  const rows = [
    ['two of three', v1.revision('web-v4', 4), answered, { most: 2, by: 'web-v4', after: 'web-v1' }],
    ['those before the first one that is seen', v1.revision('web-v3', 3), undefined, { most: 2, by: 'web-v3' }],
    [
      'before a roll-back',
      v1.revision('web-v1', 4),
      { generation: 2, value: 'web-v2' },
      { most: 1, by: 'web-v1', after: 'web-v2' },
    ],
    [
      'after a record whose run was never created',
      v1.revision('web-v7', 7),
      { generation: 3, value: 'before web-v4', isRecord: true },
      { most: 3, by: 'web-v7' },
    ],
  ] as const;
  test.each(rows)('%s', (_what, version, last, superseded) => {
    const due = dueRuns([version.build()], last, nobodyLooked);
    expect(due.map(({ trigger }) => trigger.superseded)).toEqual([superseded, undefined]);
    expect(due[0]?.trigger.generation).toBe((version.build().metadata.generation ?? 0) - 1);
  });

  test('without what was seen before, where its name came back for another content', () => {
    const hashed = (hash: string) => ({ labels: { 'app.oam.dev/app-revision-hash': hash } });
    const again = v1.generation(3).meta(hashed('bbbb')).build();
    const due = dueRuns([again], { ...answered, revisionHash: 'aaaa' }, nobodyLooked);
    expect(due.map(({ trigger }) => trigger.superseded)).toEqual([{ most: 1, by: 'web-v1' }, undefined]);
  });

  test('but not where nothing came between', () => {
    expect(dueRuns([v1.revision('web-v2').build()], answered, nobodyLooked)).toHaveLength(1);
    const seen = [v1.revision('web-v2'), v1.revision('web-v3')].map((version) => version.build());
    expect(dueRuns(seen, answered, nobodyLooked)).toHaveLength(2);
  });

  test('nor where it was suspended after it had been seen, and before its run was created', () => {
    const suspended = v1.revision('web-v2', 3).build();
    const due = dueRuns([suspended], answered, () => false);
    expect(due.map(({ trigger }) => trigger)).toMatchObject([{ type: 'Revision', value: 'web-v2', generation: 3 }]);
  });

  test('nor where no deployment runs', () => {
    expect(dueRuns([v1.revision('web-v4', 4).policy({ trigger: 'Manual' }).build()], answered, nobodyLooked)).toEqual(
      [],
    );
  });

  test('and are not recorded again by a controller that died before it created the run', () => {
    const [record] = dueRuns([v1.revision('web-v4', 4).build()], answered, nobodyLooked);
    const run = { metadata: { name: 'record' }, spec: { taskRef: { name: 'web' }, trigger: record?.trigger } };
    const task = v1.revision('web-v4', 4).build();
    const last = lastAnswered(task, [run as never]);
    expect(dueRuns([task], last, nobodyLooked).map(({ trigger }) => trigger.superseded)).toEqual([undefined]);
  });
});

describe('a trigger that came back while nobody looked', () => {
  const back = v1.generation(4).build();

  test('has a record of what may have been deployed between, and nothing runs', () => {
    const due = dueRuns([back], answered, nobodyLooked);
    const superseded = { most: 3, by: 'web-v1', after: 'web-v1' };
    expect(due).toEqual([
      { version: back, trigger: { type: 'Revision', value: 'before web-v1', generation: 4, superseded } },
    ]);
  });

  test('is answered by its run, and not by the record', () => {
    const [record] = dueRuns([back], answered, nobodyLooked);
    const runs = [
      { metadata: { name: 'web-v1' }, spec: { taskRef: { name: 'web' }, trigger: answered } },
      { metadata: { name: 'record' }, spec: { taskRef: { name: 'web' }, trigger: record?.trigger } },
    ];
    expect(lastAnswered(back, runs as never)).toMatchObject({ generation: 1, run: 'web-v1' });
  });

  test.each([
    ['where each version was seen', back, answered, (): boolean => false],
    ['where no version is missing', v1.generation(2).build(), answered, nobodyLooked],
    ['where not each deployment runs', v1.generation(4).policy({ trigger: 'Change' }).build(), answered, nobodyLooked],
    [
      'where no change of the Task is a deployment',
      aTask().revision('').generation(4).build(),
      { generation: 1, value: '' },
      nobodyLooked,
    ],
  ] as const)('has none %s', (_where, version, last, isMissed) =>
    expect(dueRuns([version], last, isMissed)).toEqual([]),
  );
});

describe('the record says', () => {
  const says = (superseded: { most: number; by: string; after?: string }) =>
    supersededHold({ spec: { taskRef: { name: 'web' }, trigger: { type: 'Revision', superseded } } })?.message;

  test.each([
    [{ most: 1, by: 'web-v3', after: 'web-v1' }, 'no controller saw 1 deployment between web-v1 and web-v3'],
    [{ most: 3, by: 'web-v5', after: 'web-v1' }, 'no controller saw 3 deployments between web-v1 and web-v5'],
    [{ most: 2, by: 'web-v3' }, 'no controller saw 2 deployments before web-v3'],
    [
      { most: 3, by: 'web-v1', after: 'web-v1' },
      'no controller saw up to 3 deployments after web-v1, the last of which brought it back',
    ],
    // Somebody suspended the Task meanwhile, or it was rolled back.
    [{ most: 3, by: 'web-v3', after: 'web-v1' }, 'no controller saw up to 3 deployments between web-v1 and web-v3'],
    [{ most: 2, by: 'web-v1', after: 'web-v4' }, 'no controller saw up to 2 deployments between web-v4 and web-v1'],
    [
      { most: 2, by: 'web-v2@b', after: 'web-v2@a' },
      'no controller saw up to 2 deployments between web-v2@a and web-v2@b',
    ],
  ])('%o', (superseded, sentence) => {
    expect(says(superseded)).toBe(`${sentence}, so nothing of that ran; deploy it again to run it`);
  });

  test('under a name that no run has', () =>
    expect(supersededName('mytask-v4', v1.revision('web-v4', 4).build())).toMatch(/^mytask-v4-[0-9a-f]+$/));
});

describe('what no controller saw', () => {
  test.each(['Allow', 'Forbid', 'Replace', 'Queue'] as const)('holds up nothing under %s', (concurrencyPolicy) => {
    const story = new DeploymentStory().play([
      { do: 'reconcile', lag: 0 },
      { do: 'progress', pick: 0, step: 'complete' },
      { do: 'changePolicy', policy: { concurrencyPolicy }, revision: false },
      { do: 'reconcile', lag: 0 },
      { do: 'kill' },
      { do: 'deploy', content: 1, count: 3 },
    ]);
    story.end();
    expect(story.world.ownRuns().map(({ metadata, status }) => `${metadata.name} ${status?.phase}`)).toEqual([
      'mytask-v1 Succeeded',
      expect.stringMatching(/^mytask-v4-\w+ Skipped$/),
      'mytask-v4 Succeeded',
    ]);
  });

  test('is on record where it was rolled back to what ran before', () => {
    const story = new DeploymentStory().play([
      { do: 'deploy', content: 1, count: 1 },
      { do: 'reconcile', lag: 0 },
      { do: 'kill' },
      { do: 'deploy', content: 2, count: 1 },
      { do: 'rollBack', pick: 1 },
    ]);
    story.end();
    expect(story.gaps()).toEqual([{ generation: 4, unseen: 1, recorded: 2 }]);
    expect(story.world.ownRuns().map(({ metadata, status }) => `${metadata.name} ${status?.phase}`)).toEqual([
      'mytask-v1 Succeeded',
      'mytask-v2 Succeeded',
      expect.stringMatching(/^mytask-v2-\w+ Skipped$/),
    ]);
    expect(story.world.task.status?.message).toMatch(
      /^mytask-v2 Succeeded in .* · mytask-v2-\w+ Skipped: no controller saw up to 2 deployments after app-worker-v2, the last of which brought it back, so nothing of that ran; deploy it again to run it · /,
    );
  });
});
