import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { askOn, Interrupted } from './io.ts';

/** What comes of a question on a terminal where somebody presses these keys. */
async function press(keys: string, interruption = new AbortController()): Promise<string> {
  const input = new PassThrough();
  const output = Object.assign(new PassThrough(), { isTTY: true });
  const answer = askOn(input, output, 'Delete 1 run? ', interruption);
  input.write(keys);
  return answer;
}

it('takes the answer to a question', async () => {
  expect(await press('yes\r')).toBe('yes');
});

it('takes Ctrl-C at a question as it takes it elsewhere', async () => {
  const interruption = new AbortController();
  await expect(press('\u0003', interruption)).rejects.toBeInstanceOf(Interrupted);
  expect(interruption.signal.aborted).toBe(true);
});

it('takes the end of the process at a question as an interruption, too', async () => {
  const interruption = new AbortController();
  const answer = press('', interruption);
  interruption.abort(new Interrupted('SIGTERM'));
  await expect(answer).rejects.toBeInstanceOf(Interrupted);
});

it('takes Ctrl-D at a question for no answer', async () => {
  expect(await press('\u0004')).toBe('');
});
