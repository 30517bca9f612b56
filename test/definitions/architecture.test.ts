/** docs/architecture.md walks through the code as it is: every step of decide in its order, and files that exist. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): Promise<string> => readFile(`${root}${path}`, 'utf8');
const page = await read('docs/architecture.md');

const kebabCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

it('names every step of decide, in its order', async () => {
  const [, list = ''] =
    /steps: readonly Step\[\] = \[([^\]]*)\]/.exec(await read('controller/src/domain/decide.ts')) ?? [];
  const steps = [...list.matchAll(/\w+/g)].map(([name]) => kebabCase(name));
  const named = [...page.matchAll(/^ +- \*\*domain\/steps\/([\w-]+)\.ts\*\*:/gm)].map(([, name]) => name);
  expect(steps.length).toBeGreaterThan(0);
  expect(named).toEqual(steps);
});

it('names files that exist', () => {
  const named = [...page.matchAll(/\*\*([\w./-]+\.(?:ts|cue|yaml))\*\*/g)].map(([, path = '']) => path);
  const missing = named.filter((path) => !existsSync(`${root}${path}`) && !existsSync(`${root}controller/src/${path}`));
  expect(named.length).toBeGreaterThan(30);
  expect(missing).toEqual([]);
});
