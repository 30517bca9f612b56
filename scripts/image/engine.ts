import { spawnSync } from 'node:child_process';
import { repository } from './build.ts';

/**
 * Builds the same image with an engine, by the Dockerfile, for this machine's architecture: where there is no apt.
 * @param engine docker, podman or buildah
 * @param more what is asked for beside: an engine's image stays in the engine's own store
 * @throws Error when something else is asked for, when the engine is not there, or when it cannot
 */
export function engineBuild(engine: string, name: string, more: Readonly<Record<string, string | undefined>>): void {
  const inVain = Object.keys(more).filter((field) => more[field] !== undefined);
  if (inVain.length > 0)
    throw new Error(
      `ENGINE=${engine} builds for this machine alone, into its own store: leave out ${inVain.join(' and ')}, name the image with IMAGE=, and push it with \`${engine} push\`.`,
    );
  const { status, error } = spawnSync(engine, ['build', '--tag', name, '--file', 'Dockerfile', '.'], {
    cwd: repository,
    stdio: 'inherit',
  });
  if (error !== undefined) throw new Error(`ENGINE=${engine} does not start: ${error.message}`);
  if (status !== 0) throw new Error(`${engine} could not build ${name}: its own words are above.`);
}
