/**
 * What `decide` does about flows.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Task, TaskTemplateSpec } from '../resources/index.ts';
import { nameWithHash } from './lang/names.ts';
import type { FlowStep } from './model/flow.ts';
import { FlowWorld, type Outcome } from './testing/flow-world.ts';

const step = (name: string, dependsOn?: string[], more: Partial<FlowStep> = {}): FlowStep => ({
  name,
  template: { spec: { containers: [{ name, image: 'busybox' }] } },
  ...(dependsOn && { dependsOn }),
  ...more,
});
const fiveJobs = [
  step('job1'),
  step('job2'),
  step('job3', ['job1', 'job2']),
  step('job4', ['job3']),
  step('job5', ['job2', 'job4']),
];
const begun = (steps: FlowStep[], spec: Partial<Task['spec']> = {}) => new FlowWorld(steps, spec).reconcile();
/** Ends Jobs, each a second after the one before, and lets the controller act on it. */
const ends = (world: FlowWorld, ...names: string[]) => {
  for (const name of names) world.advance(1).finish(`mytask-v1-${name}`).reconcile();
  return world;
};
const rowOf = ({ run }: FlowWorld, name: string) => run?.status?.jobs?.find((row) => row.step === name) ?? {};

describe('a flow', () => {
  test('starts each step once those that it depends on have succeeded', () => {
    const world = begun(fiveJobs);
    expect(world.active).toEqual(['mytask-v1-job1', 'mytask-v1-job2']);
    ends(world, 'job2');
    expect(world.active).toEqual(['mytask-v1-job1']);
    ends(world, 'job1');
    expect(world.active).toEqual(['mytask-v1-job3']);
    ends(world, 'job3', 'job4');
    expect(world.active).toEqual(['mytask-v1-job5']);
    ends(world, 'job5');
    expect(world.run?.status).toMatchObject({ phase: 'Succeeded', duration: '4s' });
    expect(world.phases).toBe('job1 Succeeded, job2 Succeeded, job3 Succeeded, job4 Succeeded, job5 Succeeded');
    expect(world.task.status?.message).toBe('mytask-v1 Succeeded in 4s · 1 kept');
    expect(world.events.filter((event) => !event.startsWith('mytask-v1: '))).toEqual(['mytask-v1 Succeeded after 4s']);
    expect(world.events).toContain('mytask-v1: job3 Succeeded after 0s');
  });

  test('names its Jobs after run and step, and says in labels which', () => {
    const [first] = begun(fiveJobs).created;
    expect(first?.manifest.metadata).toMatchObject({
      name: 'mytask-v1-job1',
      labels: {
        'task.oam.dev/run': 'mytask-v1',
        'task.oam.dev/step': 'job1',
        'task.oam.dev/task': 'app-worker-mytask',
      },
    });
  });

  test('says in one line how far it is', () => {
    const world = begun(fiveJobs).start('mytask-v1-job1').start('mytask-v1-job2').advance(2).reconcile();
    expect(world.run?.status?.message).toBe('0/5 steps · job1 Running, job2 Running');
    ends(world, 'job1');
    expect(world.task.status).toMatchObject({
      phase: 'Running',
      message: 'mytask-v1 Running: 1/5 steps · job2 Running · 0 kept',
    });
    expect(world.task.status?.steps?.map(({ name, phase }) => `${name} ${phase}`)).toEqual([
      'job1 Succeeded',
      'job2 Running',
      'job3 Pending',
      'job4 Pending',
      'job5 Pending',
    ]);
  });

  test('skips what depends on a failed step, says which, and does the rest', () => {
    const world = begun([
      ...fiveJobs,
      step('tell', undefined, { when: 'OnFailure' }),
      step('clean', undefined, { when: 'Always' }),
      step('boast', ['tell']),
    ]);
    world.advance(1).finish('mytask-v1-job1', 'Failed').reconcile();
    expect(world.phases).toBe(
      'job1 Failed, job2 Pending, job3 Skipped, job4 Skipped, job5 Skipped, tell Pending, clean Pending, boast Pending',
    );
    ends(world, 'job2');
    expect(world.active).toEqual(['mytask-v1-tell', 'mytask-v1-clean']);
    ends(world, 'tell', 'boast', 'clean');
    expect(world.run?.status).toMatchObject({
      phase: 'Failed',
      reason: 'StepFailed',
      message: 'job1 failed: BackoffLimitExceeded; skipped: job3, job4, job5',
    });
  });

  test('of which all steps wait in a queue is Queued, and runs once one of them was admitted', () => {
    const world = begun([step('a'), step('b', [], { queue: { name: 'gpus' } })], { queue: { name: 'q' } })
      .advance(2)
      .reconcile();
    expect(
      world.created.map(({ manifest }) => [
        manifest.spec['suspend'],
        manifest.metadata.labels['kueue.x-k8s.io/queue-name'],
      ]),
    ).toEqual([
      [true, 'q'],
      [true, 'gpus'],
    ]);
    expect(world.run?.status).toMatchObject({
      phase: 'Queued',
      reason: 'Pending',
      message: '0/2 steps · a Queued (1 more): waits in queue q',
    });
    world.admit('mytask-v1-a').advance(1).reconcile();
    expect(world.run?.status).toMatchObject({
      phase: 'Running',
      message: '0/2 steps · a Running · b Queued: waits in queue gpus',
    });
    expect(world.events).toContain('mytask-v1: b Queued: waits in queue gpus');
  });

  test.each<[what: string, spec: Partial<Task['spec']>]>([
    ['items', { items: [{ name: 'eu' }, { name: 'us' }], template: { spec: {} } }],
    ['nodes', { nodes: {}, template: { spec: {} } }],
  ])('of %s has a Job for each in the queue, and holds none of them back for another', (_, spec) => {
    const world = new FlowWorld([], { ...spec, queue: { name: 'q', priorityClass: 'high' } })
      .join('eu')
      .join('us')
      .reconcile()
      .advance(2)
      .reconcile();
    const labels = { 'kueue.x-k8s.io/queue-name': 'q', 'kueue.x-k8s.io/priority-class': 'high' };
    expect(world.created.map(({ step: name }) => name)).toEqual(['eu', 'us']);
    for (const { manifest } of world.created)
      expect(manifest).toMatchObject({ metadata: { labels }, spec: { suspend: true } });
    world.admit('mytask-v1-us').advance(1).reconcile();
    expect(world.phases).toBe('eu Queued, us Running');
  });

  test('goes on though a step was not admitted in time, whose Job goes', () => {
    const world = begun([step('a', [], { queue: { name: 'q' }, queueTimeoutSeconds: 10 }), step('b')])
      .advance(10)
      .reconcile();
    expect([world.phases, [...world.jobs.keys()]]).toEqual(['a Failed, b Pending', ['mytask-v1-b']]);
    ends(world, 'b');
    expect(world.run?.status).toMatchObject({
      phase: 'Failed',
      message: 'a failed: was not admitted within 10s (queueTimeoutSeconds: 10): waits in queue q',
    });
  });

  test('that ends with a step which was not admitted in time leaves no Job of it in the queue', () => {
    const queued = step('b', ['a'], { queue: { name: 'q' }, queueTimeoutSeconds: 10 });
    const world = ends(begun([step('a'), queued]), 'a')
      .advance(2)
      .reconcile();
    expect(world.phases).toBe('a Succeeded, b Queued');
    world.advance(10).reconcile();
    expect([world.run?.status?.phase, world.phases]).toEqual(['Failed', 'a Succeeded, b Failed']);
    expect([...world.jobs.keys()]).toEqual(['mytask-v1-a']);
  });

  test('succeeds without the steps that a failure would have needed', () => {
    const world = ends(
      begun([step('a'), step('tell', undefined, { when: 'OnFailure' }), step('boast', ['tell'])]),
      'a',
    );
    expect([world.run?.status?.phase, world.phases]).toEqual(['Succeeded', 'a Succeeded, tell Skipped, boast Skipped']);
  });

  test('goes on after a step that may fail', () => {
    const world = begun([step('lint', [], { continueOnFailure: true }), step('build', ['lint'])]);
    world.advance(1).finish('mytask-v1-lint', 'Failed').reconcile();
    ends(world, 'build');
    expect([world.run?.status?.phase, world.phases]).toEqual(['Succeeded', 'lint Failed, build Succeeded']);
  });

  test('runs no more steps at once than maxParallel, in their order', () => {
    const world = begun([step('a'), step('b'), step('c')], { maxParallel: 2 });
    expect(world.active).toEqual(['mytask-v1-a', 'mytask-v1-b']);
    ends(world, 'b');
    expect(world.active).toEqual(['mytask-v1-a', 'mytask-v1-c']);
  });

  test('tries a step again as its retry says, or the one of all', () => {
    const world = begun([step('a'), step('b', [], { retry: { limit: 0 } })], { retry: { limit: 1, delaySeconds: 10 } });
    world.advance(1).finish('mytask-v1-a', 'Failed').finish('mytask-v1-b', 'Failed').reconcile();
    expect([world.active, world.phases]).toEqual([[], 'a Pending, b Failed']);
    expect(world.run?.status?.jobs?.[0]).toMatchObject({
      reason: 'RetryBackoff',
      message: 'attempt 1 of 2 failed: BackoffLimitExceeded; the next one starts at 12:00:11 UTC',
    });
    world.advance(9).reconcile();
    expect(world.active).toEqual([]);
    world.advance(1).reconcile();
    expect(world.active).toEqual(['mytask-v1-a-r1']);
    world.finish('mytask-v1-a-r1').reconcile();
    expect(world.run?.status).toMatchObject({ phase: 'Failed', message: 'b failed: BackoffLimitExceeded' });
  });

  test.each([Infinity, 0])(
    'tries a step again though a quota refused its next attempt, and who saw it dies after %s',
    (diesAfter) => {
      const world = begun([step('a')], { retry: { limit: 1, delaySeconds: 10 } }).start('mytask-v1-a');
      world.advance(2).reconcile().advance(1).finish('mytask-v1-a', 'Failed').reconcile();
      world.isFull = true;
      world.advance(10).reconcile().advance(2).reconcile();
      expect(rowOf(world, 'a')).toMatchObject({
        phase: 'Pending',
        reason: 'QuotaExceeded',
        completionTime: '2026-03-20T12:00:03.000Z',
      });
      world.isFull = false;
      world.reconcile(diesAfter).advance(2).reconcile();
      expect(world.active).toEqual(['mytask-v1-a-r1']);
      expect(rowOf(world, 'a')).toMatchObject({ phase: 'Pending', attempt: 1 });
      expect(rowOf(world, 'a')).not.toHaveProperty('completionTime');
    },
  );

  test('tries a step again whose failed Job somebody deleted, and says the same of it meanwhile', () => {
    const world = begun([step('a')], { retry: { limit: 1, delaySeconds: 10 } }).start('mytask-v1-a');
    world.advance(2).finish('mytask-v1-a', 'Failed').reconcile();
    const { message } = rowOf(world, 'a');
    world.remove('mytask-v1-a', false).reconcile(0).reconcile();
    expect(rowOf(world, 'a')).toMatchObject({ reason: 'RetryBackoff', message });
    world.advance(10).reconcile();
    expect(world.active).toEqual(['mytask-v1-a-r1']);
  });

  test('whose attempts and steps would have Jobs of one name has a Job for each', () => {
    const steps = [step('a', [], { retry: { limit: 1, delaySeconds: 1 } }), step('a-r1', ['b']), step('b')];
    const world = begun(steps).advance(2).finish('mytask-v1-a', 'Failed').finish('mytask-v1-b').reconcile();
    world.advance(1).reconcile();
    const jobs = world.created.map((job) => `${job.manifest.metadata.name} of ${job.step}, attempt ${job.attempt}`);
    expect(jobs.slice(2)).toEqual([
      'mytask-v1-a-r1 of a-r1, attempt 0',
      `${nameWithHash('mytask-v1-a-r1', world.run?.metadata.uid ?? '')} of a, attempt 1`,
    ]);
    for (const name of world.active) world.finish(name);
    expect(world.reconcile().run?.status?.phase).toBe('Succeeded');
  });

  test('hands outputs on to later steps and to the run', () => {
    const outputs = [{ name: 'image' }];
    const world = begun(
      [
        step('build', [], { outputs }),
        step('deploy', ['build'], {
          template: { spec: { containers: [{ name: 'deploy', args: ['$(steps.build.outputs.image)'] }] } },
        }),
      ],
      { outputs: [{ name: 'image', valueFrom: 'steps.build.outputs.image' }] },
    );
    world.advance(1).finish('mytask-v1-build', 'Succeeded', '{"image": "shop:1"}').reconcile();
    expect(world.created.at(-1)?.manifest.spec).toMatchObject({
      template: { spec: { containers: [{ args: ['shop:1'] }] } },
    });
    ends(world, 'deploy');
    expect(world.run?.status).toMatchObject({ phase: 'Succeeded', outputs: { image: 'shop:1' } });
  });

  test('has its steps start with what is left of timeoutSeconds, and none after it', () => {
    const world = begun([step('a'), step('b', ['a']), step('c', ['b'])], { timeoutSeconds: 60 });
    expect(world.created[0]?.manifest.spec).toMatchObject({ activeDeadlineSeconds: 60 });
    world.start('mytask-v1-a').advance(20).finish('mytask-v1-a').reconcile();
    expect(world.created[1]?.manifest.spec).toMatchObject({ activeDeadlineSeconds: 40 });
    world.advance(41).finish('mytask-v1-b').reconcile();
    expect([world.active, world.run?.status?.phase]).toEqual([[], 'Failed']);
    expect(world.run?.status).toMatchObject({
      reason: 'DeadlineExceeded',
      message: "c did not start: the run's time was up (timeoutSeconds: 60)",
    });
  });

  test.each<[what: string, steps: FlowStep[], spec: Partial<Task['spec']>, job: string]>([
    ['items', [], { items: [{ name: 'eu' }], template: { spec: {} } }, 'eu'],
    ['steps', [step('eu')], {}, 'eu'],
  ])('of %s has attempts only within timeoutSeconds', (_, steps, spec, job) => {
    const retry = { limit: 10, delaySeconds: 25, backoff: 'Constant' as const };
    const world = begun(steps, { ...spec, timeoutSeconds: 60, retry })
      .start(`mytask-v1-${job}`)
      .advance(2)
      .reconcile();
    world.advance(3).finish(`mytask-v1-${job}`, 'Failed').reconcile().advance(25).reconcile();
    expect(world.created.at(-1)?.manifest).toMatchObject({
      metadata: { name: `mytask-v1-${job}-r1` },
      spec: { activeDeadlineSeconds: 30 },
    });
    world.advance(5).finish(`mytask-v1-${job}-r1`, 'Failed').reconcile();
    expect(world.run?.status).toMatchObject({ phase: 'Failed', message: `${job} failed: BackoffLimitExceeded` });
    world.advance(3_600).reconcile();
    expect(world.created).toHaveLength(2);
  });

  test('has an attempt of a step once the queue of another lets its time go on', () => {
    const world = begun([step('a'), step('b', [], { queue: { name: 'q' } })], {
      timeoutSeconds: 60,
      retry: { limit: 3, delaySeconds: 600, backoff: 'Constant' },
    }).start('mytask-v1-a');
    world.advance(2).reconcile().advance(8).finish('mytask-v1-a', 'Failed').reconcile();
    expect([world.phases, world.wakeAt]).toEqual(['a Pending, b Queued', world.now + 600_000]);
    world.advance(600).reconcile();
    expect(world.created.at(-1)?.manifest).toMatchObject({
      metadata: { name: 'mytask-v1-a-r1' },
      spec: { activeDeadlineSeconds: 50 },
    });
  });

  test('starts no step that had to wait for another until the time was up', () => {
    const world = begun([step('a'), step('b'), step('c')], { timeoutSeconds: 60, maxParallel: 2 });
    world.start('mytask-v1-a').start('mytask-v1-b').advance(2).reconcile();
    world.advance(58).finish('mytask-v1-a', 'Failed').reconcile();
    expect([world.created.length, world.phases]).toEqual([2, 'a Failed, b Running, c Skipped']);
  });

  test('is not late for what its steps wait in queues while none of them runs', () => {
    const world = begun([step('a'), step('b', ['a'], { queue: { name: 'q' } }), step('c', ['b'])], {
      timeoutSeconds: 60,
    })
      .start('mytask-v1-a')
      .reconcile();
    world.advance(10).finish('mytask-v1-a').reconcile();
    expect(world.advance(2).reconcile().phases).toBe('a Succeeded, b Queued, c Pending');
    world.advance(3_600).reconcile();
    expect(world.wakeAt).toBeGreaterThan(world.now + 60_000);
    world.admit('mytask-v1-b').advance(1).reconcile();
    world.advance(29).finish('mytask-v1-b').reconcile();
    expect(world.phases).toBe('a Succeeded, b Succeeded, c Pending');
    expect(world.created.map(({ step: name, manifest }) => [name, manifest.spec['activeDeadlineSeconds']])).toEqual([
      ['a', 60],
      ['b', 50],
      ['c', 20],
    ]);
  });

  test('that is cancelled ends with all its steps', () => {
    const world = ends(begun(fiveJobs), 'job1').cancel().reconcile();
    expect(world.run?.status).toMatchObject({ phase: 'Cancelled', reason: 'Cancelled' });
    expect([world.phases, [...world.jobs.keys()]]).toEqual([
      'job1 Succeeded, job2 Cancelled, job3 Cancelled, job4 Cancelled, job5 Cancelled',
      [],
    ]);
  });

  test('takes a Job that somebody deleted for a failed step', () => {
    const world = begun([step('a'), step('b', ['a'])])
      .start('mytask-v1-a')
      .advance(2)
      .reconcile();
    world.remove('mytask-v1-a', false).reconcile(0).reconcile();
    expect(world.run?.status).toMatchObject({
      phase: 'Failed',
      message: expect.stringMatching(
        /^a failed: Job mytask-v1-a was deleted before it finished.*; skipped: b$/,
      ) as string,
    });
  });

  test.each<[string, FlowStep[], RegExp, Partial<Task['spec']>?]>([
    ['in a circle', [step('a', ['b']), step('b', ['a'])], /^steps depend on each other in a circle \(a -> b -> a\)/],
    ['with a step that is not there', [step('a', ['b'])], /^step a depends on b, which does not exist/],
    [
      'with an output from nowhere',
      [step('a')],
      /^output image says nothing of where it comes from: give it a valueFrom, such as steps.a.outputs.image$/,
      { outputs: [{ name: 'image' }] },
    ],
  ])('%s never starts and says why', (_what, steps, message, spec = {}) => {
    const world = begun(steps, spec);
    expect(world.created).toEqual([]);
    expect(world.run?.status).toMatchObject({
      phase: 'Failed',
      reason: 'InvalidFlow',
      message: expect.stringMatching(message) as string,
    });
  });

  test('of a thousand steps is decided on in milliseconds, and fits its limits', () => {
    const world = begun(
      Array.from({ length: 1_000 }, (_, index) => step(`step-${index}`, index < 10 ? [] : [`step-${index - 10}`])),
      { maxParallel: 10 },
    );
    for (const name of world.active) world.advance(1).finish(name);
    world.reconcile();
    expect(world.active).toHaveLength(10);
    expect(JSON.stringify(world.run?.status).length).toBeLessThan(256 * 1024);
  });
});

