/**
 * Formats TypeScript and CSS (Prettier), CUE (as `cue fmt` does) and Go (gofmt): `tsx scripts/format.ts` writes, with
 * `--check` it names the files that differ and exits with 1.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

const root = fileURLToPath(new URL('..', import.meta.url));
const check = process.argv.includes('--check');

/** Files that git knows or would add, without what was recorded from other programs. */
function sources(...patterns: string[]): string[] {
  const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...patterns], {
    cwd: root,
    encoding: 'utf8',
  });
  return list.split('\n').filter((name) => name !== '' && !name.startsWith('test/recordings/'));
}

function run(command: string, args: readonly string[], cwd = root): boolean {
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (error) throw error;
  return status === 0;
}

function formatGo(): boolean {
  const files = sources('*.go');
  if (!check) return run('gofmt', ['-w', ...files]);
  const differing = execFileSync('gofmt', ['-l', ...files], { cwd: root, encoding: 'utf8' }).trim();
  if (differing !== '') console.error(`${differing}\nnot formatted: make fix`);
  return differing === '';
}

const prettier = ['prettier', check ? '--check' : '--write', '--log-level', 'warn', '**/*.{ts,tsx,js,css}'];
const cue = sources('*.cue').map((name) => path.join(root, name));
const results = [
  run('npx', prettier),
  run('go', ['run', '.', ...(check ? ['-check'] : []), ...cue], path.join(root, 'cue/fmt')),
  formatGo(),
];
if (results.includes(false)) process.exit(1);
