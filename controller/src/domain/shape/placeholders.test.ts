import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { TaskRun } from '../../resources/index.ts';
import { fuzz } from '../../kube/testing/fuzz.ts';
import { filledIn, ValuesRoom } from './placeholders.ts';
import { stepTemplate } from './step-template.ts';
import { withTemplates } from './templates.ts';

/**
 * Kubernetes' expansion of variables, byte by byte as it is written there: a `$` before anything else than `$` and `(`
 * comes out with the next byte taken for a character.
 */
function expand(text: string, variables: Readonly<Record<string, string>> = {}): string {
  const input = Buffer.from(text, 'utf8');
  const output: Buffer[] = [];
  for (let at = 0; at < input.length; at += 1) {
    const next = input[at + 1];
    if (input[at] !== 0x24 || next === undefined) {
      output.push(input.subarray(at, at + 1));
      continue;
    }
    const end = next === 0x28 ? input.indexOf(')', at) : -1;
    output.push(Buffer.from(end < 0 ? notAVariable(next) : valueIn(variables, input.toString('utf8', at + 2, end))));
    at = end < 0 ? at + 1 : end;
  }
  return Buffer.concat(output).toString('utf8');
}

function notAVariable(next: number): string {
  return next === 0x24 ? '$' : `$${String.fromCharCode(next)}`;
}

function valueIn(variables: Readonly<Record<string, string>>, name: string): string {
  return (Object.hasOwn(variables, name) ? variables[name] : undefined) ?? `$(${name})`;
}

const variables = { SECRET: 'hunter2', 'steps.a.outputs.x': 'no', A: '$(SECRET)' };

test.each([
  ['$(SECRET)', 'hunter2'],
  ['$$(SECRET)', '$(SECRET)'],
  ['$$$(SECRET)', '$hunter2'],
  ['$(A)', '$(SECRET)'],
  ['$(other) $x $', '$(other) $x $'],
  ['$(SECRET', '$(SECRET'],
  ['$é', '$Ã\ufffd'],
])("Kubernetes' expansion in this test makes %s %s", (text, expanded) =>
  expect(expand(text, variables)).toBe(expanded),
);

/** What a program gets as its argument, when a step before it wrote an output, and it has an item. */
function argument(arg: string, output: unknown, item: unknown = output): string {
  const template = { spec: { containers: [{ name: 'main', args: [arg] }] } };
  const rows = [{ step: 'a', phase: 'Succeeded', outputs: { x: output } }];
  const { spec } = stepTemplate({ template, item: { x: item }, node: 'node-1' }, undefined, rows);
  return expand((spec as { containers: { args: string[] }[] }).containers[0]?.args[0] ?? '', variables);
}

/** The same for a parameter of a TaskTemplate. */
function argumentOfTemplate(arg: string, value: string, field: 'args' | 'command' = 'args'): string {
  const spec = {
    parameters: [{ name: 'x' }],
    template: { spec: { containers: [{ name: 'main', image: '$(params.x)', [field]: [arg] }] } },
  };
  const run = {
    spec: { snapshot: { templateRef: { name: 't', parameters: { x: value } } }, templates: { t: spec } },
  } as unknown as TaskRun;
  const template = withTemplates(run).spec.snapshot?.template as { spec: { containers: Record<string, string[]>[] } };
  expect(template.spec.containers[0]?.['image']).toBe(value);
  return expand(template.spec.containers[0]?.[field]?.[0] ?? '', variables);
}

const places = [
  ['an output', (around: (place: string) => string, value: string) => argument(around('$(steps.a.outputs.x)'), value)],
  ['an item', (around: (place: string) => string, value: string) => argument(around('$(item.x)'), value)],
  [
    'a parameter',
    (around: (place: string) => string, value: string) => argumentOfTemplate(around('$(params.x)'), value),
  ],
] as const;

describe.each(places)('somebody who wants the variables of the next program, by the value of %s', (_what, reach) => {
  it.each([
    '$(SECRET)',
    '$$(SECRET)',
    '$$$(SECRET)',
    '$',
    '$$',
    '$$$',
    '$(',
    '$((SECRET))',
    'a\n$(SECRET)\r\n"$(SECRET)"\'',
    '$é',
    '$(A)',
    '',
    '\\$(SECRET)',
    '$&$1$`',
  ])('has the program get %j as it is', (value) => {
    expect(reach((place) => place, value)).toBe(value);
    expect(reach((place) => `x=${place}(SECRET)`, value)).toBe(`x=${value}(SECRET)`);
    expect(reach((place) => `${place}${place}(SECRET)`, value)).toBe(`${value}${value}(SECRET)`);
    expect(reach((place) => `a $$${place} b`, value)).toBe(`a $${value} b`);
  });

  it('has no variable named by a value in the parentheses of a shell', () => {
    expect(reach((place) => `$(cat ${place}) $(SECRET)`, 'x) $(SECRET')).toBe('$(cat x) $(SECRET) hunter2');
    expect(reach((place) => `$(${place})`, 'SECRET')).toBe('$(SECRET)');
    expect(reach((place) => `$(SEC${place}`, 'RET)')).toBe('$(SECRET)');
  });

  it('gets the text of a place that is escaped as a variable would be', () => {
    expect(reach((place) => `$${place}`, 'value')).toBe(reach((place) => `$${place}`, 'other'));
    expect(reach((place) => `$${place}`, 'value')).not.toContain('value');
  });

  it('gets it as it is, whatever it is and stands beside', async () => {
    const piece = fc.constantFrom(
      '$',
      '$$',
      '(',
      ')',
      '$(',
      '$(SECRET)',
      '$(A)',
      'SECRET',
      'é',
      '\n',
      '"',
      "'",
      ' ',
      '😀',
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((all) => all.join('')),
      fc.string({ unit: 'binary' }),
    );
    const beside = fc
      .array(fc.constantFrom('(', ')', 'SECRET', 'é', ' ', '$$'), { maxLength: 6 })
      .map((all) => all.join(''));
    await fuzz(
      'values in places',
      fc.tuple(text, beside, beside),
      ([raw, before, after]) => {
        const value = Buffer.from(raw, 'utf8').toString('utf8'); // no half of a pair
        expect(reach((place) => before + place + after, value)).toBe(expand(before) + value + expand(after));
      },
      { usual: 500 },
    );
  });
});

