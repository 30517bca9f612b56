import { Command } from 'commander';
import { detailOf } from '../all-runs.ts';
import { nameArgument } from '../arguments.ts';
import { exitCodes } from '../errors.ts';
import type { Session, Start } from '../session.ts';
import { paintFor } from '../style.ts';

export function diffCommand(start: Start): Command {
  return new Command('diff')
    .description('compare two runs: what ran, how it went, and its outputs; with --server also archived runs')
    .argument('<run>', "a TaskRun's name, the older one", nameArgument)
    .argument('<other>', "a TaskRun's name, the newer one", nameArgument)
    .action((run: string, other: string, _options, command: Command) =>
      start(command, (session) => diff(session, run, other)),
    );
}

/** The exit code is 0 whether they differ or not: two runs always differ. */
export async function diff(session: Session, older: string, newer: string): Promise<number> {
  const { io } = session;
  // Loaded only here, so that the other commands start faster.
  const { renderDiff } = await import('../views/run-diff.ts');
  const [before, after] = [await detailOf(session, older), await detailOf(session, newer)];
  await io.out.write(renderDiff(before, after, paintFor(io, io.out)));
  return exitCodes.ok;
}
