import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A sandbox's processes carry its directory and their part in their environment. So they are found again whatever was
 * killed, without pid files that go stale, and no process of somebody else is ever ended.
 */
const directoryMark = 'TASK_RUNS_SANDBOX_DIRECTORY';
const partMark = 'TASK_RUNS_SANDBOX_PART';

export interface OwnedProcess {
  readonly pid: number;
  readonly parent: number;
  readonly part: string;
  /** The program's name as the kernel has it, cut to 15 characters. */
  readonly program: string;
}

export function marksOf(dir: string, part: string): Record<string, string> {
  return { [directoryMark]: dir, [partMark]: part };
}

/** The living processes of the sandbox in `dir` that this user may see. */
export async function ownedProcesses(dir: string): Promise<OwnedProcess[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const found = await Promise.all(pids.map((pid) => ownedProcess(pid, dir)));
  return found.filter((process) => process !== undefined);
}

async function ownedProcess(pid: number, dir: string): Promise<OwnedProcess | undefined> {
  try {
    const environment = readEnvironment(await readFile(`/proc/${pid}/environ`, 'utf8'));
    if (environment.get(directoryMark) !== dir) return undefined;
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
    return { pid, parent: Number(field('PPid')), part: environment.get(partMark) ?? 'unknown', program: field('Name') };
  } catch {
    // It ended meanwhile (a zombie has no environment), or belongs to another user: not ours either way.
    return undefined;
  }
}

/**
 * The supervisor among a sandbox's processes. A child of it that has not become its own program yet still has the
 * supervisor's environment, and after process ids wrapped around the lower id: it is not the supervisor.
 */
export function supervisorAmong(processes: readonly OwnedProcess[]): OwnedProcess | undefined {
  const marked = processes.filter(({ part }) => part === 'supervisor');
  return marked.find(({ parent }) => !marked.some(({ pid }) => pid === parent));
}

/** Splits the content of /proc/<pid>/environ. */
export function readEnvironment(text: string): Map<string, string> {
  const entries = text.split('\0').filter((entry) => entry.includes('='));
  return new Map(entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]));
}

/**
 * Ends what `find` finds: politely first, then by SIGKILL, until it finds nothing.
 * @throws Error naming the survivors when there are some after both
 */
export async function endAll(find: () => Promise<number[]>, politeMs: number): Promise<void> {
  if (politeMs > 0 && (await endWith('SIGTERM', find, politeMs))) return;
  if (await endWith('SIGKILL', find, 10_000)) return;
  throw new Error(`processes ${(await find()).join(', ')} do not end, not even by SIGKILL`);
}

async function endWith(signal: NodeJS.Signals, find: () => Promise<number[]>, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  const told = new Set<number>();
  for (;;) {
    const pids = await find();
    if (pids.length === 0) return true;
    if (Date.now() > deadline) return false;
    for (const pid of pids.filter((one) => !told.has(one))) {
      told.add(pid);
      kill(pid, signal);
    }
    await sleep(30);
  }
}

/**
 * Sends a signal; a process that ended meanwhile is not an error.
 * @throws RangeError for 0 and below, which would mean whole groups of processes
 */
export function kill(pid: number, signal: NodeJS.Signals): void {
  if (pid <= 0) throw new RangeError(`${pid} is not a process id`);
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
