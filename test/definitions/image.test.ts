import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { config, repository } from '../../scripts/image/build.ts';

let bin: string;

beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'engines-'));
});
afterEach(() => rmSync(bin, { recursive: true, force: true }));

function makeImage(...args: string[]): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/image/main.ts', ...args], {
    cwd: repository,
    env: { PATH: bin },
    encoding: 'utf8',
  });
  return { status, stderr };
}

it('builds with the engine that it is given, under the name that it is given', () => {
  const engine = join(bin, 'buildah');
  writeFileSync(engine, `#!/bin/sh\necho "$*" >> ${bin}/asked\n`);
  chmodSync(engine, 0o755);
  expect(makeImage('--engine', 'buildah', '--name', 'registry.example/task-runs:9')).toEqual({ status: 0, stderr: '' });
  expect(readFileSync(join(bin, 'asked'), 'utf8')).toBe(
    'build --tag registry.example/task-runs:9 --file Dockerfile .\n',
  );
});

it('says in one sentence that the engine is missing', () => {
  expect(makeImage('--engine', 'docker')).toEqual({
    status: 1,
    stderr: 'ENGINE=docker does not start: spawnSync docker ENOENT\n',
  });
});

it('refuses what an engine would not do, before anything is built', () => {
  const { status, stderr } = makeImage('--engine', 'docker', '--push', 'registry.example/a:1', '--arch', 'arm64');
  expect(status).toBe(1);
  expect(stderr).toBe(
    'ENGINE=docker builds for this machine alone, into its own store: leave out PUSH and ARCH, name the image with IMAGE=, and push it with `docker push`.\n',
  );
});

it('refuses an architecture that Node has no package for', () => {
  expect(makeImage('--arch', 'riscv64')).toEqual({
    status: 1,
    stderr: 'ARCH=riscv64 is not one of amd64, arm64.\n',
  });
});

const dockerfile = readFileSync(join(repository, 'Dockerfile'), 'utf8').split('\n');

it('takes every file that the build makes for it', () => {
  const context = readFileSync(join(repository, '.dockerignore'), 'utf8').split('\n');
  const made = readdirSync(join(repository, 'dist/controller')).filter((file) => !file.endsWith('.map'));
  expect(made.length).toBeGreaterThan(1);
  for (const file of made) {
    expect(context).toContain(`!dist/controller/${file}`);
    expect(dockerfile.filter((line) => line.startsWith(`COPY dist/controller/${file} `))).toHaveLength(1);
  }
});

it('is started in the same way when an engine built it', () => {
  const said = (instruction: string): string =>
    dockerfile.find((line) => line.startsWith(`${instruction} `))?.slice(instruction.length + 1) ?? '';
  expect({
    User: said('USER'),
    ExposedPorts: Object.fromEntries(
      said('EXPOSE')
        .split(' ')
        .map((port) => [`${port}/tcp`, {}]),
    ),
    Env: said('ENV').split(' '),
    Entrypoint: JSON.parse(said('ENTRYPOINT')) as string[],
    WorkingDir: '/',
  }).toEqual(config);
});
