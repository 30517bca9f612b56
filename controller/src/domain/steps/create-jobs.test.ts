import { expect, test } from 'vitest';
import { decide } from '../decide.ts';
import { aRun, aState, aTask, noon } from '../testing/builders.ts';
import type { Action } from '../model/actions.ts';
import type { TaskRunStatus } from '../../resources/index.ts';
import { withCluster } from '../model/state.ts';

const jobsIn = (actions: readonly Action[]) => actions.flatMap((one) => (one.kind === 'createJob' ? [one.step] : []));

test('whoever makes a thousand items of a large template does not hold up the Tasks of others', () => {
  const items = Array.from({ length: 1_000 }, (_, n) => ({ name: `i${n}`, a: 'x' }));
  const args = ['$(item.a)'.repeat(100_000)];
  const template = { spec: { containers: [{ name: 'mytask', image: 'busybox', args }], restartPolicy: 'Never' } };
  const task = aTask().spec({ template, items });
  const run = aRun(task, 'mytask-v1').build();
  const first = decide(withCluster(aState(task).build(), { runs: [run] }), noon);
  expect(jobsIn(first)).toEqual(['i0', 'i1', 'i2', 'i3', 'i4']);
  expect(first.at(-1)).toEqual({ kind: 'wakeAt', at: noon.getTime() });
});

test('a flow of a thousand ordinary steps gets all its Jobs in one decision', () => {
  const items = Array.from({ length: 1_000 }, (_, n) => ({ name: `i${n}`, a: 'x' }));
  const args = ['-c', 'import "$(item.a)"'.padEnd(1_000)];
  const template = { spec: { containers: [{ name: 'mytask', image: 'busybox', args }], restartPolicy: 'Never' } };
  const task = aTask().spec({ template, items });
  const run = aRun(task, 'mytask-v1').build();
  expect(jobsIn(decide(withCluster(aState(task).build(), { runs: [run] }), noon))).toHaveLength(1_000);
});

test('a run that takes more from TaskTemplates than fits into memory fails, and says why', () => {
  const steps = Array.from({ length: 100 }, (_, n) => ({ name: `s${n}`, templateRef: { name: 'large' } }));
  const args = ['x'.repeat(50_000)];
  const large = { template: { spec: { containers: [{ name: 'mytask', image: 'busybox', args }] } } };
  const task = aTask().spec({ template: undefined, steps } as never);
  const bare = aRun(task, 'mytask-v1').build();
  const run = { ...bare, spec: { ...bare.spec, templates: { large } } };
  const state = aState(task).build();
  const [write] = decide(withCluster(state, { runs: [run] }), noon);
  const { status } = write as { readonly status?: TaskRunStatus };
  expect(status).toMatchObject({ phase: 'Failed', reason: 'InvalidParameters' });
  expect(status?.message).toBe(
    'what the run takes from TaskTemplates comes to 4.8 MiB, and may come to 4 MiB, each use counted: use smaller templates or fewer steps',
  );
  const ended = { ...run, status: status ?? {} };
  expect(decide(withCluster(state, { runs: [ended] }), noon).map(({ kind }) => kind)).not.toContain('createJob');
});
