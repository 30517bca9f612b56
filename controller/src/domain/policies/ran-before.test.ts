import { describe, expect, test } from 'vitest';
import type { TaskStatus } from '../../resources/index.ts';
import { decide } from '../decide.ts';
import { snapshotOf } from '../manifest/snapshot.ts';
import type { Mark } from '../model/trigger.ts';
import { undecided } from '../status/undecided.ts';
import { after, aRun, aState, aTask, noon } from '../testing/builders.ts';
import { classify } from '../view/classify.ts';
import { mustBeValid } from '../testing/crd-schema.ts';
import { answersAnySession, askedBefore, markOf } from './ran-before.ts';

const hash = (revisionHash: string) => ({
  labels: { ...aTask().build().metadata.labels, 'app.oam.dev/app-revision-hash': revisionHash },
});
/** The Task of the third revision, as KubeVela creates it again: its generation is 1. */
const back = aTask().revision('app-worker-v3', 1).meta({ uid: 'new-uid' });
const mark: Mark = {
  value: 'app-worker-v3',
  revisionHash: 'c2a9b2aca82010ba',
  run: 'mytask-v3',
  phase: 'Succeeded',
  snapshotHash: snapshotOf(back.build()).hash,
};
const message =
  'mytask-v3 ran before this Task was created again and is not started again; change the Application or create a TaskRun to run it';
const withMark = (task = back, changes: Partial<Mark> = {}) =>
  aState(task).memory({ before: { mark: { ...mark, ...changes } } });
const kinds = (state: ReturnType<typeof aState>) => decide(state.build(), noon).map(({ kind }) => kind);

function statusOf(state: ReturnType<typeof aState>): TaskStatus {
  const [action] = decide(state.build(), noon);
  if (action?.kind !== 'writeTaskStatus') throw new Error(`not a status: ${JSON.stringify(action)}`);
  return action.status;
}

describe('a Task that somebody deleted and KubeVela created again', () => {
  test('does not run its revision a second time, and says so', () => {
    expect(decide(withMark().build(), noon)).toMatchObject([
      {
        kind: 'writeTaskStatus',
        status: {
          observedTrigger: { appRevision: 'app-worker-v3', generation: 1, run: 'mytask-v3' },
          phase: 'Succeeded',
          message: `${message} · 0 kept`,
          conditions: [{ type: 'Ready', status: 'True', reason: 'RanBefore', message }],
        },
      },
      { kind: 'event', type: 'Normal', reason: 'RanBefore', message },
    ]);
  });

  test('says the same after the controller was restarted, and nothing is written any more', () => {
    const restarted = aState(back.status(statusOf(withMark())));
    expect(askedBefore(restarted.build())).toBeUndefined();
    expect(decide(restarted.build(), after(3_600))).toEqual([]);
  });

  test('says the same once a controller that failed to decide on it was replaced', () => {
    const reported = back.status(statusOf(withMark()));
    const [action] = undecided(reported.build(), new Error('no'), noon);
    const status = action?.kind === 'writeTaskStatus' ? action.status : undefined;
    expect(status?.message).toMatch(/^the controller fails to decide/);
    expect(status?.conditions).toMatchObject([
      { type: 'Ready', status: 'False', reason: 'RanBefore', message },
      { type: 'Stalled', reason: 'ReconciliationFailed' },
    ]);
    expect(statusOf(aState(back.status(status)))).toEqual(reported.build().status);
  });

  test.each(['Failed', 'Cancelled'] as const)('is not ready where its revision was %s', (phase) => {
    expect(statusOf(withMark(back, { phase }))).toMatchObject({
      phase,
      conditions: [{ type: 'Ready', status: 'False' }],
    });
  });

  test('is marked again, for the Application may be another one', () => {
    const reported = aState(back.status(statusOf(withMark())));
    expect(decide(reported.build(), noon)).toMatchObject([{ kind: 'mark', mark }]);
  });

  test('runs where nothing is known of it', () => {
    expect(kinds(aState(back).memory({ before: {} }))).toEqual(['createRun']);
  });

  test.each([
    ['another revision', back.revision('app-worker-v4', 1).meta(hash('other'))],
    ["a revision's name that came back for another content", back.meta(hash('other'))],
    [
      'another publishVersion of the same content',
      back.trigger({ appRevision: 'app-worker-v3', publishVersion: 'again' }),
    ],
    ['another session of a workflow step', back.trigger({ appRevision: 'app-worker-v3', id: 'session-2' })],
  ])('runs %s', (_what, task) => expect(kinds(withMark(task))).toEqual(['createRun']));

  test('does not run a session of a workflow step that was answered', () => {
    const step = back.trigger({ appRevision: 'app-worker-v3', id: 'session-1' });
    expect(kinds(withMark(step, { value: 'app-worker-v3#session-1' }))).toEqual(['writeTaskStatus', 'event']);
  });

  test('runs once somebody changes the Application', () => {
    const reported = back.status(statusOf(withMark()));
    expect(kinds(aState(reported.revision('app-worker-v4', 2)))).toEqual(['createRun']);
  });

  test('speaks of the run that a person asked for', () => {
    const byHand = aRun(back, 'by-hand')
      .spec({ trigger: { type: 'Manual' } })
      .finished();
    const state = aState(back.status(statusOf(withMark()))).runs(byHand);
    expect(statusOf(state)).toMatchObject({ phase: 'Succeeded', message: 'by-hand Succeeded in 31s · 0 kept' });
  });
});