describe('items', () => {
  const template = { spec: { containers: [{ name: 'main', image: 'busybox', args: ['$(item.os)'] }] } };
  test('have a Job each, of one template, no more at once than maxParallel, and their outputs are collected', () => {
    const outputs = [
      { name: 'size', type: 'integer' as const },
      { name: 'sizes', type: 'array' as const, valueFrom: 'items.outputs.size' },
    ];
    const world = begun([], {
      template,
      items: [{ os: 'linux', name: 'linux' }, { os: 'mac' }, { os: 'bsd' }],
      maxParallel: 2,
      outputs,
    });
    expect(world.active).toEqual(['mytask-v1-linux', 'mytask-v1-item-1']);
    expect(world.created.map(({ manifest }) => manifest.spec)).toMatchObject([
      { template: { spec: { containers: [{ args: ['linux'] }] } } },
      { template: { spec: { containers: [{ args: ['mac'] }] } } },
    ]);
    world.advance(1).finish('mytask-v1-item-1', 'Succeeded', '{"size": 2}').reconcile();
    expect(world.run?.status?.message).toBe('1/3 items');
    world
      .finish('mytask-v1-linux', 'Succeeded', '{"size": 1}')
      .finish('mytask-v1-item-2', 'Succeeded', '{"size": 3}')
      .reconcile();
    expect(world.run?.status).toMatchObject({ phase: 'Succeeded', outputs: { sizes: [1, 2, 3] } });
  });
  test('whose value stands where none is filled in fail the run before it has a Job', () => {
    const wrong = { spec: { ...template.spec, nodeSelector: { os: '$(item.os)' } } };
    const world = new FlowWorld([], { template: wrong, items: [{ os: 'linux' }] }).reconcile();
    expect([world.created, world.run?.status]).toMatchObject([
      [],
      {
        phase: 'Failed',
        reason: 'InvalidFlow',
        message: expect.stringMatching(/^spec\.nodeSelector\.os says \$\(item\.os\), and /) as string,
      },
    ]);
  });
  test('fail the run where one fails, and the others go on', () => {
    const world = begun([], { template, items: [{ os: 'linux' }, { os: 'mac' }] });
    world.advance(1).finish('mytask-v1-item-0', 'Failed').reconcile();
    expect([world.run?.status?.phase, world.active]).toEqual(['Running', ['mytask-v1-item-1']]);
    ends(world, 'item-1');
    expect(world.run?.status).toMatchObject({
      phase: 'Failed',
      reason: 'StepFailed',
      message: 'item-0 failed: BackoffLimitExceeded',
    });
  });
  test('in great number are reported now and then, however fast they end', () => {
    const world = begun([], {
      template: { spec: { containers: [{ name: 'main' }] } },
      items: Array.from({ length: 100 }, (_, index) => ({ name: `i${index}` })),
    })
      .advance(2)
      .reconcile();
    const before = world.runStatusWrites;
    for (const name of world.active.slice(0, 50)) world.advance(0.02).finish(name).reconcile();
    expect(world.runStatusWrites - before).toBeLessThanOrEqual(11);
    expect(Number(/(\d+)\/100 items/.exec(world.task.status?.message ?? '')?.[1])).toBeGreaterThan(40);
  });
  test('that lack a value never start and say so', () => {
    const world = begun([], { template, items: [{ arch: 'arm' }] });
    expect([world.created, world.run?.status?.message]).toEqual([
      [],
      'item item-0 has no value os, which $(item.os) asks for: it has arch',
    ]);
  });
});

