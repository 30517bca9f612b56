import { describe, expect, test } from 'vitest';
import { adoptRuns, isOrphan, withoutTask } from './adopt-runs.ts';
import { classify } from '../view/classify.ts';
import { snapshotOf } from '../manifest/snapshot.ts';
import { after, aRun, aState, aTask } from '../testing/builders.ts';
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

describe('without its Task', () => {
  const told = {
    phase: 'Pending',
    reason: 'TaskNotFound',
    message: 'there is no Task app-worker-mytask in namespace default; apply it, or delete this TaskRun',
  } as const;
  test('it is told so', () => {
    mustBeValid.taskRunStatus(told);
    expect(withoutTask([byHand()])).toEqual([
      { kind: 'writeRunStatus', name: 'by-hand', uid: 'by-hand-uid', status: told },
    ]);
  });
  test('once', () => expect(withoutTask([{ ...byHand(), status: told }])).toEqual([]));
});

test.each<[string, Pick<TaskRun, 'metadata'>, boolean]>([
  ['nobody owns', byHand(), true],
  ['a Task owns', aRun().build(), false],
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
