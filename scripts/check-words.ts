/**
 * Checks the words of code comments, messages and documentation: `tsx scripts/check-words.ts` lists each word that
 * makes a sentence hard to read, with what to write instead, and exits with 1 if there is any. docs/glossary.md says
 * what the project's own words mean.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findWords } from './words.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Recordings are other programs' words; generated files repeat their sources; two files quote the words. */
const skipped = [/^test\/recordings\//, /\.gen\.ts$/, /^docs\/reference\//, /^scripts\/words(\.test)?\.ts$/];

function sources(): string[] {
  const patterns = ['*.ts', '*.tsx', '*.cue', '*.go', '*.md', '*.yaml', '*.css', '*.sh', 'Makefile'];
  const list = execFileSync('git', ['ls-files', '--', ...patterns], { cwd: root, encoding: 'utf8' });
  return list.split('\n').filter((name) => name !== '' && !skipped.some((pattern) => pattern.test(name)));
}

const found = sources().flatMap((name) =>
  findWords(readFileSync(path.join(root, name), 'utf8')).map(
    ({ line, column, text, instead }) => `${name}:${line}:${column}: "${text}": write ${instead}`,
  ),
);
for (const line of found) console.error(line);
if (found.length > 0) process.exit(1);
