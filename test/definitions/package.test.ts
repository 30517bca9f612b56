/** What people install from npm's package: the command line, by itself. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../..', import.meta.url));
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'package-'));
  // As `make unit` does beforehand.
  if (!existsSync(join(repository, packageJson.bin['task-runs'])))
    await run('npm', ['run', '--silent', 'build'], { cwd: repository });
  await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', directory], { cwd: repository });
  const [tarball = ''] = await readdir(directory);
  await run('tar', ['--extract', '--file', tarball], { cwd: directory });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

it('holds the programs that it names, and nothing of our sources', async () => {
  const files = (await readdir(join(directory, 'package'), { recursive: true, withFileTypes: true }))
    .filter((file) => file.isFile())
    .map(({ name }) => name.replace(/^part-.*\.js$/, 'part-*.js'))
    .sort();
  expect([...new Set(files)]).toEqual([
    'LICENSE',
    'README.md',
    'cue.wasm.gz',
    'definitions.json',
    'package.json',
    'part-*.js',
    'task-runs.js',
    'wasm_exec.cjs',
  ]);
  expect(packageJson.bin).toEqual({ 'task-runs': 'dist/cli/task-runs.js', 'kubectl-task': 'dist/cli/task-runs.js' });
});

it('works with nothing else installed', async () => {
  const program = join(directory, 'package', packageJson.bin['task-runs']);
  const environment = { cwd: directory, env: { PATH: process.env['PATH'] } };
  expect((await run(process.execPath, [program, 'version'], environment)).stdout).toBe(
    `task-runs ${packageJson.version}\n`,
  );
  expect(
    (await run(process.execPath, [program, 'plan', '-f', join(repository, 'examples/app-worker.yaml')], environment))
      .stdout,
  ).toContain('mytask-v1');
});

it('says which Node it needs where an older one runs it', async () => {
  const program = join(directory, 'package', packageJson.bin['task-runs']);
  const older = `data:text/javascript,${encodeURIComponent(
    "Object.defineProperty(process, 'version', { value: 'v20.20.2' });" +
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } });",
  )}`;
  await expect(run(process.execPath, ['--import', older, program, 'version'])).rejects.toMatchObject({
    code: 1,
    stdout: '',
    stderr: 'task-runs needs Node 24 or newer, and this is v20.20.2: install a newer Node from nodejs.org.\n',
  });
});