describe('a workflow step of an Application that was restored, which KubeVela runs again as another session', () => {
  const asked = { appRevision: 'app-worker-v1', step: 'migrate', id: 'session-2' };
  const step = aTask().trigger(asked).meta({ uid: 'new-uid' });
  const ran = { ...mark, value: 'app-worker-v3#session-1' };
  const before = (task: typeof step, changes: Partial<Mark> = {}, isRestored = true) => {
    const found = { mark: { ...ran, ...changes }, isRestored };
    return aState(task).memory({ before: { ...found, anySession: answersAnySession(task.build(), found) } });
  };
  test('does not run the same content again', () =>
    expect(statusOf(before(step))).toMatchObject({
      observedTrigger: { id: 'session-2', run: 'mytask-v3' },
      phase: 'Succeeded',
      conditions: [{ reason: 'RanBefore' }],
    }));
  test.each([
    ['whose content is another', step, { snapshotHash: 'other' }],
    ['of another revision', step, { revisionHash: 'other' }],
    ['of another publishVersion', step.trigger({ ...asked, publishVersion: 'again' }), {}],
  ])('runs one %s', (_what, task, changes) => expect(kinds(before(task, changes))).toEqual(['createRun']));
  test('does not either where KubeVela writes no hash of the revision, as into what a step applies', () => {
    const { revisionHash: _hash, ...nameless } = ran;
    const found = { mark: nameless, isRestored: true, anySession: true };
    expect(kinds(aState(step).memory({ before: found }))).toEqual(['writeTaskStatus', 'event']);
  });
  test('runs in an Application that was not restored: somebody restarted the workflow', () =>
    expect(kinds(before(step, {}, false))).toEqual(['createRun']));
  test('runs again where later steps may need its outputs, and says so', () => {
    const [run, event] = decide(before(step.spec({ outputs: [{ name: 'tag', type: 'string' }] })).build(), noon);
    const message =
      'mytask-v3 ran the same before its Application was restored, and runs again: its outputs are gone, and later steps may need them';
    expect(run).toMatchObject({
      kind: 'createRun',
      run: { spec: { trigger: { type: 'WorkflowStep', again: message } } },
    });
    expect(event).toEqual({ kind: 'event', type: 'Warning', reason: 'RunsAgain', message });
  });
});

