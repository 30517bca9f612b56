import { pino } from 'pino';
import { expect, test } from 'vitest';
import { aJob, aTask } from '../../domain/testing/builders.ts';
import type { ApplyContext } from './context.ts';
import { deleteJob } from './delete.ts';

/** What the API server is asked, and what the cache of Jobs learns of it. */
function answering(answer: object | undefined) {
  const asked: object[] = [];
  const learned: string[] = [];
  const jobs = { observe: () => learned.push('is being deleted'), forget: () => learned.push('is gone') };
  const context = {
    client: {
      delete: (_type: unknown, _ref: unknown, options: object) => {
        asked.push(options);
        return Promise.resolve(answer);
      },
    },
    caches: { jobs },
    log: pino({ enabled: false }),
    task: aTask().build(),
  } as unknown as ApplyContext;
  return { asked, learned, context };
}

const { name, uid } = aJob().build().metadata;
const cancel = { kind: 'deleteJob', name, uid, cause: 'cancelled', because: 'cancelled' } as const;
const held = { metadata: { name, uid, deletionTimestamp: '2026-03-20T12:00:00Z', finalizers: ['example.org/stays'] } };

test('a Job that nobody holds is gone once it is deleted', async () => {
  const { asked, learned, context } = answering(undefined);
  await deleteJob(cancel, context);
  expect([asked, learned]).toEqual([[{ propagationPolicy: 'Background', uid }], ['is gone']]);
});

test('a Job that a finalizer holds is still known, so that its pods can be deleted before it', async () => {
  const { asked, learned, context } = answering(held);
  await deleteJob(cancel, context);
  await deleteJob({ ...cancel, podsFirst: true }, context);
  expect(asked).toEqual([
    { propagationPolicy: 'Background', uid },
    { propagationPolicy: 'Foreground', uid },
  ]);
  expect(learned).toEqual(['is being deleted', 'is being deleted']);
});
