/** Prints what a run's pods print, until it has ended. */
import { followRun } from '../../logs/follow-run.ts';
import type { LogChoice } from '../../logs/pod-logs.ts';
import { recordOf } from '../../records/record.ts';
import type { TaskRun } from '../../resources/index.ts';
import type { StoredRun } from '../find.ts';
import type { Session } from '../session.ts';
import { LogPrinter } from './print-logs.ts';

/**
 * @param onChange called with the run whenever it has changed
 * @returns the run once it has finished and its logs are printed
 * @throws the signal's reason; RunDeleted; ApiError
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
  let latest = run;
  const shows = {
    run: false,
    // What a new run does is known once the controller has adopted it, and so before it has pods.
    get pod() {
      return hasSeveralPods(latest);
    },
  };
  const printer = new LogPrinter(session, { ...choice, follow: true }, shows, either);
  const changed = (now: StoredRun): Promise<void> => onChange((latest = now));
  const work = [followRun(session.client, run, printer, either, changed), printer.print()] as const;
  try {
    const [ended] = await Promise.all(work);
    return ended;
  } finally {
    end.abort(new Error('the run has ended'));
    await Promise.allSettled(work);
  }
}

/** Whether it may have several pods, so that lines must name theirs. */
function hasSeveralPods(run: StoredRun): boolean {
  const { snapshot, templates = {} } = run.spec;
  const jobs = [...Object.values(templates), snapshot].map((part) => part?.['job'] as object | undefined);
  const { parallelism = 1, completions = 1 } = Object.assign({}, ...jobs) as Readonly<Record<string, unknown>>;
  return recordOf(run as TaskRun).shape !== 'Job' || parallelism !== 1 || completions !== 1;
}