describe('nodes', () => {
  const template = { spec: { nodeSelector: { disk: 'ssd' }, containers: [{ name: 'main', image: 'busybox' }] } };
  const ssd = { labels: { disk: 'ssd' } };
  const of = (spec: Partial<Task['spec']>, ...names: string[]) => {
    const world = new FlowWorld([], { template, nodes: {}, ...spec });
    for (const name of names) world.join(name, ssd);
    return world.reconcile();
  };

  test('that fit have a Job each, there and nowhere else, with what a DaemonSet tolerates', () => {
    const world = new FlowWorld([], { template, nodes: { excludedNames: ['c'], excludedSelector: { role: 'db' } } });
    world
      .join('b', ssd)
      .join('a', ssd)
      .join('c', ssd)
      .join('d')
      .join('e', { labels: { disk: 'ssd', role: 'db' } })
      .join('f', { ...ssd, taints: [{ key: 'gpu', effect: 'NoSchedule' }] });
    world
      .join('g', { ...ssd, taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] })
      .reconcile();
    expect(world.active).toEqual(['mytask-v1-a', 'mytask-v1-b', 'mytask-v1-g']);
    expect(world.created[0]?.manifest.spec).toMatchObject({
      template: {
        spec: {
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a'] }] }],
              },
            },
          },
          tolerations: expect.arrayContaining([
            { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
          ]) as object[],
        },
      },
    });
    ends(world, 'a', 'b', 'g');
    expect(world.run?.status?.phase).toBe('Succeeded');
  });

  test('are on record before any of them has a Job', () => {
    const world = new FlowWorld([], { template, nodes: {} }).join('a', ssd).join('b', ssd).reconcile(2);
    expect([world.phases, world.created]).toEqual(['a Pending, b Pending', []]);
  });

  test('are as many at once as maxParallel says, as a share rounded up', () => {
    const world = of({ maxParallel: '34%' }, 'a', 'b', 'c', 'd', 'e');
    expect(world.active).toEqual(['mytask-v1-a', 'mytask-v1-b']);
    ends(world, 'a');
    expect(world.active).toEqual(['mytask-v1-b', 'mytask-v1-c']);
  });

  test('that none fits are waited for, and it is said what keeps each', () => {
    const world = new FlowWorld([], { template, nodes: { excludedNames: ['b'] } }).join('a').join('b', ssd).reconcile();
    expect(world.run?.status).toMatchObject({
      phase: 'Pending',
      reason: 'NoNodeFits',
      message:
        'no node fits: of 2 there are 1 without the labels of nodeSelector, 1 excluded by name; the run starts once one does',
    });
    world.join('a', ssd).reconcile();
    expect(world.active).toEqual(['mytask-v1-a']);
  });

  test('that join later have none, or one where the run takes them', () => {
    expect(of({}, 'a').join('b', ssd).reconcile().active).toEqual(['mytask-v1-a']);
    const world = of({ nodes: { joining: true } }, 'a')
      .join('b', ssd)
      .reconcile();
    expect(world.active).toEqual(['mytask-v1-a', 'mytask-v1-b']);
    ends(world, 'a', 'b');
    expect(world.run?.status?.phase).toBe('Succeeded');
    expect(world.join('c', ssd).reconcile().active).toEqual([]);
  });

  test('that are deleted end there, and the run goes on', () => {
    const world = of({ maxParallel: 1 }, 'a', 'b', 'c').start('mytask-v1-a').advance(2).reconcile();
    world.leave('a').leave('c').reconcile();
    expect([world.phases, world.active]).toEqual(['a Cancelled, b Pending, c Skipped', ['mytask-v1-b']]);
    ends(world, 'b');
    expect(world.run?.status).toMatchObject({ phase: 'Succeeded', message: 'deleted meanwhile: a, c' });
  });

  test('with names that a label cannot have are called otherwise, each its own', () => {
    const world = of({}, 'node.example', 'node-example', 'node-r1');
    expect(world.run?.status?.jobs?.map(({ step: name, node }) => [name, node])).toEqual([
      ['node-example', undefined],
      [expect.stringMatching(/^node-r1-[0-9a-f]{5}$/), 'node-r1'],
      [expect.stringMatching(/^node-example-[0-9a-f]{5}$/), 'node.example'],
    ]);
  });

  test('of which a thousand fail stay within the size that a TaskRun may have', () => {
    const world = of(
      {},
      ...Array.from({ length: 1_000 }, (_, index) => `ip-10-0-${Math.floor(index / 256)}-${index % 256}`),
    );
    for (const name of world.active) world.start(name).finish(name, 'Failed');
    world.advance(5).reconcile();
    expect(world.run?.status).toMatchObject({
      phase: 'Failed',
      message: expect.stringMatching(
        /^ip-10-0-0-0 failed: BackoffLimitExceeded; also failed: .* and 996 more$/,
      ) as string,
    });
    expect(JSON.stringify(world.run).length).toBeLessThan(256 * 1024);
  });

  test('of more than a run may have are refused', () => {
    const world = of({}, ...Array.from({ length: 1_001 }, (_, index) => `n${index}`));
    expect([world.created, world.run?.status]).toMatchObject([
      [],
      { phase: 'Failed', message: expect.stringMatching(/^1001 nodes fit, and a run has 1000 at most/) as string },
    ]);
  });
});

