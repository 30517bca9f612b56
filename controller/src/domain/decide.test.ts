import { describe, expect, test } from 'vitest';
import { decide } from './decide.ts';
import { namesOf, nameWithHash } from './lang/names.ts';
import { jobManifest } from './manifest/job.ts';
import { runManifest, versionTrigger } from './manifest/run.ts';
import { snapshotOf } from './manifest/snapshot.ts';
import type { Action, DeletionCause } from './model/actions.ts';
import { runNames } from './policies/name-suffix.ts';
import { taskStatus } from './status/task.ts';
import { after, aJob, aRefusal, aRun, aState, aTask, noon } from './testing/builders.ts';
import { classify } from './view/classify.ts';

type TaskBuilder = ReturnType<typeof aTask>;
type RunBuilder = ReturnType<typeof aRun>;
type StateBuilder = ReturnType<typeof aState>;

const at = (state: StateBuilder, seconds = 40) => decide(state.build(), after(seconds));
const createRun = (version: TaskBuilder, name: string): Action => ({
  kind: 'createRun',
  run: runManifest(
    { version: version.build(), snapshot: snapshotOf(version.build()), trigger: versionTrigger(version.build()) },
    { name },
  ),
});
const createJob = (run: RunBuilder, name = run.build().metadata.name): Action => ({
  kind: 'createJob',
  run: run.build().metadata.name,
  job: jobManifest(run.build(), { name, attempt: 0 }),
});
const deleteJob = (run: RunBuilder, cause: DeletionCause, because: string): Action => {
  const { name, uid } = aJob(run).build().metadata;
  return { kind: 'deleteJob', name, uid, cause, because };
};
const versions = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    aTask()
      .revision(`app-worker-v${index + 1}`)
      .generation(index + 1),
  );
/** What a version's run is called where its first name is in use. */
const otherName = (version: TaskBuilder) => runNames(version.build(), noon)[1] ?? '';
/** The state with the status that it calls for, and nothing new for KubeVela. */
function reported(state: StateBuilder, seconds = 40): StateBuilder {
  const { task } = state.build();
  const status = taskStatus(classify(state.build()), after(seconds));
  const told = state.task({ build: () => ({ ...task, status }) });
  const [action] = decide(told.memory({ nudged: 'old', marked: 'old' }).build(), after(seconds));
  if (action?.kind === 'mark') return told.memory({ nudged: action.nudge, marked: action.value });
  return action?.kind === 'nudge' ? told.memory({ nudged: action.value }) : told;
}

