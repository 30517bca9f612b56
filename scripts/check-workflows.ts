/** Checks the workflows in .github with actionlint: `npm run workflows`. */
import { spawnSync } from 'node:child_process';
import { Refusal } from '../sandbox/src/refusal.ts';
import { actionlint } from './go-tools.ts';

try {
  // Its other checkers are used where they are installed, so results would differ from machine to machine.
  const { status, error } = spawnSync(await actionlint(), ['-shellcheck=', '-pyflakes='], { stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