describe('failurePolicy', () => {
  const template = { spec: { containers: [{ name: 'main', image: 'busybox' }] } };
  const three = (spec: Partial<Task['spec']>) => {
    const world = begun([], {
      template,
      items: [{ name: 'a' }, { name: 'b' }, { name: 'c' }],
      maxParallel: 2,
      ...spec,
    });
    return world.start('mytask-v1-b').advance(2).finish('mytask-v1-a', 'Failed').reconcile();
  };

  test('Continue lets the others run', () => {
    expect(three({ failurePolicy: 'Continue' }).active).toEqual(['mytask-v1-b', 'mytask-v1-c']);
  });

  test('FailFast cancels what runs and starts nothing else', () => {
    const world = three({ failurePolicy: 'FailFast' });
    expect([world.phases, world.active]).toEqual(['a Failed, b Cancelled, c Skipped', []]);
    expect(world.run?.status).toMatchObject({ phase: 'Failed', message: 'a failed: BackoffLimitExceeded' });
    expect(world.run?.status?.jobs?.[1]).toMatchObject({
      reason: 'FailFast',
      message: 'a failed (failurePolicy: FailFast)',
    });
  });

  test('FailFast leaves clean-up and notifications', () => {
    const world = begun(
      [
        step('a'),
        step('b'),
        step('tell', undefined, { when: 'OnFailure' }),
        step('clean', undefined, { when: 'Always' }),
      ],
      { failurePolicy: 'FailFast' },
    );
    world.advance(2).finish('mytask-v1-a', 'Failed').reconcile();
    expect(world.active).toEqual(['mytask-v1-tell', 'mytask-v1-clean']);
  });

  test('FailFast waits for the attempts that may follow', () => {
    const world = three({ failurePolicy: 'FailFast', retry: { limit: 1, delaySeconds: 5 } });
    expect(world.phases).toBe('a Pending, b Running, c Pending');
  });

  test('Pause starts nothing else until it is told to go on', () => {
    const world = three({ failurePolicy: 'Pause' });
    expect([world.phases, world.active]).toEqual(['a Failed, b Running, c Pending', ['mytask-v1-b']]);
    expect(world.run?.status).toMatchObject({
      phase: 'Running',
      reason: 'Paused',
      message:
        '1/3 items · b Running · a failed: BackoffLimitExceeded; paused (failurePolicy: Pause): set spec.resume of TaskRun mytask-v1 to true to go on, or spec.cancel to end it',
    });
    expect(world.advance(60).reconcile().active).toEqual(['mytask-v1-b']);
    world.resume().reconcile();
    expect(world.active).toEqual(['mytask-v1-b', 'mytask-v1-c']);
    ends(world, 'b', 'c');
    expect(world.run?.status?.phase).toBe('Failed');
  });
});

