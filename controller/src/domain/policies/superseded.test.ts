import { describe, expect, test } from 'vitest';
import { lastAnswered } from '../model/trigger.ts';
import { aTask } from '../testing/builders.ts';
import { DeploymentStory } from '../testing/deployment-story.ts';
import { supersededHold, supersededName } from './superseded.ts';
import { dueRuns } from './trigger.ts';

const v1 = aTask().revision('web-v1');
const answered = { generation: 1, value: 'web-v1' };

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
    const due = dueRuns([version.build()], last);
    expect(due.map(({ trigger }) => trigger.superseded)).toEqual([superseded, undefined]);
    expect(due[0]?.trigger.generation).toBe((version.build().metadata.generation ?? 0) - 1);
  });

  test('but not where nothing came between', () => {
    expect(dueRuns([v1.revision('web-v2').build()], answered)).toHaveLength(1);
    const seen = [v1.revision('web-v2'), v1.revision('web-v3')].map((version) => version.build());
    expect(dueRuns(seen, answered)).toHaveLength(2);
  });

  test('nor where no deployment runs', () => {
    expect(dueRuns([v1.revision('web-v4', 4).policy({ trigger: 'Manual' }).build()], answered)).toEqual([]);
  });

  test('and are not recorded again by a controller that died before it created the run', () => {
    const [record] = dueRuns([v1.revision('web-v4', 4).build()], answered);
    const run = { metadata: { name: 'record' }, spec: { taskRef: { name: 'web' }, trigger: record?.trigger } };
    const task = v1.revision('web-v4', 4).build();
    const last = lastAnswered(task, [run as never]);
    expect(dueRuns([task], last).map(({ trigger }) => trigger.superseded)).toEqual([undefined]);
  });
});

describe('the record says', () => {
  const says = (superseded: { most: number; by: string; after?: string }) =>
    supersededHold({ spec: { taskRef: { name: 'web' }, trigger: { type: 'Revision', superseded } } })?.message;

  test.each([
    [{ most: 1, by: 'web-v3', after: 'web-v1' }, 'no controller saw 1 deployment between web-v1 and web-v3'],
    [{ most: 3, by: 'web-v5', after: 'web-v1' }, 'no controller saw 3 deployments between web-v1 and web-v5'],
    [{ most: 2, by: 'web-v3' }, 'no controller saw 2 deployments before web-v3'],
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
});
