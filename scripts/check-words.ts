/**
 * Checks the words of code comments, messages and documentation: `tsx scripts/check-words.ts` lists each word that
 * makes a sentence hard to read, with what to write instead, and each file that is named and does not exist, and exits
 * with 1 if there is any. docs/glossary.md says what the project's own words mean.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { existsAs, findFileNames } from './file-names.ts';
import { findWords } from './words.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Recordings are other programs' words; generated files repeat their sources; two files quote the words. */
const skipped = [/^test\/recordings\//, /\.gen\.ts$/, /^docs\/reference\//, /^scripts\/words(\.test)?\.ts$/];

/** What was named once may have moved since, and tests of the check name what does not exist. */
const namesFreely = /^CHANGELOG\.md$|^scripts\/file-names(\.test)?\.ts$/;

function tracked(...patterns: string[]): string[] {
  const list = execFileSync('git', ['ls-files', '--', ...patterns], { cwd: root, encoding: 'utf8' });
  return list.split('\n').filter((name) => name !== '');
}

const files = tracked();
const sources = tracked('*.ts', '*.tsx', '*.cue', '*.go', '*.md', '*.yaml', '*.css', '*.sh', 'Makefile').filter(
  (name) => !skipped.some((pattern) => pattern.test(name)),
);

function deadNames(source: string, text: string): string[] {
  if (namesFreely.test(source)) return [];
  return findFileNames(text, source.endsWith('.md') ? 'page' : 'source')
    .filter(({ name }) => !existsAs(name, files))
    .map(({ line, name }) => `${source}:${line}: ${name} does not exist: write where it is now`);
}

const found = sources.flatMap((name) => {
  const text = readFileSync(path.join(root, name), 'utf8');
  const words = findWords(text).map(
    ({ line, column, text: word, instead }) => `${name}:${line}:${column}: "${word}": write ${instead}`,
  );
  return [...words, ...deadNames(name, text)];
});
for (const line of found) console.error(line);
if (found.length > 0) process.exit(1);
