import { mkdir, rm, writeFile, link, readFile } from 'node:fs/promises';
import { adminClient } from '../kube-client.ts';
import { makeCertificates } from '../certificates.ts';
import type { PartState } from './keeper.ts';
import { startPlane, type Plane } from '../plane.ts';
import { ownedProcesses } from './processes.ts';
import { providePrograms } from '../build/programs.ts';
import { silent } from '../progress.ts';
import { layoutOf, type Layout } from '../settings.ts';
import { readSettings, writeState, type SandboxState } from '../state.ts';
import { removeSandbox } from './sweep.ts';

/**
 * The process that keeps one sandbox: starts its programs, starts again those that end, and writes down how they are.
 * SIGTERM ends it and them; SIGUSR1 ends all pauses before restarts. With `ofParent` it ends, and removes the sandbox,
 * when the process that started it ends, however that happens.
 */
export async function supervise(dir: string, ofParent: boolean): Promise<void> {
  const layout = layoutOf(dir);
  await mkdir(layout.dir, { recursive: true });
  if (!(await takeLock(layout))) return;
  const report = new Report(layout);
  const end = new AbortController();
  process.on('SIGTERM', () => end.abort());
  process.on('SIGINT', () => end.abort());
  let orphaned = false;
  process.on('disconnect', () => {
    orphaned = true;
    end.abort();
  });
  try {
    await runPlane(layout, ofParent, end.signal, report);
  } catch (error) {
    await report.failed(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  } finally {
    await rm(layout.lock, { force: true });
  }
  // Nobody is left who would remove it.
  if (orphaned) await removeSandbox(layout);
  process.exit();
}

async function runPlane(layout: Layout, ofParent: boolean, signal: AbortSignal, report: Report): Promise<void> {
  const settings = await readSettings(layout);
  if (settings === undefined) throw new Error(`${layout.settings} is missing: start the sandbox with up`);
  const programs = await providePrograms(settings, silent);
  await makeCertificates(layout, settings.ports, programs);
  await writeFile(layout.kubeconfig, await readFile(`${layout.pki}/admin.kubeconfig`), { mode: 0o600 });
  const client = await adminClient(layout, settings.ports);
  const context = { layout, settings, programs, client };
  const plane = await startPlane(context, { dieWithParent: ofParent, signal, changed: (parts) => report.parts(parts) });
  const hurry = (): void => plane.hurry();
  process.on('SIGUSR1', hurry);
  report.ready();
  await aborted(signal);
  await stopPlane(plane, report);
  await client.close();
}

async function stopPlane(plane: Plane, report: Report): Promise<void> {
  report.stopping();
  await plane.stop();
  await report.written();
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** Two `up` at once start one supervisor. A lock of a dead one is taken over. */
async function takeLock(layout: Layout): Promise<boolean> {
  const claim = `${layout.lock}.${process.pid}`;
  await writeFile(claim, String(process.pid));
  try {
    const others = (await ownedProcesses(layout.dir)).filter(
      ({ pid, part }) => part === 'supervisor' && pid !== process.pid,
    );
    const owner = Number(await readFile(layout.lock, 'utf8').catch(() => '0'));
    if (others.some(({ pid }) => pid === owner)) return false;
    await rm(layout.lock, { force: true });
    await link(claim, layout.lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(claim, { force: true });
  }
}

/** Writes the state down, one write after the other, the last one always. */
class Report {
  #state: SandboxState = { supervisor: process.pid, phase: 'starting', parts: [] };
  #writing: Promise<void> = Promise.resolve();
  readonly #layout: Layout;

  constructor(layout: Layout) {
    this.#layout = layout;
    this.#write({});
  }

  parts(parts: PartState[]): void {
    this.#write({ parts });
  }

  ready(): void {
    this.#write({ phase: 'ready' });
  }

  stopping(): void {
    this.#write({ phase: 'stopping' });
  }

  async failed(message: string): Promise<void> {
    this.#write({ phase: 'failed', message });
    await this.written();
  }

  written(): Promise<void> {
    return this.#writing;
  }

  #write(change: Partial<SandboxState>): void {
    this.#state = { ...this.#state, ...change };
    const state = this.#state;
    this.#writing = this.#writing
      .then(() => writeState(this.#layout, state))
      .catch((error: unknown) => console.error(error));
  }
}
