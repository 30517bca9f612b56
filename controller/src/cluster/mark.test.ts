import { describe, expect, test } from 'vitest';
import type { Mark } from '../domain/model/trigger.ts';
import { markAnnotations, markKey, readMark } from './mark.ts';
import type { ApplicationObject } from './workflow-step.ts';

const task = { namespace: 'shop', name: 'shop-migrate' };
const mark: Mark = {
  value: 'shop-v3',
  revisionHash: 'aaaa',
  snapshotHash: 'bbbb',
  run: 'migrate-v3',
  phase: 'Succeeded',
};
const application = (changes: object = {}): ApplicationObject => ({
  apiVersion: 'core.oam.dev/v1beta1',
  kind: 'Application',
  metadata: { name: 'shop', namespace: 'shop', uid: 'app-uid', generation: 3, ...changes },
});
const annotations = { [markKey(task)]: JSON.stringify({ ...mark, uid: 'app-uid', generation: 3 }) };

describe('the mark on an Application', () => {
  test('says what ran', () => {
    expect(markAnnotations(application(), task, mark)).toEqual(annotations);
    expect(readMark(application({ annotations }), task)).toEqual({ mark, isRestored: false, isOld: false });
  });

  test('counts in a restored Application', () =>
    expect(readMark(application({ annotations, uid: 'restored', generation: 1 }), task)).toEqual({
      mark,
      isRestored: true,
      isOld: false,
    }));

  test('does not count once somebody changed the Application: who took a component out and put it in again wants a run', () =>
    expect(readMark(application({ annotations, generation: 5 }), task)).toEqual({ isRestored: false, isOld: true }));

  test('is not of another Task, for instance of a copy of the Application under another name', () => {
    for (const other of [
      { ...task, name: 'copy-migrate' },
      { ...task, namespace: 'copy' },
    ])
      expect(readMark(application({ annotations }), other).mark).toBeUndefined();
  });

  test.each([
    ['', undefined],
    ['is not JSON', '{'],
    ['is null', 'null'],
    ['has no run', '{"value":"shop-v3","phase":"Succeeded"}'],
    ['has no trigger', '{"run":"migrate-v3","phase":"Succeeded"}'],
    ['has a run that no TaskRun can be called', '{"value":"shop-v3","run":"a\\nb","phase":"Succeeded"}'],
    ['has a run of endless length', JSON.stringify({ ...mark, run: 'a'.repeat(254) })],
    ['has a phase in which nothing ran', '{"value":"shop-v3","run":"migrate-v3","phase":"Running"}'],
  ])('is not believed where it %s', (_what, value) => {
    const written = value === undefined ? {} : { [markKey(task)]: value };
    expect(readMark(application({ annotations: written }), task)).toEqual({ isRestored: false, isOld: false });
  });

  test('is not written where a hundred other Tasks have theirs, for all that KubeVela applies gets a copy of them', () => {
    const others = (count: number) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, n) =>
          Object.entries(markAnnotations(application(), { ...task, name: `task-${n}` }, mark) ?? {}),
        ).flat(),
      );
    expect(markAnnotations(application({ annotations: others(100) }), task, mark)).toEqual(annotations);
    const full = others(1_000);
    expect(markAnnotations(application({ annotations: full }), task, mark)).toBeUndefined();
  });

  test('does not count what other annotations need', () =>
    expect(markAnnotations(application({ annotations: { note: 'x'.repeat(100_000) } }), task, mark)).toEqual(
      annotations,
    ));

  test('goes once it no longer counts and its Task is no longer applied, as where each release has a component of its own', () => {
    const [stays, applied] = [
      { ...task, name: 'stays' },
      { ...task, name: 'applied' },
    ];
    const old = JSON.stringify({ ...mark, uid: 'app-uid', generation: 2 });
    const before = {
      [markKey({ ...task, name: 'migrate-v1' })]: old,
      [markKey({ ...task, name: 'broken' })]: '{',
      [markKey(applied)]: old,
      [markKey(stays)]: JSON.stringify({ ...mark, uid: 'app-uid', generation: 3 }),
      note: 'of a person',
    };
    const status = { appliedResources: [{ apiVersion: 'task.oam.dev/v1alpha1', kind: 'Task', ...applied }] };
    expect(markAnnotations({ ...application({ annotations: before }), status }, task, mark)).toEqual({
      ...annotations,
      [markKey({ ...task, name: 'migrate-v1' })]: null,
      [markKey({ ...task, name: 'broken' })]: null,
    });
  });
});
