import { describe, expect, test } from 'vitest';
import { jobManifest, runManifest } from './manifests.ts';
import { snapshotOf } from './snapshot.ts';
import { aRun, aTask } from './testing/builders.ts';
import { mustBeValid } from './testing/crd-schema.ts';

const velaLabels = { 'app.oam.dev/name': 'app-worker', 'app.oam.dev/component': 'mytask' };
const manifestOf = (task: ReturnType<typeof aTask>) => runManifest({ version: task.build(), snapshot: snapshotOf(task.build()) }, 'mytask-v1');

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
        ownerReferences: [{ apiVersion: 'task.oam.dev/v1alpha1', kind: 'Task', name: 'app-worker-mytask', uid: 'task-uid', controller: true, blockOwnerDeletion: true }],
      },
      spec: {
        taskRef: { name: 'app-worker-mytask', uid: 'task-uid' },
        trigger: { type: 'Revision', value: 'app-worker-v1', generation: 1, revisionHash: 'c2a9b2aca82010ba' },
        snapshot: snapshotOf(aTask().build()),
      },
    });
    mustBeValid.taskRunSpec(run.spec);
  });
  test('names the Job that it shares where unique is false', () => expect(manifestOf(aTask().policy({ unique: false })).spec.jobName).toBe('mytask'));
  test('of a Task whose name has 253 characters has a label that fits', () => {
    const { labels, ownerReferences } = manifestOf(aTask().named('t'.repeat(253))).metadata;
    expect(labels['task.oam.dev/task']).toMatch(/^t{57}-[0-9a-f]{5}$/);
    expect(ownerReferences[0]?.name).toBe('t'.repeat(253));
  });
  test('of the longest trigger is valid', () => {
    const trigger = { appRevision: 'a'.repeat(253), publishVersion: 'p'.repeat(253), id: '' };
    mustBeValid.taskRunSpec(manifestOf(aTask().component('c'.repeat(253)).trigger(trigger).policy({ unique: false })).spec);
  });
  test('of a Task without an Application has no labels of one', () => {
    expect(manifestOf(aTask().withoutApplication()).metadata.labels).toEqual({ 'task.oam.dev/task': 'app-worker-mytask' });
  });
});

describe('the Job of a run', () => {
  const ours = { ...velaLabels, 'task.oam.dev/task': 'app-worker-mytask', 'task.oam.dev/run': 'mytask-v1' };

  test('is the snapshot with our labels, owned by the run', () => {
    const task = aTask().job({ parallelism: 3, backoffLimit: 0 });
    expect(jobManifest(aRun(task).build(), 'mytask-v1')).toEqual({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name: 'mytask-v1',
        namespace: 'default',
        labels: ours,
        ownerReferences: [{ apiVersion: 'task.oam.dev/v1alpha1', kind: 'TaskRun', name: 'mytask-v1', uid: 'mytask-v1-uid', controller: true, blockOwnerDeletion: true }],
      },
      spec: {
        parallelism: 3,
        backoffLimit: 0,
        template: { metadata: { labels: ours }, spec: task.build().spec.template['spec'] },
      },
    });
  });
  const specOf = (snapshot: { template: Record<string, unknown>; job?: Record<string, unknown> }) =>
    jobManifest(aRun().spec({ snapshot: { ...snapshot, hash: 'x' } }).build(), 'mytask-v1').spec;

  test('keeps the labels and annotations of the pods, but not a label that is ours', () => {
    const metadata = { labels: { app: 'x', 'task.oam.dev/run': 'mine' }, annotations: { note: 'y' } };
    expect(specOf({ template: { metadata, spec: { restartPolicy: 'OnFailure' } } })).toEqual({
      template: { metadata: { labels: { app: 'x', ...ours }, annotations: { note: 'y' } }, spec: { restartPolicy: 'OnFailure' } },
    });
  });
  test('never restarts where the template does not say', () => {
    expect(specOf({ template: {} })).toEqual({ template: { metadata: { labels: ours }, spec: { restartPolicy: 'Never' } } });
  });
  test('has no TTL of its own, for Kubernetes would not wait for the record', () => {
    expect(specOf({ template: {}, job: { ttlSecondsAfterFinished: 0, completions: 2 } })).toEqual({
      completions: 2,
      template: { metadata: { labels: ours }, spec: { restartPolicy: 'Never' } },
    });
  });
});
