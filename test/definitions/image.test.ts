import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };

const repository = fileURLToPath(new URL('../..', import.meta.url));
let bin: string;

beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'engines-'));
  const bundle = join(repository, 'dist/controller/main.js');
  if (!existsSync(bundle)) {
    mkdirSync(dirname(bundle), { recursive: true });
    spawnSync('npm', ['run', '--silent', 'build'], { cwd: repository });
  }
});
afterEach(() => rmSync(bin, { recursive: true, force: true }));

/** Puts an engine into PATH that notes what it is asked to build. */
function engine(name: string, { answers }: { answers: boolean }): void {
  writeFileSync(
    join(bin, name),
    `#!/bin/sh\n[ "$1" = info ] && exit ${answers ? 0 : 1}\necho "$0 $*" >> ${bin}/asked\n`,
  );
  chmodSync(join(bin, name), 0o755);
}

function makeImage(env: Record<string, string> = {}): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/build-image.ts'], {
    cwd: repository,
    env: { PATH: bin, ...env },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}
const asked = () => readFileSync(join(bin, 'asked'), 'utf8').replaceAll(`${bin}/`, '').trim();

it('builds with docker where its daemon answers', () => {
  engine('docker', { answers: true });
  engine('podman', { answers: true });
  expect(makeImage()).toMatchObject({
    status: 0,
    stdout: expect.stringContaining(`task-runs:${packageJson.version}`) as string,
  });
  expect(asked()).toBe(`docker build --tag task-runs:${packageJson.version} --file Dockerfile .`);
});

it('passes over a docker without its daemon, and takes the name it is given', () => {
  engine('docker', { answers: false });
  engine('buildah', { answers: true });
  expect(makeImage({ IMAGE: 'registry.example/task-runs:9' })).toMatchObject({ status: 0 });
  expect(asked()).toBe('buildah build --tag registry.example/task-runs:9 --file Dockerfile .');
});

it('says in one sentence what is missing', () => {
  engine('docker', { answers: false });
  expect(makeImage()).toMatchObject({
    status: 1,
    stderr:
      'No working docker, podman or buildah was found: install one of them, or start the docker daemon, and run `make image` again.\n',
  });
});

it('takes every file that the build makes for it', () => {
  const [dockerfile, context] = ['Dockerfile', '.dockerignore'].map((file) =>
    readFileSync(join(repository, file), 'utf8').split('\n'),
  );
  const made = readdirSync(join(repository, 'dist/controller')).filter((file) => !file.endsWith('.map'));
  expect(made.length).toBeGreaterThan(1);
  for (const file of made) {
    expect(context).toContain(`!dist/controller/${file}`);
    expect(dockerfile?.filter((line) => line.startsWith(`COPY dist/controller/${file} `))).toHaveLength(1);
  }
});
