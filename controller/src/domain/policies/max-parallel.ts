/**
 * maxParallel: how many steps, items or nodes of a run are under way at once, a number or a share of all, rounded up as
 * a Deployment's maxSurge is.
 */
import type { Snapshot } from '../../resources/index.ts';

/** @param count how many the run has */
export function mostAtOnce({ maxParallel = Infinity }: Pick<Partial<Snapshot>, 'maxParallel'>, count: number): number {
  if (typeof maxParallel === 'number') return maxParallel;
  return maxParallel.endsWith('%') ? Math.ceil((count * Number.parseInt(maxParallel, 10)) / 100) : Number(maxParallel);
}
