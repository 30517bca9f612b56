import { describe, expect, test } from 'vitest';
import { carryOut, quietOutside } from '../carry-out.ts';
import { decide } from '../decide.ts';
import { after, aRun, aState, aTask, noon } from '../testing/builders.ts';
import type { Action } from '../model/actions.ts';
import type { TaskRun, TaskRunStatus } from '../../resources/index.ts';
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

/** What no schema lets through, and what the code that reads it does not expect. */
const unreadable = new Proxy(
  {},
  {
    ownKeys: () => {
      throw new TypeError('unreadable is not iterable');
    },
  },
);

describe('where no Job can be made of what one run says', () => {
  const task = aTask().policy({ trigger: 'Manual' });
  const { template } = task.build().spec;
  const run = (name: string, snapshot: object) => {
    const { spec, ...rest } = aRun(task, name).build();
    return { ...rest, spec: { ...spec, snapshot: { hash: 'h', ...snapshot } } };
  };
  const now = after(2);
  const outside = { now: now.getTime(), newUid: (_kind: string, name: string) => `${name}-uid`, ...quietOutside };
  const settled = (...runs: TaskRun[]) => {
    let state = withCluster(aState(task).build(), { runs });
    for (let pass = 0; pass < 20; pass += 1) {
      const actions = decide(state, now).filter(({ kind }) => kind !== 'wakeAt');
      if (actions.length === 0) break;
      state = actions.reduce((before, action) => carryOut(before, action, outside), state);
    }
    return state;
  };
  const message = (whose: string) =>
    `no Job can be made of what ${whose} says (unreadable is not iterable); correct the Application, and deploy it again`;

  test('that run fails, and says why; another one starts, and the status of the Task is written', () => {
    const end = settled(run('bad', { template: { spec: unreadable } }), run('good', { template }));
    const [bad, good] = end.cluster.runs;
    expect(bad?.status).toMatchObject({ phase: 'Failed', reason: 'Invalid', message: message('bad') });
    expect([good?.status?.phase, end.cluster.jobs.map(({ metadata }) => metadata.name)]).toEqual(['Pending', ['good']]);
    expect(end.task.status).toMatchObject({ observedGeneration: 1, totals: { active: 1, failed: 1 } });
  });

  test('a step of a flow fails, and those that do not depend on it start', () => {
    const steps = [
      { name: 'bad', template: { spec: null } },
      { name: 'good', template },
      { name: 'later', template, dependsOn: ['bad'] },
    ];
    const { cluster } = settled(run('flow', { steps }));
    expect(cluster.runs[0]?.status?.jobs).toMatchObject([
      {
        step: 'bad',
        phase: 'Failed',
        reason: 'Invalid',
        message: expect.stringMatching(/^no Job can be made of what step bad says/) as string,
      },
      { step: 'good', phase: 'Pending' },
      { step: 'later', phase: 'Skipped', reason: 'DependencyFailed' },
    ]);
    expect(cluster.jobs.map(({ step }) => step)).toEqual(['good']);
  });
});