describe('retryOf', () => {
  test('runs what failed and what comes after it, with the outputs of what succeeded', () => {
    const outputs = [{ name: 'image' }];
    const world = begun([
      step('build', [], { outputs }),
      step('test', ['build']),
      step('deploy', ['test'], {
        template: { spec: { containers: [{ name: 'deploy', args: ['$(steps.build.outputs.image)'] }] } },
      }),
      step('clean', undefined, { when: 'Always' }),
    ]);
    world.advance(1).finish('mytask-v1-build', 'Succeeded', '{"image": "shop:1"}').reconcile();
    world.advance(1).finish('mytask-v1-test', 'Failed').reconcile();
    ends(world, 'clean');
    expect(world.run?.status?.phase).toBe('Failed');
    world.advance(60).retry();
    expect(world.active).toEqual(['again-test']);
    world.advance(1).finish('again-test').reconcile();
    expect(world.created.at(-1)?.manifest.spec).toMatchObject({
      template: { spec: { containers: [{ args: ['shop:1'] }] } },
    });
    world.advance(1).finish('again-deploy').reconcile();
    expect(world.active).toEqual(['again-clean']);
    world.advance(1).finish('again-clean').reconcile();
    expect(world.run?.status).toMatchObject({ phase: 'Succeeded', duration: '2s' });
    expect(world.run?.status?.jobs?.[0]).toMatchObject({
      step: 'build',
      run: 'mytask-v1',
      outputs: { image: 'shop:1' },
    });
  });

  test('of nodes runs those that failed, and those that fit since', () => {
    const world = new FlowWorld([], { template: {}, nodes: {} }).join('a').join('b').reconcile();
    world.advance(1).finish('mytask-v1-a').finish('mytask-v1-b', 'Failed').reconcile();
    world.join('c').retry();
    expect([world.phases, world.active]).toEqual(['a Succeeded, b Pending, c Pending', ['again-b', 'again-c']]);
  });

  test('of a retry keeps what succeeded in both', () => {
    const world = begun([step('a'), step('b', ['a']), step('c', ['b'])]);
    ends(world, 'a').advance(1).finish('mytask-v1-b', 'Failed').reconcile();
    world.retry().advance(1).finish('again-b').reconcile().finish('again-c', 'Failed').reconcile();
    world.retry();
    expect([world.phases, world.run?.status?.jobs?.map(({ run }) => run)]).toEqual([
      'a Succeeded, b Succeeded, c Pending',
      ['mytask-v1', 'again', undefined],
    ]);
  });
});

