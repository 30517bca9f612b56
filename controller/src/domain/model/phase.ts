import type { RunPhase, TaskStatus } from '../../resources/index.ts';

/** A TaskRun's phases, as its CRD has them, in the order of a run's life. */
export const runPhases = [
  'Pending',
  'Queued',
  'Running',
  'Succeeded',
  'Failed',
  'Cancelled',
  'Skipped',
] as const satisfies readonly RunPhase[];

/** Those that a run, or a step, ends with. */
export const finishedPhases = ['Succeeded', 'Failed', 'Cancelled', 'Skipped'] as const satisfies readonly RunPhase[];

/** A Task's phases: its newest run's, or Idle. */
export type TaskPhase = NonNullable<TaskStatus['phase']>;

/** Whether nothing becomes of a run, or of a step, any more. */
export function isFinished(phase: string | undefined): boolean {
  return finishedPhases.some((finished) => finished === phase);
}
