import { describe, expect, test } from 'vitest';
import type { Snapshot } from '../../resources/index.ts';
import { placesProblem } from './places.ts';

const container = (more: object) => ({ name: 'main', image: 'busybox', ...more });
const pod = (more: object, spec: object = {}) => ({ spec: { containers: [container(more)], ...spec } });
const items = (template: Record<string, unknown>): Snapshot => ({ hash: '', template, items: [{ name: 'a' }] });
const nodes = (template: Record<string, unknown>): Snapshot => ({ hash: '', template, nodes: {} });
const flow = (template: Record<string, unknown>, globals?: Snapshot['globals']): Snapshot => ({
  hash: '',
  steps: [
    { name: 'build', template: pod({}), outputs: [{ name: 'image' }] },
    { name: 'deploy', dependsOn: ['build'], template },
  ],
  ...(globals && { globals }),
});
const only =
  'is filled in only in command, args and env of a container: write it there; a subPathExpr can name a variable of env that has it';

describe('a place stands where no value takes it:', () => {
  test.each<[string, Snapshot, string]>([
    [
      'an image of an item',
      items(pod({ image: 'app:$(item.version)' })),
      `spec.containers[0].image says $(item.version), and an item's value ${only}`,
    ],
    [
      'a folder of an item',
      items(pod({ volumeMounts: [{ name: 'v', mountPath: '/v', subPath: '$(item.name)' }] })),
      `spec.containers[0].volumeMounts[0].subPath says $(item.name), and an item's value ${only}`,
    ],
    [
      'an annotation of a matrix',
      { hash: '', matrix: { os: ['a'] }, template: { metadata: { annotations: { os: 'x $(item.os)' } } } },
      `metadata.annotations.os says $(item.os), and an item's value ${only}`,
    ],
    [
      'a node',
      nodes(pod({}, { volumes: [{ name: 'v', hostPath: { path: '/data/$(node.name)' } }] })),
      `spec.volumes[0].hostPath.path says $(node.name), and the node's name ${only}`,
    ],
    [
      "a variable's name",
      flow(pod({ env: [{ name: '$(steps.build.outputs.image)', value: 'x' }] })),
      `step deploy: spec.containers[0].env[0].name says $(steps.build.outputs.image), and an earlier step's output ${only}`,
    ],
    [
      'the variables of all steps',
      flow(pod({}), { env: [{ name: 'IMAGE', value: '$(steps.build.outputs.image)' }] }),
      'globals.env[0].value says $(steps.build.outputs.image), and every step has the globals, also those before build: write it into cmd or env of the steps that come after build',
    ],
  ])('%s', (_what, snapshot, problem) => expect(placesProblem(snapshot)).toBe(problem));
});

test.each<[string, Snapshot]>([
  [
    'in what containers run',
    items({
      spec: {
        containers: [container({ command: ['$(item.a)'], args: ['-x=$(item.b)'] })],
        initContainers: [container({ env: [{ name: 'A', value: '$(item.c)' }] })],
      },
    }),
  ],
  ['as a step takes an output', flow(pod({ args: ['$(steps.build.outputs.image)'] }))],
  ['as the text that it is', items(pod({ image: 'a', workingDir: '/$$(item.a)' }))],
  ["as another tool's text", flow(pod({ workingDir: '/$(steps.build)/$(item.a)/$(node.name)/$(steps.a.results.b)' }))],
  ['in a run of one Job', { hash: '', template: pod({ workingDir: '$(item.a)' }) }],
])('a place stands %s', (_what, snapshot) => expect(placesProblem(snapshot)).toBeUndefined());
