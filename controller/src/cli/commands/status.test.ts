import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Client } from '../../kube/client.ts';
import { Interrupted, type Io } from '../io.ts';
import { aTask, now } from '../testing/resources.ts';
import { status } from './status.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** `status --watch` on a terminal. */
function watchOnTerminal() {
  const task = aTask();
  const written: string[] = [];
  const interruption = new AbortController();
  const { signal: interrupted } = interruption;
  const deletion = Promise.withResolvers<void>();
  const client = {
    get: () => Promise.resolve(task),
    async *list() {
      yield await Promise.resolve({ items: [task], resourceVersion: '1' });
    },
    async *watch() {
      const ended = new Promise<never>((_resolve, reject) =>
        interrupted.addEventListener('abort', () => reject(interrupted.reason as Error)),
      );
      await Promise.race([deletion.promise, ended]);
      yield { type: 'DELETED', object: task };
    },
  };
  const out = { terminal: true, columns: 100, write: (text: string) => Promise.resolve(void written.push(text)) };
  const io = { out, interrupted, now: () => now, environment: {} } as unknown as Io;
  const session = { client: client as unknown as Client, io, namespace: 'prod', server: undefined, program: 'x' };
  return {
    ended: status(session, 'app-worker-mytask', { output: 'table', watch: true }),
    written,
    deleteTask: deletion.resolve,
    interrupt: () => interruption.abort(new Interrupted('SIGINT')),
  };
}

describe('status --watch on a terminal', () => {
  it('draws the page each second', async () => {
    const { written, ended, interrupt } = watchOnTerminal();
    await vi.advanceTimersByTimeAsync(1_000);
    const before = written.length;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(written).toHaveLength(before + 5);
    interrupt();
    await expect(ended).rejects.toBeInstanceOf(Interrupted);
  });

  it('ends when its Task is deleted, and draws nothing over the error', async () => {
    const { written, ended, deleteTask } = watchOnTerminal();
    await vi.advanceTimersByTimeAsync(3_000);
    deleteTask();
    await expect(ended).rejects.toThrow('task app-worker-mytask was deleted');
    const before = written.length;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(written).toHaveLength(before);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is interrupted by Ctrl-C, and nothing else', async () => {
    const { ended, interrupt } = watchOnTerminal();
    await vi.advanceTimersByTimeAsync(500);
    interrupt();
    await expect(ended).rejects.toBeInstanceOf(Interrupted);
    expect(vi.getTimerCount()).toBe(0);
  });
});