describe('templates', () => {
  const dump: TaskTemplateSpec = {
    parameters: [
      { name: 'table' },
      { name: 'rows', type: 'integer', default: 10 },
      { name: 'mode', enum: ['full', 'part'], default: 'full' },
    ],
    template: {
      spec: {
        containers: [
          {
            name: 'dump',
            image: 'dump:1',
            args: ['$(params.table)', '--rows=$(params.rows)'],
            env: [{ name: 'MODE', value: '$(params.mode)' }],
          },
        ],
      },
    },
    job: { backoffLimit: '$(params.rows)' },
    retry: { limit: 1 },
  };
  const ref = (parameters: Record<string, unknown>, more: object = {}) => ({
    templateRef: { name: 'dump', parameters, ...more },
  });
  const of = (spec: Partial<Task['spec']>, templates: Record<string, TaskTemplateSpec> = { dump }) => {
    const world = new FlowWorld([], spec);
    for (const [name, template] of Object.entries(templates)) world.templates.set(name, template);
    return world.reconcile();
  };

  test('are filled in, and what runs them may say otherwise', () => {
    const world = of(
      ref(
        { table: 'people' },
        {
          env: [
            { name: 'MODE', value: 'mine' },
            { name: 'NEW', value: 'x' },
          ],
        },
      ),
    );
    expect(world.created[0]?.manifest).toMatchObject({
      metadata: { name: 'mytask-v1' },
      spec: {
        backoffLimit: 10,
        template: {
          spec: {
            containers: [
              {
                image: 'dump:1',
                args: ['people', '--rows=10'],
                env: [
                  { name: 'MODE', value: 'mine' },
                  { name: 'NEW', value: 'x' },
                ],
              },
            ],
          },
        },
      },
    });
  });

  test('that are not there are waited for, and what they say once the run has them stays', () => {
    const world = of(
      {
        steps: [
          { name: 'a', ...ref({ table: 'a' }) },
          { name: 'b', dependsOn: ['a'], ...ref({ table: 'b', rows: 2 }) },
        ],
      },
      {},
    );
    expect([world.created, world.run?.status]).toMatchObject([
      [],
      {
        phase: 'Pending',
        reason: 'TemplateNotFound',
        message: 'there is no TaskTemplate dump in namespace default; the run starts once there is',
      },
    ]);
    world.templates.set('dump', dump);
    world.reconcile();
    expect(world.active).toEqual(['mytask-v1-a']);
    world.templates.set('dump', { template: {} });
    ends(world, 'a');
    expect(world.created.at(-1)?.manifest.spec).toMatchObject({
      template: { spec: { containers: [{ args: ['b', '--rows=2'] }] } },
    });
    world.templates.clear();
    ends(world, 'b');
    expect(world.run?.status?.phase).toBe('Succeeded');
  });

  test("give a step what it does not say itself, and take an item's values and other steps' outputs", () => {
    const world = of({
      ...ref({ table: '$(item.table)', rows: '$(item.rows)' }),
      items: [{ name: 'x', table: 'people', rows: 3 }],
    });
    expect(world.created[0]?.manifest.spec).toMatchObject({
      template: { spec: { containers: [{ args: ['people', '--rows=3'] }] } },
    });
    world.advance(1).finish('mytask-v1-x', 'Failed').reconcile();
    expect(world.phases).toBe('x Pending');
  });

  test.each<[string, Record<string, unknown>, string, Partial<TaskTemplateSpec>?]>([
    [
      'without a value that it needs',
      {},
      'parameter table of TaskTemplate dump has no value: write one into templateRef.parameters',
    ],
    [
      'with a value that it does not know',
      { table: 'a', tabel: 'b' },
      'TaskTemplate dump has no parameter tabel: it has table, rows, mode',
    ],
    [
      'with a value of another type',
      { table: 'a', rows: 'many' },
      'parameter rows of TaskTemplate dump must be an integer, not a string',
    ],
    [
      'with a number for a password',
      { table: 4711 },
      'parameter table of TaskTemplate dump must be a string, not an integer: write it in quotes',
    ],
    [
      'with a value that is not one of its own',
      { table: 'a', mode: 'all' },
      'parameter mode of TaskTemplate dump must be one of "full", "part"',
    ],
    [
      'that is wrong itself',
      { table: 'a' },
      'TaskTemplate dump says $(params.tablet), which is not one of its parameters: it has table, rows, mode',
      { template: { spec: { nodeName: '$(params.tablet)' } } },
    ],
  ])('%s never start, and say so', (_what, parameters, message, wrong) => {
    const world = of(ref(parameters), { dump: { ...dump, ...wrong } });
    expect([world.created, world.run?.status]).toMatchObject([
      [],
      { phase: 'Failed', reason: 'InvalidParameters', message },
    ]);
    const flow = of({ steps: [{ name: 'a', ...ref(parameters) }] }, { dump: { ...dump, ...wrong } });
    expect([flow.created, flow.run?.status]).toMatchObject([
      [],
      { phase: 'Failed', reason: 'InvalidParameters', message: `step a: ${message}` },
    ]);
  });
});

