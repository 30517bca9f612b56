/** The command line in this process, without a terminal: what it writes, and its exit code. */
import { Interrupted, type Io, type Sink } from '../../controller/src/cli/io.ts';
import { runCli } from '../../controller/src/cli/program.ts';

export interface Written {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/**
 * @param read a file's text by its name, as {@link Io}'s
 * @param now the time it is; the beginning of 1970 by default
 * @param parts what `plan` reads its definitions from
 */
export async function runInProcess(
  args: readonly string[],
  read: Io['read'],
  { now = new Date(0), parts }: { readonly now?: Date; readonly parts?: Parameters<typeof runCli>[3] } = {},
): Promise<Written> {
  const written = { out: '', err: '' };
  const sink = (name: keyof typeof written): Sink => ({
    terminal: false,
    columns: Infinity,
    write: (data) => Promise.resolve(void (written[name] += String(data))),
  });
  const io: Io = {
    out: sink('out'),
    err: sink('err'),
    interactive: false,
    environment: {},
    interrupted: new AbortController().signal,
    now: () => now,
    ask: () => Promise.reject(new Interrupted('nobody')),
    read,
  };
  const code = await runCli([...args], io, 'task-runs', parts);
  return { code, ...written };
}
