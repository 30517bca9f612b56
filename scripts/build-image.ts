/**
 * Builds the controller's image with docker, podman or buildah, whichever is there. `make image IMAGE=name:tag` names
 * it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import packageJson from '../package.json' with { type: 'json' };

const repository = fileURLToPath(new URL('..', import.meta.url));
const engines = ['docker', 'podman', 'buildah'] as const;

/** Whether an engine is installed and answers: docker is often there without its daemon. */
function works(engine: (typeof engines)[number]): boolean {
  return spawnSync(engine, ['info'], { stdio: 'ignore', timeout: 20_000 }).status === 0;
}

function refuse(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}

if (!existsSync(`${repository}dist/controller/main.js`))
  refuse('dist/controller/main.js is missing: run `make image`, which bundles it first.');
const engine =
  engines.find(works) ??
  refuse(
    'No working docker, podman or buildah was found: install one of them, or start the docker daemon, and run `make image` again.',
  );
const image = process.env['IMAGE'] ?? `task-runs:${packageJson.version}`;
const { status } = spawnSync(engine, ['build', '--tag', image, '--file', 'Dockerfile', '.'], {
  cwd: repository,
  stdio: 'inherit',
});
if (status !== 0) refuse(`${engine} could not build ${image}: its own words are above.`);
console.log(`${image}: enable the addon with it by \`vela addon enable dist/task-runs image=${image}\``);
