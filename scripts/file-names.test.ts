import { expect, it } from 'vitest';
import { existsAs, findFileNames } from './file-names.ts';

const files = ['sandbox/src/build/images.ts', 'definitions/task.cue', 'docs/glossary.md'];

it.each([
  ['`src/images.ts` packs the images', 'src/images.ts'],
  ['see policies/schedule.test.ts', 'policies/schedule.test.ts'],
  ['operations/gone.md has a section', 'operations/gone.md'],
])('a page that names what has moved is found: %s', (text, name) => {
  expect(findFileNames(text, 'page')).toEqual([{ line: 1, name }]);
  expect(existsAs(name, files)).toBe(false);
});

it('a file may be named from where its reader stands', () => {
  const names = findFileNames('`images.ts`, build/images.ts and [words](../docs/glossary.md)', 'page');
  expect(names.map(({ name }) => existsAs(name, files))).toEqual([true, true, true]);
});

it('of a source the comments alone are read', () =>
  expect(
    findFileNames("import './gone.ts';\n// as in lost.ts\n/** and in away.ts */\nx(); // see old.ts", 'source'),
  ).toEqual([
    { line: 2, name: 'lost.ts' },
    { line: 3, name: 'away.ts' },
    { line: 4, name: 'old.ts' },
  ]));

it.each([
  '*.test.ts',
  'spec.schematic.cue',
  'definitions/NAME.cue',
  'dist/x.ts',
  'https://host/a/b.ts',
  'RELEASE-NOTES.md',
])('%s is not a file of ours', (text) => expect(findFileNames(text, 'page')).toEqual([]));
