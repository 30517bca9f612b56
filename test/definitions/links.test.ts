import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { anchorsIn, linksIn, type Link } from './markdown-links.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What is brought, built or measured here, and no page of ours. */
const passedOver = new Set(['node_modules', '.git', '.cache', 'dist', 'out']);

async function filesBelow(folder: string, names: RegExp): Promise<readonly string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return passedOver.has(entry.name) ? [] : filesBelow(path, names);
      return names.test(entry.name) ? [path] : [];
    }),
  );
  return found.flat();
}

async function textsBelow(folder: string, names: RegExp): Promise<ReadonlyMap<string, string>> {
  const files = await filesBelow(folder, names);
  return new Map(
    await Promise.all(files.map(async (file) => [file, await readFile(join(root, file), 'utf8')] as const)),
  );
}

const texts = await textsBelow('', /\.md$/);

/** What is wrong with a link; undefined where it leads somewhere. */
async function problemOf(page: string, { target }: Link): Promise<string | undefined> {
  const [path = '', anchor] = target.split('#');
  if (path.startsWith('/')) return 'starts with /: write it relative to the page';
  const file = path === '' ? page : normalize(join(dirname(page), decodeURIComponent(path)));
  if (file.startsWith('..')) return 'leads out of the repository';
  const there = await stat(join(root, file)).catch(() => undefined);
  if (!there) return `${file} does not exist`;
  if (anchor === undefined) return undefined;
  const text = texts.get(file);
  if (text === undefined) return `${file} is not a Markdown page, so it has no #${anchor}`;
  return anchorsIn(text).has(anchor) ? undefined : `${file} has no heading for #${anchor}`;
}

describe('the links of Markdown pages', () => {
  it.each([...texts])('in %s lead to files and headings that exist', async (page, text) => {
    const problems: string[] = [];
    for (const link of linksIn(text)) {
      const problem = await problemOf(page, link);
      if (problem !== undefined) problems.push(`${page}:${link.line}: ${link.target}: ${problem}`);
    }
    expect(problems).toEqual([]);
  });

  it('and the pages that sources mention exist', async () => {
    const problems: string[] = [];
    for (const [file, text] of await textsBelow('', /\.(ts|tsx|cue|go|ya?ml|json|sh)$|^(Makefile|Dockerfile)$/))
      for (const [target] of text.matchAll(/(?<![\w/.-])docs\/(?!\S*NAME)[\w./-]+\.md\b(?:#[\w-]+)?/g)) {
        const problem = await problemOf('README.md', { target, line: 1 });
        if (problem !== undefined) problems.push(`${file}: ${problem}`);
      }
    expect(problems).toEqual([]);
  });

  it('are found in each of their forms, and not in code', () => {
    const text = [
      'See [one](a.md), ![two](b.png "A picture") and [three][3]; `[not](code.md)`.',
      '',
      '```md',
      '[not](block.md)',
      '```',
      '<!-- [not](comment.md) -->',
      '<img src="c.png" alt=""> [another site](https://example.com)',
      '[3]: d.md#place',
    ].join('\n');
    expect(linksIn(text)).toEqual([
      { target: 'a.md', line: 1 },
      { target: 'b.png', line: 1 },
      { target: 'c.png', line: 7 },
      { target: 'd.md#place', line: 8 },
    ]);
  });

  it('may lead to headings as GitHub names them', () => {
    const text =
      '# What\'s `new`?\n## A & B\n## A & B\n```\n# no heading\n```\n### executionPolicy.retry[]\n<a id="own"></a>\n';
    expect([...anchorsIn(text)]).toEqual(['whats-new', 'a--b', 'a--b-1', 'executionpolicyretry', 'own']);
  });

  it('are refused where they lead nowhere', async () => {
    expect(await problemOf('README.md', { target: 'nowhere.md', line: 1 })).toBe('nowhere.md does not exist');
    expect(await problemOf('README.md', { target: '#nowhere', line: 1 })).toBe('README.md has no heading for #nowhere');
    expect(await problemOf('docs/architecture.md', { target: '../../x.md', line: 1 })).toBe(
      'leads out of the repository',
    );
  });
});
