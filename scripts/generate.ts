/**
 * Writes what is made of other files and committed: the resources' types, docs/reference/, the table of rooms, and the
 * version wherever it stands beside package.json.
 * `--check` writes nothing and fails when a file is stale.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { GeneratedFile } from './generated-file.ts';
import { referencePages } from './reference-pages.ts';
import { resourceTypeFiles } from './resource-types.ts';
import { roomsTable } from './rooms-table.ts';
import { versionFiles } from './version.ts';

const check = process.argv.includes('--check');
async function put({ target, text }: GeneratedFile): Promise<void> {
  if (!check) {
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
  } else if ((await readFile(target, 'utf8').catch(() => '')) !== text) {
    console.error(`${target} is stale: run \`npm run generate\` and commit the result`);
    process.exitCode = 1;
  }
}

// First the version: a page of the reference is made of a file that has it.
for (const file of await versionFiles()) await put(file);
for (const file of [...(await resourceTypeFiles()), ...(await referencePages()), await roomsTable()]) await put(file);
