import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { everything, type Room } from '../rooms.ts';
import { brokenBorders } from './borders.ts';

const directories: string[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});

const room = (folder: string, more: Partial<Room> = {}): Room => ({ folder, holds: folder, imports: [], ...more });
const inside = room('src/inside/');
const outside = room('src/outside/', { imports: ['src/inside/'] });

/** @param files the texts of files by their paths */
async function broken(files: Readonly<Record<string, string>>, ...rooms: readonly Room[]): Promise<readonly string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'borders-'));
  directories.push(directory);
  for (const [path, text] of Object.entries({ 'package.json': '{"type":"module"}', ...files })) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  return brokenBorders({ rooms, directory, files: ['src'] });
}

const a = 'export const a = 1; export interface A { readonly a: number }';

describe('the borders between rooms', () => {
  it('let a room import what the table lists, and refuse the way back', async () => {
    const files = {
      'src/inside/a.ts': a,
      'src/outside/b.ts': "import { a } from '../inside/a.ts'; export const b = a;",
      'src/inside/c.ts': "import { b } from '../outside/b.ts'; export const c = b;",
    };
    expect(await broken(files, inside, outside)).toEqual([
      'src/inside/c.ts -> src/outside/b.ts: src/inside/ may import nothing (rooms.ts)',
    ]);
  });

  it('see type imports', async () => {
    const files = {
      'src/outside/a.ts': a,
      'src/inside/b.ts': "import type { A } from '../outside/a.ts'; export const b: A = { a: 1 };",
    };
    expect(await broken(files, inside, outside)).toEqual([
      'src/inside/b.ts -> src/outside/a.ts: src/inside/ may import nothing (rooms.ts)',
    ]);
  });

  it('let a room that may have types alone import no values', async () => {
    const files = {
      'src/inside/a.ts': a,
      'src/outside/types.ts': "import type { A } from '../inside/a.ts'; export type B = A;",
      'src/outside/values.ts': "import { a } from '../inside/a.ts'; export const b = a;",
    };
    expect(await broken(files, inside, room('src/outside/', { types: ['src/inside/'] }))).toEqual([
      'src/outside/values.ts -> src/inside/a.ts: src/outside/ may import types from there, by import type, and no values (rooms.ts)',
    ]);
  });

  it('refuse circles, of types, too, in a room without borders', async () => {
    const files = {
      'src/inside/a.ts': "import type { B } from './b.ts'; export interface A { readonly b: B }",
      'src/inside/b.ts': "import type { A } from './a.ts'; export interface B { readonly a: A }",
    };
    const circle = await broken(files, room('src/inside/', { imports: [everything] }));
    expect(new Set(circle.map((sentence) => sentence.split(': ')[1]))).toEqual(
      new Set(['these import each other; move what they share into a file of its own']),
    );
    expect(circle[0]).toMatch(/^src\/inside\/(a.ts -> src\/inside\/b.ts|b.ts -> src\/inside\/a.ts)/);
  });

  it("refuse packages and modules of Node that are not in a room's list", async () => {
    const files = {
      'src/inside/a.ts':
        "import 'node:fs'; import 'node:crypto'; import type {} from 'kubernetes-types/core/v1.js'; import 'express';",
    };
    expect(await broken(files, room('src/inside/', { packages: ['node:crypto', 'kubernetes-types'] }))).toEqual([
      'src/inside/a.ts -> express: src/inside/ may import node:crypto, kubernetes-types (rooms.ts)',
      'src/inside/a.ts -> fs: src/inside/ may import node:crypto, kubernetes-types (rooms.ts)',
    ]);
  });

  it('let a file belong to the innermost room alone', async () => {
    const files = {
      'src/inside/deep/a.ts': a,
      'src/inside/b.ts': "import { a } from './deep/a.ts'; export const b = a;",
    };
    expect(await broken(files, inside, room('src/inside/deep/'))).toEqual([
      'src/inside/b.ts -> src/inside/deep/a.ts: src/inside/ may import nothing (rooms.ts)',
    ]);
  });

  it('let only tests import what is for tests', async () => {
    const files = {
      'src/inside/testing/build.ts': "import 'node:fs'; export const build = 1;",
      'src/inside/a.test.ts':
        "import { build } from './testing/build.ts'; import { it } from 'vitest'; it('is', () => build);",
      'src/inside/b.ts': "import { build } from './testing/build.ts'; export const b = build;",
    };
    expect(await broken(files, inside)).toEqual([
      'src/inside/b.ts -> src/inside/testing/build.ts: only tests may import a test or a testing/',
    ]);
  });
});
