/**
 * A pod template's schema is open: what stands in it may be anything that JSON is. A run of one Job hands it to the API
 * server, which says in words what is wrong, and so do runs of several.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Task, TaskRun } from '../../resources/index.ts';
import { decide } from '../decide.ts';
import { sameJson } from '../lang/same-json.ts';
import type { Node } from '../model/objects.ts';
import { withCluster } from '../model/state.ts';
import { withOverridden } from '../pods/override.ts';
import { aRun, aState, aTask, noon } from '../testing/builders.ts';
import { nodeSteps, whyNoNode } from './nodes.ts';

const anything = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>;
const required = 'requiredDuringSchedulingIgnoredDuringExecution';
const node: Node = {
  metadata: { name: 'node-1', labels: { disk: 'ssd' } },
  taints: [{ key: 'a', effect: 'NoSchedule' }],
};
const container = { name: 'main', image: 'busybox' };
const globals = {
  env: [{ name: 'A', value: 'b' }],
  volumes: [{ name: 'v', emptyDir: {} }],
  volumeMounts: [{ name: 'v', mountPath: '/v' }],
};

type Spec = Partial<Task['spec']>;

/** Each kind of a Task that has several Jobs, or whose template is worked on otherwise, with a pod template of this. */
const kinds: readonly (readonly [kind: string, specOf: (template: Record<string, unknown>) => Spec])[] = [
  ['a flow', (template) => ({ template: undefined, steps: [{ name: 'a', template }], globals }) as never],
  ['items', (template) => ({ template, items: [{ name: 'a' }] })],
  ['nodes', (template) => ({ template, nodes: {} })],
];

/** The pod template of the Job that a run of such a Task gets first. */
function jobTemplate(spec: Spec, more: Partial<TaskRun['spec']> = {}): { readonly spec: Record<string, unknown> } {
  const task = aTask().spec(spec);
  const bare = aRun(task, 'mytask-v1').build();
  const run = {
    ...bare,
    spec: { ...bare.spec, ...more },
    status: spec.nodes && { jobs: [{ step: 'node-1', phase: 'Pending' }] },
  };
  const actions = decide(withCluster(aState(task).build(), { runs: [run as TaskRun], nodes: [node] }), noon);
  const [job] = actions.flatMap((action) => (action.kind === 'createJob' ? [action.job] : []));
  if (!job) throw new Error(`no Job: ${JSON.stringify(actions)}`);
  return job.spec.template as never;
}

describe.each(kinds)('%s', (_kind, specOf) => {
  const podOf = (podSpec: object) => jobTemplate(specOf({ spec: podSpec })).spec;

  test.each<[string, object, object]>([
    ['an argument that is a number', { args: ['--port', 8080] }, { args: ['--port', 8080] }],
    ['a command that is one text', { command: 'sleep 5' }, { command: 'sleep 5' }],
    ['args that are one text', { args: 'a b' }, { args: 'a b' }],
    ['args that are null', { args: null }, { args: null }],
  ])('a container with %s has it in its Job, for the API server to refuse', (_what, wrong, kept) => {
    expect(podOf({ containers: [{ ...container, ...wrong }] })['containers']).toMatchObject([kept]);
    expect(podOf({ containers: [container], initContainers: [wrong] })['initContainers']).toMatchObject([kept]);
  });

  test('a variable whose value is a number or nothing has it in its Job', () => {
    const env = [{ name: 'X', value: null }, { name: 'Y', value: 5 }, 'Z=1', null];
    const [made] = podOf({ containers: [{ ...container, env }] })['containers'] as [{ env: unknown[] }];
    expect(made.env.filter((one) => !sameJson(one, globals.env[0]))).toEqual(env);
    expect(podOf({ containers: [{ ...container, env: { X: '1' } }] })['containers']).toMatchObject([
      { env: { X: '1' } },
    ]);
  });

  test.each<[string, object]>([
    ['containers', { containers: { main: container } }],
    ['initContainers', { containers: [container], initContainers: 'none' }],
    ['containers that are not objects', { containers: ['busybox', null, 5] }],
    ['tolerations', { containers: [container], tolerations: { key: 'a' } }],
    ['an affinity', { containers: [container], affinity: 'node-1' }],
    ['a node affinity', { containers: [container], affinity: { nodeAffinity: ['node-1'] } }],
    ['volumes', { containers: [container], volumes: { v: {} } }],
  ])('%s of another kind stay as they are', (_what, podSpec) => {
    const [field = ''] = Object.keys(podSpec).slice(-1);
    expect(podOf(podSpec)[field]).toEqual((podSpec as Record<string, unknown>)[field]);
  });

  test('anything in any place of a pod template gets its Job', () => {
    const places = [
      ['metadata'],
      ['spec', 'containers'],
      ['spec', 'initContainers'],
      ['spec', 'tolerations'],
      ['spec', 'volumes'],
      ['spec', 'nodeName'],
      ...['containers', 'initContainers'].flatMap((list) => [
        ['spec', list, '0'],
        ...['command', 'args', 'env', 'volumeMounts'].flatMap((field) => [
          ['spec', list, '0', field],
          ['spec', list, '0', field, '0'],
        ]),
        ['spec', list, '0', 'env', '0', 'value'],
        ['spec', list, '0', 'env', '0', 'name'],
      ]),
      ['spec', 'affinity'],
      ['spec', 'affinity', 'nodeAffinity'],
      ['spec', 'affinity', 'nodeAffinity', required],
    ];
    fc.assert(
      fc.property(fc.constantFrom(...places), anything, (path, value) => {
        const template = { spec: { containers: [container] } };
        jobTemplate(specOf(withValue(template, path, value) as Record<string, unknown>));
      }),
    );
  });
});