describe('a workspace', () => {
  const two = [step('a'), step('b', ['a'])];
  const globals = { workspace: { size: '1Gi', mountPath: '/work' } };

  test('is there before the first Job, is mounted in every container, and goes with the pods', () => {
    const world = new FlowWorld(two, { globals, executionPolicy: { keepLastFailed: 0 } }).reconcile(2);
    expect([world.claims, world.created]).toEqual([['mytask-v1-workspace'], []]);
    world.reconcile();
    expect(world.created[0]?.manifest.spec).toMatchObject({
      template: {
        spec: {
          volumes: [{ persistentVolumeClaim: { claimName: 'mytask-v1-workspace' } }],
          containers: [{ volumeMounts: [{ mountPath: '/work' }] }],
        },
      },
    });
    world.advance(1).finish('mytask-v1-a', 'Failed').reconcile();
    expect([world.run?.status?.phase, world.claims]).toEqual(['Failed', []]);
  });

  test.each(Array.from({ length: 9 }, (_, calls) => calls))(
    'has another name where somebody took it, also when the controller dies after %i calls',
    (calls) => {
      const world = new FlowWorld(two, { globals });
      world.othersClaims.add('mytask-v1-workspace');
      ends(world.reconcile(calls).reconcile(), 'a', 'b');
      const name = nameWithHash('mytask-v1-workspace', world.run?.metadata.uid ?? '');
      expect([world.claims, world.run?.status]).toMatchObject([[name], { phase: 'Succeeded', workspace: name }]);
      for (const { manifest } of world.created)
        expect(manifest.spec).toMatchObject({
          template: { spec: { volumes: [{ persistentVolumeClaim: { claimName: name } }] } },
        });
      expect(world.created).toHaveLength(2);
    },
  );

  test('that somebody deletes before the first step, and whose name they take, is made again under another name', () => {
    const world = new FlowWorld(two, { globals });
    // The run, its claim, and what is left to do before the first Job.
    while (world.claims.length === 0) world.reconcile(1);
    world.removeClaims().othersClaims.add('mytask-v1-workspace');
    ends(world.reconcile(), 'a', 'b');
    expect(world.run?.status).toMatchObject({
      phase: 'Succeeded',
      workspace: nameWithHash('mytask-v1-workspace', world.run?.metadata.uid ?? ''),
    });
  });

  test('of a retry is that of the run before, and none where that is gone', () => {
    const world = ends(begun(two, { globals }), 'a').advance(1).finish('mytask-v1-b', 'Failed').reconcile();
    world.retry().advance(1).finish('again-b').reconcile();
    expect([world.run?.status?.phase, world.run?.status?.workspace, world.claims]).toEqual([
      'Succeeded',
      'mytask-v1-workspace',
      ['mytask-v1-workspace'],
    ]);
    const other = ends(begun(two, { globals }), 'a').advance(1).finish('mytask-v1-b', 'Failed').reconcile();
    other.removeClaims();
    expect(other.retry().run?.status).toMatchObject({
      phase: 'Failed',
      reason: 'NotRetryable',
      message: expect.stringMatching(/^the workspace mytask-v1-workspace, .* was deleted/) as string,
    });
  });
});

/** Steps that depend on earlier ones, in another order than that. */
const flows = fc
  .array(
    fc.record({
      when: fc.constantFrom('OnSuccess' as const, 'OnSuccess' as const, 'OnFailure' as const, 'Always' as const),
      continueOnFailure: fc.boolean(),
      retries: fc.nat(1),
      needs: fc.option(fc.array(fc.nat(11), { maxLength: 3 }), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .chain((drafts) =>
    fc
      .shuffledSubarray(
        drafts.map((_, index) => index),
        { minLength: drafts.length },
      )
      .map((order) =>
        order.map((index) => {
          const { when, continueOnFailure, retries, needs } = drafts[index] as (typeof drafts)[number];
          // Without a list of its own it may wait for all others: see the tables above.
          const dependsOn =
            needs?.filter((need) => need < index).map((need) => `s${need}`) ?? (when === 'OnSuccess' ? undefined : []);
          return step(`s${index}`, dependsOn && [...new Set(dependsOn)], {
            when,
            continueOnFailure,
            retry: { limit: retries, delaySeconds: 5, backoff: 'Constant' },
          });
        }),
      ),
  );
type Move =
  | { readonly do: 'finish'; readonly pick: number; readonly outcome: Outcome }
  | { readonly do: 'remove'; readonly pick: number; readonly seen: boolean }
  | { readonly do: 'advance' }
  | { readonly do: 'reconcile'; readonly diesAfter: number | undefined }
  | { readonly do: 'fill'; readonly isFull: boolean }
  | { readonly do: 'cancel' };
const pick = fc.nat(20);
const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('finish' as const),
        pick,
        outcome: fc.constantFrom('Succeeded' as const, 'Succeeded' as const, 'Failed' as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), pick, seen: fc.boolean() }) },
    { weight: 4, arbitrary: fc.constant({ do: 'advance' as const }) },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('reconcile' as const),
        diesAfter: fc.option(fc.nat(4), { nil: undefined }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('fill' as const), isFull: fc.boolean() }) },
    { weight: 1, arbitrary: fc.constant({ do: 'cancel' as const }) },
  ),
  { maxLength: 60, size: 'max' },
);

