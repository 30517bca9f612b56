import { describe, expect, test } from 'vitest';
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

describe('once the schedule was taken out', () => {
  const schedule = { crons: ['*/5 * * * *'] };
  const { observedTrigger } = task.build().status ?? {};
  const scheduled = [1, 2].map((n) =>
    aRun(task, `at-${n}`)
      .createdAt(n * 300)
      .spec({ trigger: { type: 'Schedule', scheduledTime: rfc3339(n * 300) } })
      .finished(),
  );
  test('scheduled runs are too many as others are', () => {
    expect(beyond(aState(task.status({ observedTrigger: observedTrigger ?? {} })).runs(...scheduled))).toEqual([
      'at-1',
    ]);
  });
  test('they stay until the status says that there is no schedule: it may come back at once', () => {
    const observedSchedule = { hash: 'abc', since: rfc3339(0) };
    const before = task.status({ observedTrigger: observedTrigger ?? {}, observedSchedule });
    expect(beyond(aState(before).runs(...scheduled))).toEqual([]);
    const again = before.spec({ schedule });
    expect(beyond(aState(again).runs(...scheduled))).toEqual([]);
  });
});

describe('runs of an earlier Task of that name, whose generations were higher', () => {
  const { taskRef } = runs[0]?.build().spec ?? {};
  const restored = [40, 41].map((n) =>
    aRun(aTask().revision(`app-worker-v${n}`))
      .createdAt(n - 100)
      .spec({ taskRef: { name: taskRef?.name ?? '', uid: 'earlier-uid' } })
      .finished(),
  );
  test('are too many as others are once the Task has answered a trigger itself', () =>
    expect(beyond(aState(task).runs(...runs.slice(4), ...restored))).toEqual(['mytask-v41', 'mytask-v40']));
  test('stay while they alone answer for what ran', () =>
    expect(beyond(aState(task.status(undefined)).runs(...restored))).toEqual([]));
});
