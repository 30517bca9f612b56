import { Command } from 'commander';
import { tasks } from '../../cluster/resource-types.ts';
import { taskArgument } from '../arguments.ts';
import { CliError, exitCodes } from '../errors.ts';
import { findTask, type StoredTask } from '../find.ts';
import { sleep, systemClock } from '../../kube/clock.ts';
import { follow } from '../../kube/follow.ts';
import { outputOption, renderObjects, show, type OutputOptions } from '../output.ts';
import type { Session, Start } from '../session.ts';
import { paintFor } from '../style.ts';
import { changeLine, renderTask } from '../views/task-rows.ts';

interface StatusOptions extends OutputOptions {
  readonly watch?: boolean;
}

export function statusCommand(start: Start): Command {
  return new Command('status')
    .description('show one task: what it is doing, why, and its latest runs')
    .argument('<task>', "a Task's name, its component's, or <application>/<component>", taskArgument)
    .option('-w, --watch', 'show it again at every change, until Ctrl-C')
    .addOption(outputOption())
    .action((task: string, _options, command: Command) =>
      start<StatusOptions>(command, (session, options) => status(session, task, options)),
    );
}

export async function status(
  session: Session,
  text: string,
  { output, watch = false }: StatusOptions,
): Promise<number> {
  const { io } = session;
  const task = await findTask(session, text);
  if (!watch) {
    await show(io.out, output, task, () => page(session, task, output));
    return exitCodes.ok;
  }
  return io.out.terminal && (output === 'table' || output === 'wide')
    ? redraw(session, task, output)
    : tell(session, task, output);
}

function page({ io }: Session, task: StoredTask, output: OutputOptions['output']): string {
  return renderTask(task, io.now(), { wide: output === 'wide', paint: paintFor(io, io.out), columns: io.out.columns });
}

/** Yields every version of the Task. @throws CliError when it is deleted; the signal's reason */
async function* versions(
  { client }: Session,
  { metadata: { name, namespace } }: StoredTask,
  signal: AbortSignal,
): AsyncGenerator<StoredTask, void, undefined> {
  const selection = { namespace, fieldSelector: `metadata.name=${name}` };
  for await (const found of follow(client, tasks, selection, signal)) {
    const [task] = found.values();
    if (task === undefined) throw new CliError(`task ${name} was deleted`);
    yield task;
  }
}

const home = '\u001b[H\u001b[J';

/** Redraws the page at every change and every second, because ages grow. @throws what ends {@link versions} */
async function redraw(session: Session, first: StoredTask, output: OutputOptions['output']): Promise<number> {
  const { out, interrupted } = session.io;
  const end = new AbortController();
  const either = AbortSignal.any([interrupted, end.signal]);
  let shown = first;
  const draw = (): Promise<void> => out.write(home + page(session, shown, output));
  const clock = async (): Promise<void> => {
    while (!either.aborted) {
      await draw();
      await sleep(systemClock, 1_000, either);
    }
  };
  const changes = async (): Promise<void> => {
    for await (const task of versions(session, first, either)) {
      shown = task;
      await draw();
    }
  };
  const work = [clock(), changes()];
  try {
    await Promise.all(work);
    return exitCodes.ok;
  } finally {
    // Nothing may be drawn over the error.
    end.abort();
    await Promise.allSettled(work);
  }
}

/** A line, or a document, for every change. */
async function tell(session: Session, first: StoredTask, output: OutputOptions['output']): Promise<number> {
  const { io } = session;
  let last = '';
  for await (const task of versions(session, first, io.interrupted)) {
    const { phase, message } = task.status ?? {};
    const now = JSON.stringify([phase, message]);
    const text = renderObjects(output, task);
    if (text === undefined && now === last) continue;
    last = now;
    await io.out.write(
      text === undefined ? changeLine(task, io.now(), paintFor(io, io.out)) : output === 'yaml' ? `---\n${text}` : text,
    );
  }
  return exitCodes.ok;
}