describe('a trigger', () => {
  test('gets a run before anything else', () => expect(at(aState())).toEqual([createRun(aTask(), 'mytask-v1')]));
  test('of each of five versions within a second gets one, oldest first', () => {
    const [v1, v2, v3, v4, v5, v6] = versions(6) as [
      TaskBuilder,
      TaskBuilder,
      TaskBuilder,
      TaskBuilder,
      TaskBuilder,
      TaskBuilder,
    ];
    const expected = [v2, v3, v4, v5, v6].map((version, index) => createRun(version, `mytask-v${index + 2}`));
    expect(at(aState(v6).earlier(v2, v3, v4, v5).runs(aRun(v1).finished()))).toEqual(expected);
  });
  test('of a revision whose name came back gets a run under another name', () => {
    const back = aTask().revision('app-worker-v1', 4);
    const runs = versions(3).map((version) => aRun(version).finished());
    expect(at(aState(back).runs(...runs))).toEqual([createRun(back, otherName(back))]);
  });
  test('of a component whose run name another Application has taken gets another name', () => {
    expect(at(aState().taken({ runs: ['mytask-v1'] }))).toEqual([createRun(aTask(), otherName(aTask()))]);
  });
  test('gets a run though somebody who may create TaskRuns took the two names that it would have', () => {
    const names = runNames(aTask().build(), noon);
    const taken = aState().taken({ runs: names.slice(0, 2) });
    expect(at(taken)).toEqual([createRun(aTask(), names[2] ?? '')]);
  });
  test('with all names taken tries the first again, in case it is free', () => {
    const taken = aState().taken({ runs: runNames(aTask().build(), noon) });
    expect(at(taken)).toEqual([createRun(aTask(), 'mytask-v1')]);
  });
  test('whose first name a run of ours has, and the others somebody else, tries the second again', () => {
    const back = aTask().revision('app-worker-v1', 4);
    const state = aState(back)
      .runs(...versions(3).map((version) => aRun(version).finished()))
      .taken({ runs: runNames(back.build(), noon).slice(1) });
    expect(at(state)).toEqual([createRun(back, otherName(back))]);
  });
  test('of a Task that is being deleted gets none', () => {
    const going = aTask().meta({ deletionTimestamp: after(1).toISOString() });
    expect(at(aState(going))).toMatchObject([
      {
        kind: 'writeTaskStatus',
        status: { message: 'is being deleted, so nothing starts any more · no run yet · 0 kept' },
      },
    ]);
    const ended = at(aState(going).runs(aRun().running(1)).jobs(aJob().running(1).complete(31)));
    expect(ended[0]).toMatchObject({ kind: 'writeRunStatus', status: { phase: 'Succeeded' } });
  });

  const refusal = aRefusal({ object: 'TaskRun' });
  test('whose run was refused waits for its time, and later ones with it', () => {
    const [v1, v2] = versions(2) as [TaskBuilder, TaskBuilder];
    const state = aState(v2).earlier(v1).refusals(refusal);
    expect(at(state, 1).map(({ kind }) => kind)).toEqual(['writeTaskStatus', 'event']);
    expect(at(reported(state, 1), 1)).toEqual([{ kind: 'wakeAt', at: refusal.retryAt }]);
    expect(at(state, 2)).toEqual([createRun(v1, 'mytask-v1'), createRun(v2, 'mytask-v2')]);
  });
  test('whose run was finally refused is passed over', () => {
    const [v1, v2] = versions(2) as [TaskBuilder, TaskBuilder];
    expect(
      at(
        aState(v2)
          .earlier(v1)
          .refusals({ ...refusal, final: true }),
      ),
    ).toEqual([createRun(v2, 'mytask-v2')]);
  });
});

describe('what this process remembers', () => {
  test('keeps a run that was deleted before any status named it from being created again', () => {
    const task = aTask().revision('app-worker-v1');
    const answered = { generation: 1, value: 'app-worker-v1', run: 'mytask-v1' };
    const kinds = decide(aState(task).memory({ answered }).build(), noon).map(({ kind }) => kind);
    expect(kinds).toEqual(['writeTaskStatus']);
  });

  test('gives a Timestamp the same name at every attempt, whatever the minute', () => {
    const task = aTask().revision('app-worker-v2').policy({ nameSuffix: 'Timestamp' });
    const state = aState(task)
      .memory({ seenAt: new Map([[2, noon.getTime()]]) })
      .build();
    const name = (at: Date) =>
      decide(state, at).flatMap((action) => (action.kind === 'createRun' ? [action.run.metadata.name] : []));
    expect(name(after(3_600))).toEqual(name(noon));
  });
});