describe('a Task of which the archive has a run of the same content', () => {
  const archived = { run: 'mytask-v3', at: '2026-03-19T12:00:00Z', snapshotHash: mark.snapshotHash ?? '' };
  const because = 'the Application, which keeps what ran, is not in this cluster';
  const message = `mytask-v3 ran the same until 2026-03-19T12:00:00Z, and runs again: ${because}`;
  test('runs it again, and says so on record, in an event and in its message', () => {
    const state = aState(back).memory({ before: { unmarked: 'notHere', archived } });
    const [create, event] = decide(state.build(), noon);
    if (create?.kind !== 'createRun') throw new Error(JSON.stringify(create));
    mustBeValid.taskRunSpec(create.run.spec);
    expect(create.run.spec.trigger).toMatchObject({ type: 'Revision', again: message });
    expect(event).toEqual({ kind: 'event', type: 'Warning', reason: 'RunsAgain', message });
    const run = aRun(back).spec({ trigger: create.run.spec.trigger ?? { type: 'Revision' } });
    expect(statusOf(aState(back).runs(run.finished())).message).toBe(
      `mytask-v1 Succeeded in 31s · ${message} · 0 kept`,
    );
  });
  test.each([
    ['another content', { unmarked: 'notHere', archived: { ...archived, snapshotHash: 'other' } }],
    ['nothing', { unmarked: 'notHere' }],
  ] as const)('says nothing where that was %s', (_what, before) =>
    expect(kinds(aState(back).memory({ before }))).toEqual(['createRun']),
  );
  test('says nothing of the deployments that follow', () => {
    const next = back.revision('app-worker-v4', 2).meta(hash('other'));
    const state = aState(next)
      .runs(aRun(back).finished())
      .memory({ before: { unmarked: 'notHere', archived } });
    expect(kinds(state)).toEqual(['createRun']);
  });
});

describe('a Task that came back with the runs of an earlier one', () => {
  const earlier = aTask().revision('app-worker-v7').meta({ uid: 'before' });
  const trigger = aRun(earlier).build().spec.trigger ?? { type: 'Revision' as const };
  const ran = aRun(earlier).spec({ trigger: { ...trigger, revisionHash: 'c2a9b2aca82010ba' } });
  const asOwn = (run: ReturnType<typeof aRun>, task = aTask()) =>
    run.meta({ ownerReferences: aRun(task).build().metadata.ownerReferences ?? [] });
  const restored = aTask().meta({ uid: 'new-uid' });

  test('does not run what they ran, though revisions and generations count from 1 again', () => {
    const state = aState(restored).runs(asOwn(ran.finished()));
    expect(askedBefore(state.build())).toBeUndefined();
    expect(statusOf(state)).toMatchObject({
      observedTrigger: { appRevision: 'app-worker-v1', generation: 1, run: 'mytask-v7' },
      phase: 'Succeeded',
      message: 'mytask-v7 Succeeded in 31s · 0 kept',
    });
  });

  test('runs another revision, and speaks of its run from then on', () => {
    const next = restored.revision('app-worker-v2', 1).meta(hash('other'));
    const state = aState(next).runs(asOwn(ran.finished()));
    expect(kinds(state)).toEqual(['createRun']);
    const reported = aState(next).runs(asOwn(ran.finished()), aRun(next).finished('Failed'));
    expect(statusOf(reported)).toMatchObject({
      phase: 'Failed',
      lastRuns: [{ name: 'mytask-v1' }, { name: 'mytask-v7' }],
    });
  });

  test('runs what an older one of them ran: the last deployment was another', () => {
    const older = aRun(earlier.revision('app-worker-v6')).spec({ trigger: { ...trigger, generation: 6 } });
    const newer = ran.spec({ trigger: { ...trigger, revisionHash: 'other' } });
    expect(kinds(aState(restored).runs(asOwn(older.finished()), asOwn(newer.finished())))).toEqual(['createRun']);
  });

  test('speaks of the newest of them, and not of what a person once ran', () => {
    const byHand = aRun(earlier, 'by-hand').spec({
      taskRef: { name: 'app-worker-mytask' },
      trigger: { type: 'Manual' },
    });
    const [state] = [aState(restored).runs(asOwn(byHand.finished()), aRun(restored).finished())];
    expect(statusOf(state).lastRuns?.map(({ name }) => name)).toEqual(['mytask-v1', 'by-hand']);
  });
});

