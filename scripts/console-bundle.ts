/** Bundles the console, and sees to it that it stays small. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { writeBundledPackages } from './bundled-packages.ts';

const root = fileURLToPath(new URL('../console', import.meta.url));

/** Where the console is, for whoever serves it. */
export const consoleDirectory = fileURLToPath(new URL('../dist/console', import.meta.url));

const mostBytes = 200_000;

/**
 * Builds dist/console. File names carry a hash of their content, so that browsers may keep them for ever.
 * @returns its size, compressed
 * @throws Error when it is larger than 200 kB
 */
export async function bundleConsole(): Promise<number> {
  const built = (await build({
    root,
    configFile: false,
    base: './',
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    // Everything is a file of its own: the content security policy allows no data: URLs for scripts and styles.
    build: { outDir: consoleDirectory, emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  })) as Rolldown.RolldownOutput;
  await writeBundledPackages(
    'console',
    built.output.flatMap((part) => (part.type === 'chunk' ? Object.keys(part.modules) : [])),
  );
  const bytes = await compressedBytes(consoleDirectory);
  if (bytes > mostBytes)
    throw new Error(`the console has ${bytes} bytes when compressed; no more than ${mostBytes} are allowed`);
  return bytes;
}

async function compressedBytes(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFile(join(parentPath, name)));
  return (await Promise.all(files)).reduce((sum, content) => sum + gzipSync(content).length, 0);
}