test('anything in a pod template is read where nodes are chosen by it', () => {
  const places = [
    ['nodeSelector'],
    ['nodeSelector', 'disk'],
    ['tolerations'],
    ['tolerations', '0'],
    ['affinity'],
    ['affinity', 'nodeAffinity'],
    ['affinity', 'nodeAffinity', required],
    ['affinity', 'nodeAffinity', required, 'nodeSelectorTerms'],
    ['affinity', 'nodeAffinity', required, 'nodeSelectorTerms', '0'],
    ...['matchExpressions', 'matchFields'].flatMap((field) => {
      const path = ['affinity', 'nodeAffinity', required, 'nodeSelectorTerms', '0', field];
      return [path, [...path, '0'], [...path, '0', 'values'], [...path, '0', 'operator']];
    }),
  ];
  fc.assert(
    fc.property(fc.constantFrom(...places), anything, (path, value) => {
      const spec = withValue({ containers: [container] }, path, value);
      const snapshot = { hash: '', template: { spec }, nodes: {} };
      const steps = nodeSteps({ ...aRun().build(), spec: { taskRef: { name: 'a', uid: 'b' }, snapshot } }, [node]);
      if (steps.length === 0) expect(whyNoNode(snapshot, [node])).toMatch(/^no node fits: of 1 there are 1 /);
    }),
  );
});

test('tolerations that are not a list keep no node out that has no taint: the API server says what is wrong', () => {
  const snapshot = { hash: '', template: { spec: { tolerations: { key: 'a' } } }, nodes: {} };
  const run = { ...aRun().build(), spec: { taskRef: { name: 'a', uid: 'b' }, snapshot } };
  expect(nodeSteps(run, [{ metadata: { name: 'node-2' } }]).map(({ name }) => name)).toEqual(['node-2']);
});

test("what a person's TaskRun or a step puts in place of a template's own takes any template", () => {
  const places = [['containers'], ['containers', '0'], ['containers', '0', 'env'], ['containers', '0', 'env', '0']];
  fc.assert(
    fc.property(fc.constantFrom(...places), anything, (path, value) => {
      const template = { spec: withValue({ containers: [container] }, path, value) };
      withOverridden(template, { args: ['a'], env: [{ name: 'A', value: 'b' }] });
    }),
  );
  const wrong = { spec: { containers: [{ ...container, env: { A: 'b' } }] } };
  expect(withOverridden(wrong, { env: [{ name: 'C', value: 'd' }] })).toEqual(wrong);
  expect(withOverridden({ spec: { containers: 'main' } }, { args: ['a'] })).toEqual({ spec: { containers: 'main' } });
});

/** The template with a value at a path whose numbers are places in lists. */
function withValue(object: unknown, [first, ...rest]: readonly string[], value: unknown): unknown {
  if (first === undefined) return value;
  if (first === '0') return [withValue((object as unknown[] | undefined)?.[0], rest, value)];
  const fields = (object ?? {}) as Readonly<Record<string, unknown>>;
  return { ...fields, [first]: withValue(fields[first], rest, value) };
}
