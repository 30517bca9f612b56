import { expect, test } from 'vitest';
import { aJob, aRun, aState, aTask, rfc3339 } from '../testing/builders.ts';
import { classify } from '../view/classify.ts';
import { beyondHistoryLimit } from './history-limit.ts';

const task = aTask()
  .revision('app-worker-v5')
  .policy({ historyLimit: 1 })
  .status({ observedTrigger: { generation: 5, id: 'app-worker-v5' }, lastScheduleTime: rfc3339(0) });
const runs = [1, 2, 3, 4, 5].map((n) =>
  aRun(aTask().revision(`app-worker-v${n}`))
    .createdAt(n)
    .finished(),
);

function beyond(state: ReturnType<typeof aState>) {
  return beyondHistoryLimit(classify(state.build())).map(({ name }) => name);
}

test('the newest records stay, and those whose Job is kept', () => {
  expect(beyond(aState(task).runs(...runs))).toEqual(['mytask-v4', 'mytask-v3', 'mytask-v2', 'mytask-v1']);
  const kept = runs.slice(1, 3).map(aJob);
  expect(
    beyond(
      aState(task)
        .runs(...runs)
        .jobs(...kept),
    ),
  ).toEqual(['mytask-v4', 'mytask-v1']);
});

test('skipped runs are counted apart', () => {
  const skipped = [6, 7].map((n) => aRun(aTask(), `skipped-${n}`).createdAt(n).status({ phase: 'Skipped' }));
  expect(beyond(aState(task).runs(...runs.slice(3), ...skipped))).toEqual(['mytask-v4', 'skipped-6']);
});

test('a record stays until the status of the Task answers for its trigger', () => {
  const behind = task.status({ observedTrigger: { generation: 3, id: 'app-worker-v3' } });
  expect(beyond(aState(behind).runs(...runs))).toEqual(['mytask-v3', 'mytask-v2', 'mytask-v1']);
});
