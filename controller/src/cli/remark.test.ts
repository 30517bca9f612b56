import { expect, it } from 'vitest';
import { remark } from './remark.ts';

/** What a remark writes. */
async function written(terminal: boolean, sentence: string): Promise<string> {
  let text = '';
  const write = (data: string | Uint8Array) => Promise.resolve(void (text += String(data)));
  await remark({ environment: {}, err: { terminal, columns: 80, write } }, 'yellow', 'remains:', sentence);
  return text;
}

const kind = 'Job\u001b]0;TITLE\u0007\u009b2J\u202e\nerror: FORGED';

it('a manifest of a stranger cannot move the cursor of whoever converts it, or forge a line', async () => {
  expect(await written(true, kind)).toBe('\u001b[33mremains:\u001b[0m Job ]0;TITLE 2J\n  error: FORGED\n');
});

it('a file gets the words as they are', async () => {
  expect(await written(false, kind)).toBe(`remains: ${kind}\n`);
});