describe('a run', () => {
  test('gets a Job under its own name', () => expect(at(aState().runs(aRun()))).toEqual([createJob(aRun())]));
  test('that was created before a crash gets its Job after it', () =>
    expect(at(aState().runs(aRun()), 3_600)).toEqual([createJob(aRun())]));
  test('gets a Job under another name where somebody has taken its own', () => {
    expect(
      at(
        aState()
          .runs(aRun())
          .taken({ jobs: ['mytask-v1'] }),
      ),
    ).toEqual([createJob(aRun(), nameWithHash('mytask-v1', 'mytask-v1-uid'))]);
  });
  test('gets a Job though somebody who may create TaskRuns has Jobs under the two names that it would have', () => {
    const names = namesOf('mytask-v1', 'mytask-v1-uid');
    const state = aState()
      .runs(aRun())
      .taken({ jobs: names.slice(0, 2) });
    expect(at(state)).toEqual([createJob(aRun(), names[2] ?? '')]);
  });
  test('that is finished gets no other Job', () => expect(at(reported(aState().runs(aRun().finished())))).toEqual([]));
  test('without a snapshot gets none', () => {
    const { snapshot: _snapshot, ...spec } = aRun().build().spec;
    const run = { build: () => ({ ...aRun().build(), spec }) };
    expect(at(reported(aState().runs(run)))).toEqual([]);
  });
  test('whose Job was refused tries again at its time, not before', () => {
    const state = aState().runs(aRun()).refusals(aRefusal());
    expect(at(state, 1).map(({ kind }) => kind)).toEqual(['writeRunStatus']);
    expect(at(state, 2)).toEqual([createJob(aRun())]);
  });
  test('whose recorded Job is missing has it looked for, and no other one made', () => {
    expect(at(aState().runs(aRun().started()))).toEqual([
      { kind: 'checkJob', name: 'mytask-v1', uid: 'mytask-v1-job-uid' },
    ]);
  });
  test('whose Job was seen to go before it was recorded has it looked for, too', () => {
    expect(at(aState().runs(aRun()).deletedJobs(aJob()))).toEqual([
      { kind: 'checkJob', name: 'mytask-v1', uid: 'mytask-v1-job-uid' },
    ]);
  });
  test('whose Job is gone is on record as failed, with an event', () => {
    const actions = at(aState().runs(aRun().started()).gone('mytask-v1-job-uid'));
    const message =
      'Job mytask-v1 was deleted before it finished, so its outcome is unknown; deploy again, or create a TaskRun, to run again';
    expect(actions).toMatchObject([
      {
        kind: 'writeRunStatus',
        name: 'mytask-v1',
        uid: 'mytask-v1-uid',
        status: { phase: 'Failed', reason: 'JobDeleted', message },
      },
      { kind: 'event', type: 'Warning', reason: 'JobDeleted', message: `mytask-v1 Failed: ${message}` },
    ]);
  });
  test('that has just begun is not written about for a second and a half', () => {
    const state = aState().runs(aRun()).jobs(aJob());
    expect(at(state, 0)).toEqual([{ kind: 'wakeAt', at: after(1.5).getTime() }]);
    expect(at(state, 1.5).map(({ kind }) => kind)).toEqual(['writeRunStatus']);
  });
  test('that ends within that time is written about at once', () => {
    const actions = at(aState().runs(aRun()).jobs(aJob().running(0).complete(1)), 1);
    expect(actions).toMatchObject([
      { kind: 'writeRunStatus', status: { phase: 'Succeeded', duration: '1s' } },
      { kind: 'event', type: 'Normal', reason: 'Succeeded', message: 'mytask-v1 Succeeded after 1s' },
    ]);
  });
});

describe('with unique false', () => {
  const [old, next] = [
    aTask().policy({ unique: false }),
    aTask().revision('app-worker-v2').running('two').policy({ unique: false }),
  ];
  const newer = aRun(next).sharing('mytask');

  test('the first run has a Job under the name of the component', () => {
    const run = aRun(old).sharing('mytask');
    expect(at(aState(old).runs(run))).toEqual([createJob(run, 'mytask')]);
  });
  test('an unfinished run is on record as cancelled, then its Job goes, then the newer one comes', () => {
    const running = aRun(old).sharing('mytask').running(1);
    const jobs = [aJob(running).running(1)];
    expect(
      at(
        aState(next)
          .runs(running, newer)
          .jobs(...jobs),
      ),
    ).toMatchObject([
      { kind: 'writeRunStatus', name: 'mytask-v1', status: { phase: 'Cancelled', reason: 'Replaced' } },
      {
        kind: 'event',
        type: 'Normal',
        reason: 'Replaced',
        message: 'mytask-v1 Cancelled after 39s: replaced by mytask-v2',
      },
    ]);
    const cancelled = running.finished('Cancelled');
    expect(
      at(
        aState(next)
          .runs(cancelled, newer)
          .jobs(...jobs),
      ),
    ).toEqual([deleteJob(cancelled, 'cancelled', 'mytask-v1 was cancelled')]);
    expect(at(aState(next).runs(cancelled, newer))).toEqual([createJob(newer, 'mytask')]);
  });
  test('a finished run loses its Job to the newer one', () => {
    const finished = aRun(old).sharing('mytask').finished();
    expect(at(aState(next).runs(finished, newer).jobs(aJob(finished)))).toEqual([
      deleteJob(finished, 'replaced', 'replaced by mytask-v2'),
    ]);
  });
});

