import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { buildCue, type CueVersion } from './build.ts';
import { CueError, type CueErrorReport } from './error.ts';

/** How many calls may wait before further ones are refused. */
const maxQueued = 1_000;
const startLimitMs = 60_000;

interface Call {
  readonly request: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The program of the worker thread. It is JavaScript in a string because a thread does not get the TypeScript loader of
 * its parent, whatever that is (tsx, vitest). Go's loader puts the class Go into the global scope, and the module the
 * function cueRequest.
 */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
require('node:vm').runInThisContext(workerData.loader, { filename: 'wasm_exec.js' });
const go = new globalThis.Go();
WebAssembly.instantiate(workerData.module, go.importObject).then((instance) => {
  go.run(instance).then(() => process.exit(1));
  parentPort.on('message', (request) => parentPort.postMessage(globalThis.cueRequest(request)));
  parentPort.postMessage('ready');
});
`;

/** Node has it, its type definitions do not. */
const { WebAssembly } = globalThis as unknown as { WebAssembly: { compile(bytes: Uint8Array): Promise<object> } };

interface Loaded {
  readonly module: object;
  readonly loader: string;
}

/** A module that was built before, and the text of Go's own loader for it: inside a program it has no path. */
export interface CueModule {
  readonly wasm: Uint8Array;
  readonly loader: string;
}

/** Where CUE comes from: a release of it, which is built where that was not done yet, or what somebody brings. */
export type CueSource = CueVersion | CueModule;

const loaded = new Map<CueSource, Promise<Loaded>>();

function load(source: CueSource): Promise<Loaded> {
  const known = loaded.get(source);
  if (known) return known;
  const loading = compile(source);
  loaded.set(source, loading);
  loading.catch(() => loaded.delete(source));
  return loading;
}

async function compile(source: CueSource): Promise<Loaded> {
  if (typeof source !== 'string') return { module: await WebAssembly.compile(source.wasm), loader: source.loader };
  const { wasm, loader } = await buildCue(source);
  return { module: await WebAssembly.compile(await readFile(wasm)), loader: await readFile(loader, 'utf8') };
}

/**
 * One thread that evaluates CUE, a call at a time. A call that takes longer than the deadline is rejected and its
 * thread replaced; the calls behind it go on in the new one. The thread keeps the process alive only while there are
 * calls.
 */
export class Evaluator {
  readonly #source: CueSource;
  readonly #deadlineMs: number;
  readonly #queue: Call[] = [];
  #running: Call | undefined;
  #worker: Promise<Worker> | undefined;
  #closed = false;

  constructor(source: CueSource, deadlineMs: number) {
    this.#source = source;
    this.#deadlineMs = deadlineMs;
  }

  /** Starts the thread; a later call would do it too. */
  async start(): Promise<void> {
    await this.#thread();
  }

  /**
   * Sends a request and returns its result. Rejects with a CueError, or with an Error when time is up, too much is
   * queued or this is closed.
   */
  request(request: object): Promise<unknown> {
    if (this.#closed) return Promise.reject(new Error('CUE was closed before this call.'));
    if (this.#queue.length >= maxQueued)
      return Promise.reject(new Error(`CUE refused a call: ${maxQueued} are waiting already.`));
    return new Promise((resolve, reject) => {
      this.#queue.push({ request: JSON.stringify(request), resolve, reject });
      void this.#next();
    });
  }

  /** Ends the thread; calls that have no answer yet are rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    const worker = await this.#worker?.catch(() => undefined);
    await worker?.terminate();
    for (const call of this.#queue.splice(0)) call.reject(new Error('CUE was closed before this call.'));
  }

  async #next(): Promise<void> {
    if (this.#running) return;
    const call = this.#queue.shift();
    if (!call) return;
    this.#running = call;
    try {
      call.resolve(open(await this.#evaluate(call.request)));
    } catch (error) {
      call.reject(error as Error);
    }
    this.#running = undefined;
    void this.#next();
  }

  async #evaluate(request: string): Promise<string> {
    const worker = await this.#thread();
    worker.ref();
    try {
      const answer = nextMessage(
        worker,
        this.#deadlineMs,
        `CUE took longer than ${this.#deadlineMs} ms: there are too many values for it, the machine is too busy, or a template loops.`,
      );
      worker.postMessage(request);
      return await answer;
    } catch (error) {
      this.#worker = undefined;
      await worker.terminate();
      throw error;
    } finally {
      worker.unref();
    }
  }

  #thread(): Promise<Worker> {
    this.#worker ??= this.#spawn().catch((error: unknown) => {
      this.#worker = undefined;
      throw error;
    });
    return this.#worker;
  }

  async #spawn(): Promise<Worker> {
    const { module, loader } = await load(this.#source);
    const worker = new Worker(program, { eval: true, workerData: { module, loader } });
    await nextMessage(worker, startLimitMs, `CUE did not start within ${startLimitMs} ms.`);
    worker.unref();
    return worker;
  }
}

/** Waits for the worker's next message; rejects when it ends, breaks or is too late. */
function nextMessage(worker: Worker, limitMs: number, tooLate: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      clearTimeout(timer);
      worker.off('message', onMessage).off('error', onEnd).off('exit', onEnd);
      finish();
    };
    const onMessage = (message: string) => settle(() => resolve(message));
    const onEnd = (reason: unknown) => settle(() => reject(new Error(`The CUE thread ended: ${String(reason)}`)));
    const timer = setTimeout(() => settle(() => reject(new Error(tooLate))), limitMs);
    worker.on('message', onMessage).on('error', onEnd).on('exit', onEnd);
  });
}

function open(answer: string): unknown {
  const { error, result } = JSON.parse(answer) as { error?: CueErrorReport; result?: unknown };
  if (error) throw new CueError(error);
  return result;
}
