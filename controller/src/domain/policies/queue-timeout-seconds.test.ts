import { expect, test } from 'vitest';
import { after, aJob, aRun, aState, aTask, rfc3339 } from '../testing/builders.ts';
import { classify } from '../view/classify.ts';
import { partsOf } from '../model/view.ts';
import { queueDeadlineOf } from './queue-timeout-seconds.ts';

const queue = { name: 'team-a' };

function deadline(spec: Parameters<ReturnType<typeof aTask>['spec']>[0], rows?: object) {
  const run = aRun(aTask().spec({ queue, ...spec }));
  const waiting = rows ? run.status({ phase: 'Queued', jobs: [{ name: 'mytask-v1', ...rows }] }) : run;
  const job = aJob(run)
    .meta({ creationTimestamp: rfc3339(10) })
    .spec({ suspend: true });
  const [view] = classify(aState().runs(waiting).jobs(job).build()).runs;
  if (!view) throw new Error('no run');
  return partsOf(view).map((part) => queueDeadlineOf(part, { ...job.build(), queue: 'team-a' }));
}

test('a Job may wait for ever without it', () => expect(deadline({})).toEqual([undefined]));

test('a Job may wait so long from its creation', () =>
  expect(deadline({ queueTimeoutSeconds: 60 })).toEqual([after(70).getTime()]));
