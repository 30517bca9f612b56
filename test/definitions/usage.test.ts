import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { definitionNames } from '../../scripts/definition-files.ts';

/** Fields of a list's elements that are named as in Kubernetes: no sentence says more. */
const plain = ['httpHeaders', 'key', 'path', 'mode', 'name', 'value'];

/** How a block begins that is made of parameters, and has none. */
const working = '\t\tof: {...}\n';

/** Hidden fields that work something out, and hold no parameters. */
const worked = ['_joined', '_merge', '_name', '_place', '_unanswered'];

/** The fields of a definition's parameters without a line that `vela show` would print. */
function undocumented(text: string): string[] {
  const blocks = [...text.matchAll(/^\t(parameter|_\w+|#\w+): (?:close\()?\{\n([^]*?)\n\t\}/gm)].flatMap(
    ([, name = '', block = '']) => (worked.includes(name) || block.startsWith(working) ? [] : [block.split('\n')]),
  );
  return blocks.flatMap((lines) =>
    lines.filter((line, index) => {
      const field = /^\t+(\w+)\??:\s+/.exec(line)?.[1];
      const before = lines
        .slice(0, index)
        .reverse()
        .find((other) => !other.trim().startsWith('// +short='));
      return field !== undefined && !plain.includes(field) && before?.trim().startsWith('// +usage=') !== true;
    }),
  );
}

it.each(await definitionNames())('%s says of each parameter what it is for', async (name) => {
  const text = await readFile(new URL(`../../definitions/${name}.cue`, import.meta.url), 'utf8');
  expect(text).toContain('\n\tparameter: ');
  expect(undocumented(text)).toEqual([]);
});

it('sees what is not documented', () => {
  const text =
    'template: {\n\tparameter: close({\n\t\t// +usage=One\n\t\tone: int\n\t\ttwo?: int\n\t\tthree: close({\n\t\t\tfour: int\n\t\t})\n\t})\n}\n';
  expect(undocumented(text).map((line) => line.trim())).toEqual(['two?: int', 'three: close({', 'four: int']);
});
