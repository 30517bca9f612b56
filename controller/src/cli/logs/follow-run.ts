/** A run while it goes on: what its pods print, until it has ended. */
import type { Pod } from 'kubernetes-types/core/v1.js';
import { taskRuns } from '../../controllers/resource-types.ts';
import { isFinished } from '../../domain/phase.ts';
import type { Stored } from '../../kube/objects.ts';
import { pods } from '../../kube/resources.ts';
import { CliError } from '../errors.ts';
import { everything, ofRun, type StoredRun } from '../find.ts';
import { follow } from '../follow.ts';
import type { Session } from '../session.ts';
import { LogPrinter, type LogOptions } from './print-logs.ts';

/**
 * Prints the run's logs as they come.
 *
 * @param onChange is told of the run whenever it has changed
 * @returns the run once it has finished and its logs are printed
 * @throws the signal's reason; CliError where the run is deleted meanwhile
 */
export async function followRun(session: Session, run: StoredRun, options: LogOptions, signal: AbortSignal, onChange: (run: StoredRun) => Promise<void>): Promise<StoredRun> {
  const { client } = session;
  const { name, namespace } = run.metadata;
  const end = new AbortController();
  const either = AbortSignal.any([signal, end.signal]);
  const selection = { namespace, labelSelector: ofRun(name) };
  const printer = new LogPrinter(session, { ...options, follow: true }, { run: false, pod: severalPods(run) }, either);
  const watching = watchPods(client, selection, either, (found) => printer.add(found));
  const printing = printer.print();
  try {
    const waiting = finished(session, run, either, onChange).then(async (ended) => {
      // The last pod may have come and gone between two looks.
      printer.add(await everything(client, pods, namespace, selection.labelSelector));
      printer.close();
      return ended;
    });
    // A watch that fails ends the waiting; one that is ended by it does not.
    const [ended] = await Promise.all([Promise.race([waiting, watching.then(() => waiting)]), printing]);
    return ended;
  } finally {
    end.abort(new Error('the run has ended'));
    printer.close();
    await Promise.allSettled([watching, printing]);
  }
}

/** Calls `use` with the selected pods now and after each change, until the signal. */
export async function watchPods(client: Session['client'], selection: { namespace: string | undefined; labelSelector: string }, signal: AbortSignal, use: (pods: Stored<Pod>[]) => void): Promise<void> {
  try {
    for await (const found of follow(client, pods, selection, signal)) use([...found.values()]);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** The run once it has finished. */
async function finished({ client }: Session, { metadata: { name, namespace, uid } }: StoredRun, signal: AbortSignal, onChange: (run: StoredRun) => Promise<void>): Promise<StoredRun> {
  for await (const found of follow(client, taskRuns, { namespace, fieldSelector: `metadata.name=${name}` }, signal)) {
    const run = found.get(uid);
    if (run === undefined) throw new CliError(`run ${name} was deleted while it was awaited, so its outcome is unknown`);
    await onChange(run);
    if (isFinished(run.status?.phase)) return run;
  }
  throw new CliError(`run ${name} cannot be watched any more: ask again`);
}

/** Whether lines need to say which pod they are from. */
export function severalPods({ spec: { snapshot } }: StoredRun): boolean {
  const { parallelism = 1, completions = 1 } = (snapshot?.job ?? {}) as { parallelism?: number; completions?: number };
  return parallelism > 1 || completions > 1;
}
