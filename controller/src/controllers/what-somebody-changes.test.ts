/**
 * The controller as it runs, in a cluster in memory, while somebody changes whatever can be written, as if no admission
 * policy were there: made-up stories, and those that once were too much for it.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ClusterStory } from './testing/cluster-story.ts';
import { clusterStory, type Step } from './testing/story-steps.ts';
import { fieldsOfKind } from './testing/tampering.ts';

const deployed: Step = { do: 'deploy', shape: 0, policy: { concurrencyPolicy: 'Allow' } };
/** Somebody takes all labels off the first Job. */
const unlabelled: Step = {
  do: 'tamper',
  after: 0,
  seen: true,
  move: {
    of: 'jobs',
    how: 'change',
    pick: 0,
    field: 1 + 2 * fieldsOfKind('jobs').findIndex(({ path }) => path.join('.') === 'metadata.labels'),
    value: 0,
  },
};

describe('while somebody changes any field of any object at any moment', { timeout: 300_000 }, () => {
  test('all else goes on, what is cancelled ends, and then nothing is written any more', async () => {
    await fc.assert(
      fc.asyncProperty(clusterStory, async (steps) => {
        const story = new ClusterStory();
        try {
          await story.play(steps);
          await story.end();
          expect(await story.writesAtRest()).toBe(0);
        } catch (error) {
          throw new Error([String(error), 'Somebody:', ...story.deeds].join('\n  '), { cause: error });
        }
      }),
      { numRuns: 60 },
    );
  });

  test('a Job whose labels are taken off is not asked for again and again', async () => {
    const story = await new ClusterStory().play([deployed, { do: 'progress', pick: 0, step: 'start' }, unlabelled]);
    expect(story.deeds).toEqual(['jobs app-worker-mytask-v1: metadata.labels = undefined']);
    expect(story.statusOf('app-worker-mytask-v1')).toMatchObject({ phase: 'Failed', reason: 'JobDeleted' });
    const { calls } = story.api;
    await story.play([{ do: 'advance', seconds: 700 }]);
    expect(story.api.calls - calls).toBe(0);
    await story.end();
  });

  test('a person’s run that the API server could not take for once is made a run of its Task', async () => {
    const story = await new ClusterStory().play([
      deployed,
      { do: 'refuse', of: 'taskruns', status: 409, calls: 1 },
      { do: 'ask' },
      { do: 'advance', seconds: 6 },
    ]);
    expect(story.statusOf('asked-1')).toMatchObject({ jobs: [{ name: 'asked-1' }] });
  });
});
