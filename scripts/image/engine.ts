import { spawnSync } from 'node:child_process';
import { repository } from './build.ts';

/**
 * Builds the same image with an engine, by the Dockerfile, for this machine's architecture: where there is no apt.
 * @param engine docker, podman or buildah
 * @throws Error when it is not there, or when it cannot
 */
export function engineBuild(engine: string, name: string): void {
  const { status, error } = spawnSync(engine, ['build', '--tag', name, '--file', 'Dockerfile', '.'], {
    cwd: repository,
    stdio: 'inherit',
  });
  if (error !== undefined) throw new Error(`ENGINE=${engine} does not start: ${error.message}`);
  if (status !== 0) throw new Error(`${engine} could not build ${name}: its own words are above.`);
}
