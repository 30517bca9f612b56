/** What happens in a cluster, as data, and how often. */
import fc from 'fast-check';
import type { Task } from '../../resources/index.ts';
import { move, type Move } from './tampering.ts';

/** What a Task runs. */
export const pod = { spec: { containers: [{ name: 'mytask', image: 'busybox' }], restartPolicy: 'Never' } };
const retry = { limit: 1, delaySeconds: 5 };
const flow = [
  { name: 'a', template: pod },
  { name: 'b', template: pod, dependsOn: ['a'] },
  { name: 'c', template: pod, dependsOn: ['a'], retry },
  { name: 'd', template: pod, dependsOn: ['b', 'c'], when: 'Always' as const },
];
export type Shape = Partial<Task['spec']>;
export const shapes: readonly Shape[] = [
  { template: pod },
  { template: pod, retry },
  { template: pod, timeoutSeconds: 600 },
  { template: pod, queue: { name: 'q' }, queueTimeoutSeconds: 600 },
  { template: pod, outputs: [{ name: 'version' }] },
  { template: pod, schedule: { crons: ['*/5 * * * *'] } },
  { steps: flow },
  { steps: flow, globals: { workspace: { size: '1Gi' } } },
  { steps: flow, failurePolicy: 'FailFast', maxParallel: 1 },
  { steps: flow, queue: { name: 'q' } },
  { template: pod, items: [{ name: 'eu' }, { name: 'us' }, { name: 'ap' }], maxParallel: 2, retry },
  { template: pod, nodes: {} },
  { templateRef: { name: 'common' } },
];

export type Step =
  | {
      readonly do: 'deploy';
      readonly shape: number;
      readonly policy: NonNullable<Task['spec']['executionPolicy']>;
    }
  | { readonly do: 'ask' }
  | { readonly do: 'cancel' | 'retry'; readonly pick: number }
  | { readonly do: 'progress'; readonly pick: number; readonly step: 'start' | 'complete' | 'fail' | 'admit' }
  | { readonly do: 'advance'; readonly seconds: number }
  | { readonly do: 'lag'; readonly lag: number }
  /** After so many more calls of the controller; `seen`: its watches tell it at once. */
  | { readonly do: 'tamper'; readonly after: number; readonly move: Move; readonly seen: boolean }
  | { readonly do: 'kill'; readonly after: number }
  /** The next calls that write about such an object are answered so. */
  | { readonly do: 'refuse'; readonly of: string; readonly status: number; readonly calls: number };

const pick = fc.nat(20);
const soon = fc.constantFrom(0, 0, 1, 2, 3, 5, 8);
const policy = fc.record(
  {
    concurrencyPolicy: fc.constantFrom(
      'Allow' as const,
      'Allow' as const,
      'Forbid' as const,
      'Replace' as const,
      'Queue' as const,
    ),
    keepLast: fc.nat(2),
    historyLimit: fc.integer({ min: 1, max: 4 }),
    unique: fc.constantFrom(true, true, true, false),
  },
  { requiredKeys: ['concurrencyPolicy'] },
);
const deploy = fc.record({ do: fc.constant('deploy' as const), shape: fc.nat(shapes.length - 1), policy });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: deploy },
  { weight: 2, arbitrary: fc.constant({ do: 'ask' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('cancel' as const, 'retry' as const), pick }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('progress' as const),
      pick,
      step: fc.constantFrom(
        'start' as const,
        'complete' as const,
        'complete' as const,
        'fail' as const,
        'admit' as const,
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('advance' as const), seconds: fc.constantFrom(1, 6, 30, 120, 700) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lag' as const), lag: fc.constantFrom(0, 1, 3) }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('tamper' as const), after: soon, move, seen: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), after: soon }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('refuse' as const),
      of: fc.constantFrom('taskruns', 'jobs', 'tasks', 'persistentvolumeclaims'),
      status: fc.constantFrom(403, 409, 422, 429, 500, 503),
      calls: fc.constantFrom(1, 2, 5),
    }),
  },
);

/** It begins with a deployment of any shape. */
export const clusterStory: fc.Arbitrary<readonly Step[]> = fc
  .tuple(deploy, fc.array(step, { maxLength: 40, size: 'max' }))
  .map(([first, rest]) => [first, ...rest]);
