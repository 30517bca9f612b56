/** Prints what a run's pods print, until it has ended. */
import { followRun } from '../../logs/follow-run.ts';
import type { LogChoice } from '../../logs/pod-logs.ts';
import type { StoredRun } from '../find.ts';
import type { Session } from '../session.ts';
import { LogPrinter } from './print-logs.ts';

/**
 * @param onChange called with the run whenever it has changed
 * @returns the run once it has finished and its logs are printed
 * @throws the signal's reason; Error if the run is deleted meanwhile
 */
export async function printRun(
  session: Session,
  run: StoredRun,
  choice: LogChoice,
  signal: AbortSignal,
  onChange: (run: StoredRun) => Promise<void>,
): Promise<StoredRun> {
  const end = new AbortController();
  const either = AbortSignal.any([signal, end.signal]);
  const printer = new LogPrinter(session, { ...choice, follow: true }, { run: false, pod: severalPods(run) }, either);
  const work = [followRun(session.client, run, printer, either, onChange), printer.print()] as const;
  try {
    const [ended] = await Promise.all(work);
    return ended;
  } finally {
    end.abort(new Error('the run has ended'));
    await Promise.allSettled(work);
  }
}

/** Whether lines must name their pod. */
function severalPods({ spec: { snapshot } }: StoredRun): boolean {
  const { parallelism = 1, completions = 1 } = (snapshot?.job ?? {}) as { parallelism?: number; completions?: number };
  return parallelism > 1 || completions > 1;
}