describe('what is kept', () => {
  const phases = ['Succeeded', 'Failed', 'Succeeded', 'Failed', 'Succeeded', 'Failed', 'Succeeded'] as const;
  const all = versions(phases.length);
  const runs = all.map((version, index) => aRun(version).createdAt(index).finished(phases[index]));
  const last = all[phases.length - 1] ?? aTask();
  const kept = (policy: Parameters<TaskBuilder['policy']>[0], seconds = 100) => {
    const actions = at(
      reported(
        aState(last.policy(policy))
          .runs(...runs)
          .jobs(...runs.map(aJob)),
        seconds,
      ),
      seconds,
    );
    return actions.map((action) => (action.kind === 'deleteJob' ? `${action.name}: ${action.because}` : action.kind));
  };

  test('is all within the limits', () => expect(kept({ keepLast: 4, keepLastFailed: 3 })).toEqual([]));
  test('is the newest three by default', () => expect(kept({})).toEqual(['mytask-v1: keepLast: 3']));
  test('with keepLast 0 does not keep a successful one', () => {
    expect(kept({ keepLast: 0 })).toEqual([7, 5, 3, 1].map((n) => `mytask-v${n}: keepLast: 0`));
  });
  test('with keepLastFailed 0 does not keep a failed one', () => {
    expect(kept({ keepLast: 4, keepLastFailed: 0 })).toEqual([6, 4, 2].map((n) => `mytask-v${n}: keepLastFailed: 0`));
  });
  test('is no Job of a cancelled run, for its pods have to end', () => {
    const run = aRun().finished('Cancelled');
    expect(at(aState().runs(run).jobs(aJob(run).running(1)))).toEqual([
      deleteJob(run, 'cancelled', 'mytask-v1 was cancelled'),
    ]);
  });
  test('is by age, too', () => {
    const policy = { keepLast: 4, ttlSecondsAfterFinished: 60 };
    expect(kept(policy, 91 - 1)).toEqual(['wakeAt']);
    expect(kept(policy, 92)).toEqual([
      'mytask-v2: ttlSecondsAfterFinished: 60',
      'mytask-v1: ttlSecondsAfterFinished: 60',
    ]);
  });
  test('is never a Job whose outcome is not on record', () => {
    const run = aRun().running(1);
    const actions = at(
      aState(aTask().policy({ keepLast: 0, ttlSecondsAfterFinished: 0 }))
        .runs(run)
        .jobs(aJob(run).running(1).complete(3)),
    );
    expect(actions.map(({ kind }) => kind)).toEqual(['writeRunStatus', 'event']);
  });
  test('is not deleted twice while it goes', () => {
    const going = runs.map((run) => aJob(run).meta({ deletionTimestamp: after(90).toISOString() }));
    expect(
      at(
        reported(
          aState(last.policy({ keepLast: 0, keepLastFailed: 0 }))
            .runs(...runs)
            .jobs(...going),
          100,
        ),
        100,
      ),
    ).toEqual([]);
  });
  test('are as many records as historyLimit says, and those whose Job is kept', () => {
    const state = aState(last.policy({ historyLimit: 2 }))
      .runs(...runs)
      .jobs(...runs.slice(2, 4).map(aJob));
    const gone = [5, 2, 1].map((n) => ({
      kind: 'deleteRun',
      name: `mytask-v${n}`,
      uid: `mytask-v${n}-uid`,
      because: 'historyLimit: 2',
    }));
    expect(at(reported(state))).toEqual(gone);
  });
  test('are Jobs and records that somebody still reads', () => {
    const readers = new Set(['mytask-v1-uid', 'mytask-v2-uid']);
    const jobs = reported(
      aState(last.policy({ keepLast: 3 }))
        .runs(...runs)
        .jobs(...runs.map(aJob))
        .memory({ readers }),
      100,
    );
    expect(at(jobs, 100)).toEqual([]);
    const aged = aState(last.policy({ keepLast: 4, ttlSecondsAfterFinished: 60 }))
      .runs(...runs)
      .jobs(...runs.map(aJob))
      .memory({ readers });
    expect(at(reported(aged, 92), 92).map(({ kind }) => kind)).toEqual(['wakeAt']);
    const records = reported(
      aState(last.policy({ historyLimit: 2 }))
        .runs(...runs)
        .memory({ readers }),
    );
    expect(at(records).map((action) => (action.kind === 'deleteRun' ? action.name : action.kind))).toEqual([
      'mytask-v5',
      'mytask-v4',
      'mytask-v3',
    ]);
  });
  test('is no Job that somebody waits to be rid of, whoever reads it', () => {
    const cancelled = aRun().finished('Cancelled');
    expect(
      at(
        aState()
          .runs(cancelled)
          .jobs(aJob(cancelled).running(1))
          .memory({ readers: new Set([cancelled.build().metadata.uid]) }),
      ),
    ).toEqual([deleteJob(cancelled, 'cancelled', 'mytask-v1 was cancelled')]);
  });
  test('are the records that the Task does not answer for yet: without them their triggers would look new', () => {
    const state = aState(last.policy({ historyLimit: 1 })).runs(...runs);
    expect(at(state).map(({ kind }) => kind)).toEqual(['writeTaskStatus']);
  });
});