describe('a Task that came back with its status', () => {
  const status: TaskStatus = {
    observedGeneration: 7,
    observedTrigger: {
      appRevision: 'app-worker-v7',
      generation: 7,
      revisionHash: 'c2a9b2aca82010ba',
      run: 'mytask-v7',
    },
    phase: 'Succeeded',
  };
  const restored = aTask().meta({ uid: 'new-uid' }).status(status);
  test('does not run what it says that ran', () => expect(kinds(aState(restored))[0]).toBe('writeTaskStatus'));
  test.each([1, 2])('runs another revision, though its generation is only %d', (generation) =>
    expect(kinds(aState(restored.revision('app-worker-v2', generation).meta(hash('other'))))).toContain('createRun'),
  );
});

describe('a Task of an Application that was restored, whose revisions count from 1 again', () => {
  const restored = aTask().meta({ uid: 'new-uid' });
  test('does not run what ran under another name', () =>
    expect(kinds(withMark(restored))).toEqual(['writeTaskStatus', 'event']));
  test('runs where no hash tells that it is the same', () => {
    const { revisionHash: _hash, ...nameless } = mark;
    expect(kinds(aState(restored).memory({ before: { mark: nameless } }))).toEqual(['createRun']);
  });
});

describe('the Application is asked what ran', () => {
  const asks = (state: ReturnType<typeof aState>) => askedBefore(state.build()) !== undefined;
  test('for a Task that came without status and runs', () => expect(asks(aState(back))).toBe(true));
  test('once', () => expect(asks(aState(back).memory({ before: {} }))).toBe(false));
  test('also where a person was faster with a run', () =>
    expect(asks(aState(back).runs(aRun(back).spec({ trigger: { type: 'Manual' } })))).toBe(true));
  test('not for a Task that has run', () => expect(asks(aState(back).runs(aRun(back)))).toBe(false));
  test('not for one that runs when asked', () => expect(asks(aState(back.policy({ trigger: 'Manual' })))).toBe(false));
  test('not for one that is being deleted', () =>
    expect(asks(aState(back.meta({ deletionTimestamp: after(1).toISOString() })))).toBe(false));
  test('not for one without an Application', () => expect(asks(aState(back.withoutApplication()))).toBe(false));
});

describe('the Application is marked', () => {
  const marks = (...runs: readonly ReturnType<typeof aRun>[]) => {
    const state = aState().runs(...runs);
    const told = aState(aTask().status(statusOf(state))).runs(...runs);
    return decide(told.memory({ marked: 'old', nudged: 'old' }).build(), after(40)).filter(
      ({ kind }) => kind === 'mark',
    );
  };
  test('with the run of the last trigger once it has finished', () =>
    expect(marks(aRun().finished('Failed'))).toMatchObject([
      { application: { name: 'app-worker' }, mark: { value: 'app-worker-v1', run: 'mytask-v1', phase: 'Failed' } },
    ]));
  test('with the retry that succeeded', () => {
    const retry = aRun(aTask(), 'again')
      .createdAt(32)
      .spec({ trigger: { type: 'Retry', value: 'mytask-v1' } });
    expect(marks(aRun().finished('Failed'), retry.finished())).toMatchObject([
      { mark: { value: 'app-worker-v1', run: 'again', phase: 'Succeeded' } },
    ]);
  });
  test.each([
    ['goes on', aRun().started()],
    ['was skipped', aRun().status({ phase: 'Skipped' })],
  ])('not where the run %s', (_what, run) => expect(markOf(classify(aState().runs(run).build()))).toBeUndefined());
});
