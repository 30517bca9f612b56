import { describe, expect, test } from 'vitest';
import { decide } from '../decide.ts';
import { adoptRuns, isOrphan } from './adopt-runs.ts';
import { withoutTask } from './without-task.ts';
import { classify } from '../view/classify.ts';
import { snapshotOf } from '../manifest/snapshot.ts';
import { after, aRun, aState, aTask, noon } from '../testing/builders.ts';
import { mustBeValid } from '../testing/crd-schema.ts';
import type { TaskRun } from '../../resources/index.ts';

/** As `kubectl create` leaves it. */
function byHand(spec: Partial<TaskRun['spec']> = {}): TaskRun {
  const { name, namespace, uid, creationTimestamp } = aRun(aTask(), 'by-hand').build().metadata;
  return {
    metadata: { name, namespace, uid, creationTimestamp },
    spec: { taskRef: { name: 'app-worker-mytask' }, ...spec },
    status: { phase: 'Pending' },
  };
}

function adopted(run: TaskRun, task = aTask()) {
  const [action] = adoptRuns(
    classify(
      aState(task)
        .cluster({ orphans: [run] })
        .build(),
    ),
    noon,
  );
  if (action?.kind !== 'adoptRun') throw new Error('not adopted');
  mustBeValid.taskRunSpec({ ...run.spec, ...action.adoption.spec });
  return action;
}

describe('a TaskRun that somebody made', () => {
  test('becomes a run of the Task as it is now', () => {
    const task = aTask().revision('app-worker-v3');
    const { metadata } = aRun(task).build();
    expect(adopted(byHand(), task)).toEqual({
      kind: 'adoptRun',
      name: 'by-hand',
      uid: 'by-hand-uid',
      adoption: {
        labels: metadata.labels,
        ownerReference: metadata.ownerReferences?.[0],
        spec: { trigger: { type: 'Manual' }, snapshot: snapshotOf(task.build()) },
      },
    });
  });
  test('keeps what it says of its trigger', () => {
    const trigger = { type: 'WorkflowStep', value: 'migrate', step: { name: 'migrate', id: 'session-1' } } as const;
    expect(adopted(byHand({ trigger })).adoption.spec.trigger).toEqual(trigger);
  });
  test('runs with its overrides, under the hash of what the Task says', () => {
    const { snapshot } = adopted(byHand({ overrides: { args: ['--fast'] } })).adoption.spec;
    expect(snapshot).toMatchObject({
      template: { spec: { containers: [{ args: ['--fast'] }] } },
      hash: snapshotOf(aTask().build()).hash,
    });
  });
  test("shares the Job's name where all runs do", () => {
    expect(adopted(byHand(), aTask().policy({ unique: false })).adoption.spec.jobName).toBe('mytask');
  });
});

/** As somebody leaves it who takes its owner off. */
function taken(run: TaskRun, changes: Partial<TaskRun['metadata']> = {}): TaskRun {
  const { ownerReferences: _owners, ...metadata } = run.metadata;
  return { ...run, metadata: { ...metadata, ...changes } };
}
const decided = (run: TaskRun, now = after(30)) =>
  adoptRuns(
    classify(
      aState()
        .cluster({ orphans: [run] })
        .build(),
    ),
    now,
  );

describe('a run whose owner somebody took off', () => {
  const { metadata } = aRun().build();
  test.each([
    ['finished', aRun().status({ phase: 'Succeeded' }).build()],
    ['active', aRun().status({ phase: 'Running' }).build()],
  ])('and that is %s, is given it back, and nothing else is written', (_what, run) =>
    expect(decided(taken(run))).toEqual([
      {
        kind: 'adoptRun',
        name: run.metadata.name,
        uid: run.metadata.uid,
        adoption: { labels: metadata.labels, ownerReference: metadata.ownerReferences?.[0], spec: {} },
      },
    ]),
  );
});

