/**
 * Properties and expressions as nobody would write them, through CUE: each is rendered or refused, in time, and the
 * next one is not affected.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parameterNames, refusalsOf } from '../../controller/src/plan/cue-refusals.ts';
import { createCue, CueError, type Cue, type Definition, type JsonObject } from '../../cue/ts/index.ts';
import { fuzz } from '../../controller/src/kube/testing/fuzz.ts';
import { readDefinition } from '../../scripts/definition-files.ts';

const context = {
  name: 'mytask',
  namespace: 'default',
  appName: 'app',
  appRevision: 'app-v1',
  appRevisionNum: 1,
  publishVersion: '',
};
let cue: Cue;
let task: Definition;
let names: readonly string[];

beforeAll(async () => {
  cue = await createCue({ version: '0.9.2', deadlineMs: 20_000 });
  const source = await readDefinition('task');
  task = await cue.compile(source);
  names = parameterNames(source);
});
afterAll(() => cue.close());

const odd = fc.constantFrom(
  '"\\(x)"',
  '#',
  '_|_',
  '*1|2',
  '"',
  '\u0000',
  '\ud800',
  '}',
  '$(item.a)',
  '__proto__',
  'x'.repeat(2_000),
);
const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), odd, fc.integer(), fc.boolean(), fc.array(odd, { maxLength: 3 }));

it('renders any properties, or refuses them with what is wrong', async () => {
  const properties = fc.array(fc.tuple(fc.oneof(fc.constantFrom(...names), odd), value), { maxLength: 4 });
  await fuzz(
    'properties in CUE',
    properties,
    async (entries) => {
      const parameter = Object.fromEntries([['image', 'busybox'], ...entries]) as JsonObject;
      try {
        const { output } = await task.render({ parameter, context });
        expect(output?.['kind']).toBe('Task');
      } catch (error) {
        if (!(error instanceof CueError)) throw error;
        const refusals = refusalsOf([error.message], parameter, { type: 'task', names });
        expect(refusals.every(({ message }) => message !== '')).toBe(true);
      }
    },
    { usual: 25, most: 20_000 },
  );
  const { output } = await task.render({ parameter: { image: 'busybox' }, context });
  expect(output?.['kind']).toBe('Task');
});

it('compiles any text as CUE, or says what is wrong', async () => {
  const piece = fc.constantFrom(
    'a',
    ': ',
    '{',
    '}',
    '[',
    ']',
    '\n',
    'import "list"\n',
    '"\\(a)"',
    '*',
    '|',
    '&',
    '_|_',
    'for x in a ',
    'if a ',
    '#A',
    '...',
    '1',
    '"',
    '=~',
    '@attr()',
  );
  const text = fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 40 }).map((parts) => parts.join(''));
  await fuzz(
    'CUE',
    text,
    async (source) => {
      for (const compile of [() => cue.compile(source), () => cue.compileTemplate(source)])
        await compile().catch((error: unknown) => expect(error).toBeInstanceOf(CueError));
    },
    { usual: 60, most: 20_000 },
  );
  expect((await task.render({ parameter: { image: 'busybox' }, context })).output?.['kind']).toBe('Task');
});
