/** Whether nothing becomes of a run, or of a step, any more. */
export function isFinished(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed' || phase === 'Cancelled' || phase === 'Skipped';
}
