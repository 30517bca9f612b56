import { describe, expect, test } from 'vitest';
import { sharedJobName } from '../policies/unique.ts';
import { aRun, aTask } from '../testing/builders.ts';
import { mustBeValid } from '../testing/crd-schema.ts';
import { jobManifest, jobName } from './job.ts';
import { runManifest, versionTrigger } from './run.ts';
import { snapshotOf } from './snapshot.ts';

const velaLabels = { 'app.oam.dev/name': 'app-worker', 'app.oam.dev/component': 'mytask' };
const manifestOf = (task: ReturnType<typeof aTask>) =>
  runManifest(
    { version: task.build(), snapshot: snapshotOf(task.build()), trigger: versionTrigger(task.build()) },
    { name: 'mytask-v1', jobName: sharedJobName(task.build()) },
  );

describe('the TaskRun of a trigger', () => {
  test('is a record of what asked and what runs, owned by the Task', () => {
    const run = manifestOf(aTask());
    expect(run).toEqual({
      apiVersion: 'task.oam.dev/v1alpha1',
      kind: 'TaskRun',
      metadata: {
        name: 'mytask-v1',
        namespace: 'default',
        labels: { ...velaLabels, 'task.oam.dev/task': 'app-worker-mytask' },
        ownerReferences: [
          {
            apiVersion: 'task.oam.dev/v1alpha1',
            kind: 'Task',
            name: 'app-worker-mytask',
            uid: 'task-uid',
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec: {
        taskRef: { name: 'app-worker-mytask', uid: 'task-uid' },
        trigger: { type: 'Revision', value: 'app-worker-v1', generation: 1, revisionHash: 'c2a9b2aca82010ba' },
        snapshot: snapshotOf(aTask().build()),
      },
    });
    mustBeValid.taskRunSpec(run.spec);
  });
  test('names the Job that it shares where unique is false', () =>
    expect(manifestOf(aTask().policy({ unique: false })).spec.jobName).toBe('mytask'));
  test('of a Task whose name has 253 characters has a label that fits', () => {
    const { labels, ownerReferences } = manifestOf(aTask().named('t'.repeat(253))).metadata;
    expect(labels['task.oam.dev/task']).toMatch(/^t{57}-[0-9a-f]{5}$/);
    expect(ownerReferences[0]?.name).toBe('t'.repeat(253));
  });
  test('of the longest trigger is valid', () => {
    const trigger = { appRevision: 'a'.repeat(253), publishVersion: 'p'.repeat(253), id: '' };
    mustBeValid.taskRunSpec(
      manifestOf(aTask().component('c'.repeat(253)).trigger(trigger).policy({ unique: false })).spec,
    );
  });
  test('of a Task without an Application has no labels of one', () => {
    expect(manifestOf(aTask().withoutApplication()).metadata.labels).toEqual({
      'task.oam.dev/task': 'app-worker-mytask',
    });
  });
});

const first = { name: 'mytask-v1', attempt: 0 };

describe('the Job of a run', () => {
  const ours = { ...velaLabels, 'task.oam.dev/task': 'app-worker-mytask', 'task.oam.dev/run': 'mytask-v1' };

  test('is the snapshot with our labels, owned by the run', () => {
    const task = aTask().job({ parallelism: 3, backoffLimit: 0 });
    expect(jobManifest(aRun(task).build(), first)).toEqual({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name: 'mytask-v1',
        namespace: 'default',
        labels: ours,
        ownerReferences: [
          {
            apiVersion: 'task.oam.dev/v1alpha1',
            kind: 'TaskRun',
            name: 'mytask-v1',
            uid: 'mytask-v1-uid',
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec: {
        parallelism: 3,
        backoffLimit: 0,
        template: { metadata: { labels: ours }, spec: task.build().spec.template?.['spec'] },
      },
    });
  });
  const specOf = (snapshot: { template: Record<string, unknown>; job?: Record<string, unknown> }) =>
    jobManifest(
      aRun()
        .spec({ snapshot: { ...snapshot, hash: 'x' } })
        .build(),
      first,
    ).spec;

  test('keeps the labels and annotations of the pods, but not a label that is ours', () => {
    const metadata = { labels: { app: 'x', 'task.oam.dev/run': 'mine' }, annotations: { note: 'y' } };
    expect(specOf({ template: { metadata, spec: { restartPolicy: 'OnFailure' } } })).toEqual({
      template: {
        metadata: { labels: { app: 'x', ...ours }, annotations: { note: 'y' } },
        spec: { restartPolicy: 'OnFailure' },
      },
    });
  });
  test('has the labels and annotations of its pods itself, under the same rule', () => {
    const metadata = { labels: { app: 'x', 'task.oam.dev/run': 'mine' }, annotations: { note: 'y' } };
    const job = jobManifest(
      aRun()
        .spec({ snapshot: { template: { metadata }, hash: 'x' } })
        .build(),
      first,
    );
    expect(job.metadata).toMatchObject({ labels: { app: 'x', ...ours }, annotations: { note: 'y' } });
  });
  test('never restarts where the template does not say', () => {
    expect(specOf({ template: {} })).toEqual({
      template: { metadata: { labels: ours }, spec: { restartPolicy: 'Never' } },
    });
  });
  test('has no TTL of its own, for Kubernetes would not wait for the record', () => {
    expect(specOf({ template: {}, job: { ttlSecondsAfterFinished: 0, completions: 2 } })).toEqual({
      completions: 2,
      template: { metadata: { labels: ours }, spec: { restartPolicy: 'Never' } },
    });
  });
  test('of a further attempt says so, and has what is left of the time-out', () => {
    const { metadata, spec } = jobManifest(aRun().build(), {
      name: 'mytask-v1-r2',
      attempt: 2,
      activeDeadlineSeconds: 17,
    });
    expect(metadata.labels).toEqual({ ...ours, 'task.oam.dev/attempt': '2' });
    expect(spec['activeDeadlineSeconds']).toBe(17);
  });
  test("of a scheduled run says when it was due, as a CronJob's does", () => {
    const trigger = {
      type: 'Schedule' as const,
      value: '2026-03-20T13:00:00+01:00',
      scheduledTime: '2026-03-20T12:00:00Z',
    };
    const { annotations } = jobManifest(aRun().spec({ trigger }).build(), first).metadata;
    expect(annotations).toEqual({ 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-03-20T13:00:00+01:00' });
  });
});

describe("a Job's name", () => {
  const rows: readonly [run: ReturnType<typeof aRun>, attempt: number, name: string][] = [
    [aRun(), 0, 'mytask-v1'],
    [aRun(), 1, 'mytask-v1-r1'],
    [aRun().sharing('mytask'), 0, 'mytask'],
    [aRun().sharing('mytask'), 3, 'mytask-r3'],
  ];
  for (const [run, attempt, name] of rows) test(`is ${name}`, () => expect(jobName(run.build(), attempt)).toBe(name));
  test('of an Indexed Job leaves room for the largest index, which its pods have in their host names', () => {
    const run = aRun(aTask().spec({ job: { completionMode: 'Indexed', completions: 1000 } }))
      .named('customer-segmentation-nightly-feature-export-eu-1-202511230200')
      .build();
    const names = [0, 1].map((attempt) => jobName(run, attempt));
    expect(names.map((name) => `${name}-999`.length <= 63)).toEqual([true, true]);
    expect(names[0]).toMatch(/^customer-segmentation-nightly-feature-export-eu-1-202-[0-9a-f]{5}$/);
    expect(names[1]).toMatch(/-[0-9a-f]{5}-r1$/);
  });
  test('fits, however long a name a person gave the run', () => {
    expect(jobName(aRun().named('r'.repeat(253)).build(), 12)).toMatch(/^r{53}-[0-9a-f]{5}-r12$/);
  });
});