function play(world: FlowWorld, move: Move): void {
  switch (move.do) {
    case 'finish': {
      const name = world.active[move.pick % Math.max(1, world.active.length)];
      if (name !== undefined) world.finish(name, move.outcome);
      return;
    }
    case 'remove': {
      // What leaves no trace cannot be known: the Job is on record.
      const known = [...world.jobs.values()].filter(({ metadata }) =>
        world.run?.status?.jobs?.some(({ uid }) => uid === metadata.uid),
      );
      const name = known[move.pick % Math.max(1, known.length)]?.metadata.name;
      if (name !== undefined) world.remove(name, move.seen);
      return;
    }
    case 'advance':
      return void world.advance(3);
    case 'reconcile':
      return void world.reconcile(move.diesAfter);
    case 'fill':
      world.isFull = move.isFull;
      return;
    case 'cancel':
      return void world.cancel();
  }
}

/** Everything that is active ends well, the quota has room, time passes, and the controller lives. */
function settle(world: FlowWorld): void {
  world.isFull = false;
  for (let round = 0; round < 100 && !world.run?.status?.conditions; round += 1) {
    world.reconcile();
    for (const name of world.active) world.finish(name);
    world.advance(6);
  }
  world.reconcile();
}

const hasRun = (phase: string | undefined) => phase === 'Succeeded' || phase === 'Failed';

/**
 * What the rules say of the run, from how each step ended that ran; throws where one ran that should not have, or the
 * other way round.
 */
function rightPhase(world: FlowWorld): string {
  const phases = new Map(world.run?.status?.jobs?.map(({ step: name, phase }) => [name, phase]));
  const ends = new Map<string, 'ok' | 'failed' | 'unneeded'>();
  const endOf = (one: FlowStep): 'ok' | 'failed' | 'unneeded' => {
    const needed = (one.dependsOn ?? []).map(
      (name) => ends.get(name) ?? endOf(world.steps.find((other) => other.name === name) as FlowStep),
    );
    const phase = phases.get(one.name);
    const runs = shouldRun(one, needed);
    if (runs !== hasRun(phase))
      throw new Error(
        `${one.name} is ${phase}, and should ${runs ? '' : 'not '}have run after ${needed.join()}: ${world.phases}`,
      );
    if (!runs) return needed.includes('failed') ? 'failed' : 'unneeded';
    return phase === 'Succeeded' || one.continueOnFailure === true ? 'ok' : 'failed';
  };
  for (const one of world.steps) ends.set(one.name, endOf(one));
  const failed = world.steps.some((one) => phases.get(one.name) === 'Failed' && one.continueOnFailure !== true);
  return failed ? 'Failed' : 'Succeeded';
}

function shouldRun({ when }: FlowStep, needed: readonly string[]): boolean {
  return when === 'Always' || (when === 'OnFailure' ? needed.includes('failed') : needed.every((end) => end === 'ok'));
}

describe('whatever fails, dies and is deleted', () => {
  test('a flow starts each step in its turn and once, comes to an end, and the end is what the rules say', () => {
    fc.assert(
      fc.property(
        flows,
        fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
        moves,
        (steps, maxParallel, story) => {
          const world = new FlowWorld(steps, maxParallel === undefined ? {} : { maxParallel });
          for (const move of story) play(world, move);
          settle(world);
          const { phase } = world.run?.status ?? {};
          if (world.run?.spec.cancel === true && phase === 'Cancelled') return;
          expect(phase).toBe(rightPhase(world));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a flow starts no Job once its timeoutSeconds are over, and comes to an end', () => {
    fc.assert(
      fc.property(flows, fc.integer({ min: 1, max: 30 }), moves, (steps, timeoutSeconds, story) => {
        const world = begun(steps, { timeoutSeconds, maxParallel: 2, retry: { limit: 5, delaySeconds: 2 } });
        for (const name of world.active) world.start(name);
        world.advance(2).reconcile();
        for (const move of story) play(world, move);
        settle(world);
        const { startTime = '', conditions } = world.run?.status ?? {};
        expect(conditions, world.phases).toBeDefined();
        const over = Date.parse(startTime) + timeoutSeconds * 1000;
        const late = world.created.filter(({ job }) => Date.parse(job.metadata.creationTimestamp) >= over);
        expect(late.map(({ job }) => job.metadata.name)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const churn = fc.array(fc.record({ name: fc.constantFrom(...names), joins: fc.boolean(), after: fc.nat(40) }), {
    maxLength: 10,
  });
  const policies = fc.constantFrom('Continue' as const, 'FailFast' as const, 'Pause' as const);
  test('every node that stays has its Job once, whatever nodes come and go, and the run ends', () => {
    fc.assert(
      fc.property(
        fc.subarray(names, { minLength: 1 }),
        churn,
        fc.boolean(),
        policies,
        fc.constantFrom(2, '50%'),
        moves,
        (first, comings, joining, failurePolicy, maxParallel, story) => {
          const world = new FlowWorld([], { template: {}, nodes: { joining }, failurePolicy, maxParallel });
          for (const name of first) world.join(name);
          world.reconcile();
          const stays = new Set(first);
          const come = ({ name, joins }: (typeof comings)[number]) => {
            if (joins) return world.join(name);
            stays.delete(name);
            return world.leave(name);
          };
          story.forEach((move, index) => {
            comings.filter(({ after }) => after === index).forEach(come);
            play(world, move);
          });
          world.resume();
          settle(world);
          const { jobs, phase, conditions } = world.run?.status ?? {};
          const rows = new Map(jobs?.map((row) => [row.step, row.phase]));
          expect(conditions, world.phases).toBeDefined();
          const ran = world.created.map((one) => one.step);
          expect(new Set(ran).size).toBe(ran.length);
          if (phase === 'Cancelled') return;
          expect(phase).toBe([...rows.values()].includes('Failed') ? 'Failed' : 'Succeeded');
          if (failurePolicy === 'FailFast' && phase === 'Failed') return;
          for (const name of stays) expect(hasRun(rows.get(name)), `${name} of ${world.phases}`).toBe(true);
        },
      ),
      {
        numRuns: 300,
        examples: [
          // A node joined while the share of maxParallel still counted the nodes on record.
          [
            ['a', 'f'],
            [
              { name: 'a', joins: false, after: 0 },
              { name: 'b', joins: true, after: 0 },
            ],
            true,
            'Continue',
            '50%',
            [{ do: 'advance' }],
          ],
        ],
      },
    );
  });
});