test('a value that looks like another place is not filled in', () => {
  expect(argument('$(steps.a.outputs.x) $(item.x)', '$(item.x)$(node.name)$(steps.a.outputs.x)', 'item')).toBe(
    '$(item.x)$(node.name)$(steps.a.outputs.x) item',
  );
  expect(argument('$(node.name) $(item.x)', 'o', { a: '$(SECRET)' })).toBe('node-1 {"a":"$(SECRET)"}');
});

test("a parameter may name an item's value or an output, which is then as it is", () => {
  const spec = { parameters: [{ name: 'x' }], template: { spec: { containers: [{ args: ['in=$(params.x)'] }] } } };
  const run = {
    spec: {
      snapshot: { templateRef: { name: 't', parameters: { x: '$(item.x) $(SECRET)' } } },
      templates: { t: spec },
    },
  } as unknown as TaskRun;
  const template = withTemplates(run).spec.snapshot?.template as never;
  const made = stepTemplate({ template, item: { x: '$(SECRET)' } }, undefined, []);
  const [{ args }] = (made['spec'] as { containers: [{ args: string[] }] }).containers;
  expect(expand(args[0] ?? '', variables)).toBe('in=$(SECRET) $(SECRET)');
});

test("variables that the author names are Kubernetes' as before", () => {
  expect(argument('$(SECRET) $(item.none) $$(SECRET) $x', 'v')).toBe('hunter2 $(item.none) $(SECRET) $x');
});

// An argument of a megabyte could stop the controller for minutes, and with it the Tasks of everybody else.
test.each<[string, string]>([
  ['never closed', '$('.repeat(400_000)],
  ['closed far away', `${'$('.repeat(400_000)})`],
  ['around a place', `${'$('.repeat(100_000)}$(item.x)`],
  ['that begin like a place', `${'$(item.'.repeat(100_000)})`],
])('many open parentheses are read in one go: %s', (_what, text) => {
  const filled = filledIn(text, (name) => (name === 'item.x' ? 'v' : undefined), new ValuesRoom());
  const isAroundPlace = text.endsWith('$(item.x)');
  expect(filled === (isAroundPlace ? `${'$$('.repeat(100_000)}v` : text)).toBe(true);
});

// Half a megabyte of them made a Job of 250 MB, and the controller with all Tasks was gone.
test.each([
  ['an item', () => stepTemplate({ template: manyPlaces('item'), item: { x: large } }, undefined, [])],
  ['an output', () => stepTemplate({ template: manyPlaces('steps.a.outputs') }, undefined, rowsWith(large))],
  ['a parameter', () => templateWith(manyPlaces('params'))],
  ['a parameter that is all of many texts', () => templateWith(manyPlaces('params', 50_000))],
  ['a parameter in another field', () => templateWith({ metadata: { annotations: { a: places20000('params') } } })],
])('many places with a large value stop where an object is too large for the API server: %s', (_what, filled) => {
  const { length } = JSON.stringify(filled());
  expect(length).toBeGreaterThan(3 * 1024 * 1024);
  expect(length).toBeLessThan(4 * 1024 * 1024);
});

const large = 'x'.repeat(5_000);
const places20000 = (of: string): string => `$(${of}.x)`.repeat(20_000);
const rowsWith = (x: string) => [{ step: 'a', phase: 'Succeeded', outputs: { x } }];

function manyPlaces(of: string, texts = 1): Record<string, unknown> {
  const args = texts === 1 ? [places20000(of)] : Array.from({ length: texts }, () => `$(${of}.x)`);
  return { spec: { containers: [{ name: 'main', args }] } };
}

function templateWith(template: object): unknown {
  const templates = { t: { parameters: [{ name: 'x', default: large }], template } };
  const run = { spec: { snapshot: { templateRef: { name: 't' } }, templates } } as unknown as TaskRun;
  return withTemplates(run).spec.snapshot?.template;
}
