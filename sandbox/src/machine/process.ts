import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { open, rename, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** One part of the sandbox: how it is started, and how to know that it serves. */
export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Runs before every start: makes directories, writes configuration. */
  readonly prepare?: () => Promise<void>;
  /** Resolves when the program serves; throws the reason while it does not. Asked again and again. */
  readonly ready: () => Promise<void>;
  /** Runs once after every start, when the program is ready. */
  readonly settle?: () => Promise<void>;
  readonly startWithinMs: number;
  readonly stopWithinMs: number;
}

/** How a program ended: with an exit code, or by a signal. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that was started. `exited` resolves, and never rejects, when it has ended. */
export interface Running {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly logFile: string;
  /** Added to the program's environment: marks the process as this sandbox's (see processes.ts). */
  readonly marks: Readonly<Record<string, string>>;
  /** The kernel kills the program when the process that started it dies. */
  readonly dieWithParent: boolean;
  /** Ends the wait for readiness; the program is stopped then. */
  readonly signal: AbortSignal;
}

/** A program did not come up. The message has the exit code and the last lines of its log. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

const pollMs = 50;
const lastLines = 8;
const logLimit = 32 * 1024 * 1024;

/**
 * Starts a program and waits until it is ready.
 * @throws StartError when it exits first, or is not ready within its limit (then it has been stopped)
 */
export async function start(program: Program, options: StartOptions): Promise<Running> {
  await program.prepare?.();
  await rotate(options.logFile);
  const running = await launch(program, options);
  try {
    await becomesReady(program, running, options);
    await program.settle?.();
    return running;
  } catch (error) {
    await running.stop();
    throw error;
  }
}

async function launch(program: Program, options: StartOptions): Promise<Running> {
  const log = openSync(options.logFile, 'a');
  const [command, args] = options.dieWithParent
    ? ['setpriv', ['--pdeathsig', 'KILL', program.command, ...program.args]]
    : [program.command, [...program.args]];
  try {
    const child = spawn(command, args, {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...program.env, ...options.marks },
    });
    const exited = exitOf(child);
    await spawned(child, program);
    return { pid: child.pid ?? 0, exited, stop: () => stop(child, exited, program.stopWithinMs) };
  } finally {
    closeSync(log);
  }
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
}

function spawned(child: ChildProcess, program: Program): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve());
    child.once('error', (error) => reject(new StartError(`${program.name} could not be started: ${error.message}`)));
  });
}

async function becomesReady(program: Program, running: Running, options: StartOptions): Promise<void> {
  const deadline = Date.now() + program.startWithinMs;
  let exit: Exit | undefined;
  void running.exited.then((ended) => (exit = ended));
  for (;;) {
    const reason = await reasonNotReady(program);
    if (exit !== undefined) throw new StartError(await describeExit(program.name, exit, options.logFile));
    if (options.signal.aborted) throw new StartError(`${program.name} was stopped before it was ready`);
    if (reason === undefined) return;
    if (Date.now() > deadline) {
      throw new StartError(
        `${program.name} is not ready after ${program.startWithinMs / 1000} s: ${reason}${await tail(options.logFile)}`,
      );
    }
    await Promise.race([sleep(pollMs), running.exited]);
  }
}

async function reasonNotReady(program: Program): Promise<string | undefined> {
  try {
    await program.ready();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function stop(child: ChildProcess, exited: Promise<Exit>, withinMs: number): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
  await exited;
  clearTimeout(timer);
}

/** Says how a program ended, with the end of its log. */
export async function describeExit(name: string, exit: Exit, logFile: string): Promise<string> {
  const how = exit.signal === null ? `exited with code ${exit.code ?? 'unknown'}` : `was ended by ${exit.signal}`;
  return `${name} ${how}${await tail(logFile)}`;
}

async function tail(logFile: string): Promise<string> {
  const file = await open(logFile, 'r');
  try {
    const { size } = await file.stat();
    const length = Math.min(size, 8192);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const lines = buffer.toString('utf8').trimEnd().split('\n').slice(-lastLines);
    return `; the last lines of ${logFile}:\n${lines.map((line) => `  ${line}`).join('\n')}`;
  } finally {
    await file.close();
  }
}

/** Keeps one older log, so that restarts over weeks do not fill the disk. */
async function rotate(logFile: string): Promise<void> {
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0,
  );
  if (size > logLimit) await rename(logFile, `${logFile}.1`);
}
