import { describe, expect, test, vi } from 'vitest';
import { markAnnotations } from '../../cluster/mark.ts';
import type { ApplicationObject } from '../../cluster/workflow-step.ts';
import type { Mark } from '../../domain/model/trigger.ts';
import { ApiError } from '../../kube/api-error.ts';
import { velaLabels } from '../../resources/index.ts';
import { TaskMemory } from '../task-memory.ts';
import type { ApplyContext } from './context.ts';
import { lookBefore, mark } from './mark.ts';

const wanted: Mark = { value: 'shop-v3', revisionHash: 'aaaa', run: 'migrate-v3', phase: 'Succeeded' };
const task = { name: 'shop-migrate', namespace: 'shop', uid: 'task-uid' };
const labels = { [velaLabels.application]: 'shop', [velaLabels.component]: 'migrate' };
const ref = { name: 'shop', namespace: 'shop' };
const action = { kind: 'mark', application: ref, mark: wanted, value: 'value', nudge: 'nudge' } as const;
const bare = (annotations = {}): ApplicationObject => ({
  apiVersion: 'core.oam.dev/v1beta1',
  kind: 'Application',
  metadata: { ...ref, uid: 'app-uid', generation: 3, annotations },
});
const annotation = markAnnotations(bare(), task, wanted);
const applying = (application: ApplicationObject): ApplicationObject => ({
  ...application,
  status: {
    appliedResources: [
      { apiVersion: 'task.oam.dev/v1alpha1', kind: 'Task', name: task.name, namespace: task.namespace },
    ],
  },
});
const refused = (status: number, reason: string) =>
  new ApiError(
    { verb: 'get', resource: 'applications.core.oam.dev', kind: 'Application' },
    { status, reason, message: reason },
  );

/** A controller that finds that Application, or that error, and whose clock is set by the test. */
function finding(found: ApplicationObject | ApiError) {
  const clock = { now: 0 };
  const patch = vi.fn(() => Promise.resolve(found));
  const record = vi.fn();
  const memory = new TaskMemory();
  const get = () => (found instanceof ApiError ? Promise.reject(found) : Promise.resolve(found));
  const log = { debug: vi.fn(), warn: vi.fn() };
  const context = {
    client: { get, patch },
    memory,
    recorder: { record },
    log,
    task: { metadata: { ...task, labels }, spec: {} },
    now: () => clock.now,
  };
  return { context: context as unknown as ApplyContext, clock, memory, patch, record };
}

describe('an Application is marked', () => {
  test('with what ran, and nudged, in one call', async () => {
    const { context, patch } = finding(applying(bare()));
    await mark(action, context);
    expect(patch.mock.calls).toEqual([
      [expect.anything(), ref, { metadata: { annotations: { 'task.oam.dev/nudge': 'nudge', ...annotation } } }],
    ]);
  });

  test('that its Tasks keep their names, where this one has that of earlier versions', async () => {
    const name = 'shop-eu-dump';
    const metadata = {
      ...task,
      name,

      labels: { ...labels, [velaLabels.component]: 'eu-dump' },
    };
    const applied = { apiVersion: 'task.oam.dev/v1alpha1', kind: 'Task', name, namespace: task.namespace };
    const { context, patch } = finding({ ...bare(), status: { appliedResources: [applied] } });
    Object.assign(context, { task: { metadata, spec: {} } });
    await mark(action, context);
    const annotations = { 'task.oam.dev/joined-by': '-', 'task.oam.dev/nudge': 'nudge' };
    expect(patch.mock.calls).toEqual([
      [expect.anything(), ref, { metadata: { annotations: expect.objectContaining(annotations) as object } }],
    ]);
  });

  test('once it says that it applied the Task; it is asked for half a minute', async () => {
    const { context, clock, memory, patch } = finding(bare());
    for (clock.now = 1_000; clock.now < 31_000; clock.now += 2_000) {
      await mark(action, context);
      expect([memory.marked, memory.markAt]).toEqual([undefined, clock.now + 2_000]);
    }
    await mark(action, context);
    expect([memory.marked, memory.markAt]).toEqual(['value', undefined]);
    expect(patch).not.toHaveBeenCalled();
  });

  test('not in a managed cluster, where it is not', async () => {
    for (const error of [refused(404, 'NotFound'), refused(403, 'Forbidden')])
      await expect(mark(action, finding(error).context)).resolves.toBe('done');
  });
});

describe('an Application that cannot be marked at the moment', () => {
  test('is marked later: it is not remembered as marked', async () => {
    const { context, memory } = finding(refused(500, 'InternalError'));
    await expect(mark(action, context)).rejects.toThrow('InternalError');
    expect([memory.marked, memory.nudged]).toEqual([undefined, undefined]);
  });

  test('because there is none, is not asked again', async () => {
    const { context, memory } = finding(refused(404, 'NotFound'));
    await mark(action, context);
    expect([memory.marked, memory.nudged]).toEqual(['value', 'nudge']);
  });
});

describe('a Task that was created again', () => {
  test('learns what ran from an Application that applied it', async () => {
    const { context, memory } = finding(applying(bare(annotation)));
    expect(await lookBefore(ref, context)).toBeUndefined();
    expect(memory.before).toEqual({ mark: wanted, isRestored: false, anySession: false });
  });

  test('runs at once where the Application has no mark, or is not there', async () => {
    for (const [found, unmarked] of [
      [bare(), 'noMark'],
      [refused(404, 'NotFound'), 'notHere'],
      [refused(403, 'Forbidden'), 'notHere'],
    ] as const) {
      const { context, memory } = finding(found);
      expect(await lookBefore(ref, context)).toBeUndefined();
      expect(memory.before).toEqual({ unmarked });
    }
  });

  test('learns from the archive, where there is no mark, that an earlier Task ran', async () => {
    const archived = { run: 'migrate-v3', at: '2026-03-20T12:00:00Z', snapshotHash: 'aaaa' };
    const { context, memory } = finding(refused(404, 'NotFound'));
    await lookBefore(ref, { ...context, archived: () => Promise.resolve(archived) });
    expect(memory.before).toEqual({ unmarked: 'notHere', archived });
  });

  test('does not wait for an archive that gives no answer', async () => {
    const { context, memory } = finding(bare());
    await lookBefore(ref, { ...context, archived: () => Promise.reject(new Error('down')) });
    expect(memory.before).toEqual({ unmarked: 'noMark' });
  });

  test('waits half a minute for a restored Application to name it, then may run a second time and says so', async () => {
    const { context, clock, memory, record } = finding(bare(annotation));
    for (clock.now = 1_000; clock.now < 31_000; clock.now += 2_000)
      expect(await lookBefore(ref, context)).toBe(clock.now + 2_000);
    expect(memory.before).toBeUndefined();
    expect(await lookBefore(ref, context)).toBeUndefined();
    expect(memory.before).toEqual({ unmarked: 'notNamed' });
    expect(record.mock.calls[0]?.[2]).toMatchObject({ type: 'Warning', reason: 'MayRunAgain' });
  });

  test('does not run while the API server cannot be asked', async () => {
    const { context, memory } = finding(refused(500, 'InternalError'));
    await expect(lookBefore(ref, context)).rejects.toThrow('InternalError');
    expect(memory.before).toBeUndefined();
  });
});