describe('a TaskRun that pretends to be what only the controller makes fails, and says why', () => {
  const foreign = { apiVersion: 'task.oam.dev.evil/v1', kind: 'Task', name: 'app-worker-mytask', uid: 'task-uid' };
  test.each<[string, TaskRun, string]>([
    ['brings a snapshot', taken(aRun().build()), 'only the controller may write spec.snapshot'],
    ['brings the name of a Job', byHand({ jobName: 'other' }), 'only the controller may write spec.jobName'],
    ['brings templates', byHand({ templates: {} }), 'only the controller may write spec.templates'],
    [
      'claims a deployment',
      byHand({ trigger: { type: 'Revision', generation: 9 } }),
      'only the controller creates runs for deployments and schedules (spec.trigger)',
    ],
    [
      'claims a time of the schedule',
      byHand({ trigger: { type: 'Manual', scheduledTime: '2026-03-20T12:00:00Z' } }),
      'only the controller creates runs for deployments and schedules (spec.trigger)',
    ],
    [
      'has the UID of the Task as that of another kind',
      taken(aRun().build(), { ownerReferences: [{ ...foreign, controller: true }] }),
      'its controller is Task app-worker-mytask of task.oam.dev.evil/v1, not Task app-worker-mytask',
    ],
    [
      'is of an earlier Task',
      byHand({ taskRef: { name: 'app-worker-mytask', uid: 'before' } }),
      'it is of an earlier Task app-worker-mytask and came without its status, which says what became of it',
    ],
  ])('%s', (_what, run, problem) => {
    const [write, event] = decided(run);
    const message = `${problem}; delete this TaskRun, and create another one to run the task`;
    if (write?.kind !== 'writeRunStatus') throw new Error(JSON.stringify(write));
    mustBeValid.taskRunStatus(write.status);
    expect(write.status).toMatchObject({ phase: 'Failed', reason: 'NotAdoptable', message });
    expect(event).toMatchObject({ type: 'Warning', reason: 'NotAdoptable' });
    expect(decided({ ...run, status: write.status })).toEqual([]);
  });
});

describe('a run that comes back from a backup', () => {
  const earlier = aTask().revision('app-worker-v3').meta({ uid: 'before' });
  const back = (status: TaskRun['status']): TaskRun => {
    const { status: _status, ...run } = taken(aRun(earlier).build());
    return status ? { ...run, status } : run;
  };
  test.each(['Succeeded', 'Running'] as const)('%s is on record with the Task of its name', (phase) =>
    expect(decided(back({ phase }), noon)).toMatchObject([
      { kind: 'adoptRun', name: 'mytask-v3', adoption: { ownerReference: { uid: 'task-uid' }, spec: {} } },
    ]),
  );
  test('has half a minute for its status, which restore tools write after the object', () => {
    const state = aState()
      .cluster({ orphans: [back({ phase: 'Pending' })] })
      .runs(aRun().finished());
    expect(adoptRuns(classify(state.build()), after(29))).toEqual([]);
    expect(decide(state.build(), after(29)).map(({ kind }) => kind)).not.toContain('writeRunStatus');
    expect(adoptRuns(classify(state.build()), after(30))).toMatchObject([
      { kind: 'writeRunStatus', status: { phase: 'Failed', reason: 'NotAdoptable' } },
      { kind: 'event' },
    ]);
  });
  test('has it, too, where its Task comes later', () => {
    const none = back({ phase: 'Pending' });
    expect(withoutTask([none], () => [], [], after(29))).toEqual([{ kind: 'wakeAt', at: after(30).getTime() }]);
    expect(withoutTask([none], () => [], [], after(30))).toMatchObject([
      { kind: 'writeRunStatus', status: { phase: 'Pending', reason: 'TaskNotFound' } },
    ]);
  });
});

test('a run whose Task was deleted without it is made a run of the next Task of that name', () => {
  const message = 'there is no Task app-worker-mytask in namespace default; apply it, or delete this TaskRun';
  const run = taken(aRun().status({ phase: 'Running', reason: 'TaskNotFound', message }).build());
  expect(decided(run)).toMatchObject([{ kind: 'adoptRun' }]);
});

test.each<[string, Pick<TaskRun, 'metadata'>, boolean]>([
  ['nobody owns', byHand(), true],
  ['a Task owns', aRun().build(), false],
  [
    'something else controls',
    {
      metadata: {
        ...byHand().metadata,
        ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: 'a', controller: true }],
      },
    },
    true,
  ],
  [
    'somebody owns who does not control it',
    {
      metadata: {
        ...byHand().metadata,
        ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: 'a' }],
      },
    },
    true,
  ],
  ['is being deleted', { metadata: { ...byHand().metadata, deletionTimestamp: after(1).toISOString() } }, false],
])('a TaskRun that %s: orphan %s', (_what, run, expected) => expect(isOrphan(run)).toBe(expected));
