/** What keeps the stand-in calm beside hundreds of Applications. */
import { expect, it } from 'vitest';
import type { Cue, Filling, Template } from '../../../cue/ts/index.ts';
import { paceFor } from './controller.ts';
import { TemplateCache } from './definitions.ts';
import { coreApiVersion } from '../../../controller/src/vela/labels.ts';
import { type KubeObject } from './objects.ts';

it.each([
  [1, { maxBackoffSeconds: 2, resyncSeconds: 10 }],
  [100, { maxBackoffSeconds: 5, resyncSeconds: 10 }],
  [300, { maxBackoffSeconds: 15, resyncSeconds: 15 }],
  [100_000, { maxBackoffSeconds: 60, resyncSeconds: 60 }],
])(
  'of %i Applications that wait no more than twenty are looked at in a second, and each is once a minute',
  (count, pace) => {
    expect(paceFor(count)).toEqual(pace);
  },
);

it('asks CUE once for the same rendering and the same status, and hands out copies', async () => {
  const asked: string[] = [];
  const template = {
    render: ({ context }: Filling) =>
      Promise.resolve({ output: { from: asked.push(`render ${String(context['name'])}`) }, outputs: {} }),
    status: ({ context }: Filling) =>
      Promise.resolve({
        healthy: true,
        message: `status ${asked.push(`status ${String(context['name'])}`)}`,
        details: {},
        problems: {},
      }),
    step: () => Promise.resolve(undefined),
    patch: ({ base }) => Promise.resolve({ output: base, outputs: {} }),
  } satisfies Template;
  const cue = { compileTemplate: () => Promise.resolve(template) } as unknown as Cue;
  const definition: KubeObject = {
    apiVersion: coreApiVersion,
    kind: 'ComponentDefinition',
    metadata: { name: 'task' },
    spec: { schematic: { cue: { template: 'output: {}' } } },
  };
  const known = await new TemplateCache(cue).get(definition);
  const first = await known.render({ context: { name: 'a' } });
  if (first.output) first.output['from'] = 'changed by whoever asked';
  expect(await known.render({ context: { name: 'a' } })).toEqual({ output: { from: 1 }, outputs: {} });
  await known.render({ context: { name: 'b' } });
  await known.status({ context: { name: 'a' } });
  await known.status({ context: { name: 'a' } });
  expect(asked).toEqual(['render a', 'render b', 'status a']);
});

it('asks CUE again after a failure', async () => {
  let calls = 0;
  const render = () =>
    (calls += 1) === 1 ? Promise.reject(new Error('time is up')) : Promise.resolve({ output: {}, outputs: {} });
  const cue = { compileTemplate: () => Promise.resolve({ render }) } as unknown as Cue;
  const known = await new TemplateCache(cue).compile('output: {}');
  await expect(known.render({ context: {} })).rejects.toThrow('time is up');
  await expect(known.render({ context: {} })).resolves.toEqual({ output: {}, outputs: {} });
});