describe('KubeVela', () => {
  const done = aState().runs(aRun().finished());
  test('is nudged once about a new status', () => {
    const told = reported(done);
    const { nudged } = told.build().memory;
    expect(at(told.memory({ nudged: undefined }))).toEqual([
      { kind: 'nudge', application: { name: 'app-worker', namespace: 'default' }, value: nudged },
    ]);
    expect(at(told)).toEqual([]);
  });
  test.each([
    [2, 'expectLook', 'finds it by itself'],
    [3, undefined, 'may find it by itself'],
    [4, 'nudge', 'has to be told'],
  ] as const)('after %d seconds of a run: %s, for it %s', (seconds, kind, _why) => {
    const running = aState().runs(aRun().running(1)).jobs(aJob().running(1));
    expect(at(reported(running, seconds).memory({ nudged: 'old' }), seconds)[0]?.kind).toBe(kind ?? 'wakeAt');
  });
  test('is not nudged about what a restart finds long settled', () => {
    const untold = reported(done).memory({ nudged: undefined, marked: undefined });
    expect(decide(untold.build(), after(3_600))).toEqual([]);
  });
  test('is nudged, and marked with what ended while no controller ran, however long that was', () => {
    const untold = reported(done).memory({ nudged: undefined, marked: undefined });
    const found = (since: number) =>
      decide(untold.memory({ unattendedSince: after(since).getTime() }).build(), after(86_400)).map(({ kind }) => kind);
    expect([found(60), found(1_000)]).toEqual([['mark'], []]);
  });
  test('is left alone about a Task that does not belong to it', () => {
    const own = aState(aTask().withoutApplication()).runs(aRun().finished());
    expect(at(reported(own))).toEqual([]);
  });
});

test('healthyWhen Started calls a Task ready once it runs, and Succeeded once it did', () => {
  for (const [healthyWhen, phase, ready] of [
    ['Started', 'Running', 'True'],
    ['Succeeded', 'Running', 'False'],
  ] as const) {
    const state = aState(aTask().policy({ healthyWhen })).runs(aRun().running(1)).jobs(aJob().running(1));
    const action = decide(state.build(), after(40)).find(
      ({ kind }) => kind === 'writeRunStatus' || kind === 'writeTaskStatus',
    );
    expect(action).toMatchObject({
      kind: 'writeTaskStatus',
      status: { phase, conditions: [{ type: 'Ready', status: ready }] },
    });
  }
});

test('a settled Task costs nothing, whenever it is looked at', () => {
  const state = reported(aState().runs(aRun().finished()).jobs(aJob())).build();
  for (const seconds of [40, 100, 86_400]) expect(decide(state, new Date(noon.getTime() + seconds * 1000))).toEqual([]);
});

describe('news of a run that has just begun', () => {
  const two = [aRun().started(), aRun(aTask(), 'mytask-by-hand').createdAt(1).started()] as const;
  const both = (changes: readonly [RunBuilder, RunBuilder] = two) =>
    aState()
      .runs(...changes)
      .jobs(...changes.map((run) => aJob(run).running(1)));
  test("is told at its own time, not at a later run's", () => {
    expect(at(both(), 1)).toEqual([{ kind: 'wakeAt', at: after(1.5).getTime() }]);
    expect(at(both(), 1.5)).toMatchObject([{ kind: 'writeRunStatus', name: 'mytask-v1' }]);
  });
  test('is told to KubeVela, too, where the clock was set back', () => {
    const state = aState().runs(aRun().running(1)).jobs(aJob().running(1));
    expect(at(reported(state, -3_600).memory({ nudged: 'old' }), -3_600).map(({ kind }) => kind)).toContain('nudge');
  });
  test('is told at once where the clock was set back since it was created', () => {
    expect(at(both(), -3_600).map(({ kind }) => kind)).toEqual(['writeRunStatus', 'writeRunStatus']);
  });
});
