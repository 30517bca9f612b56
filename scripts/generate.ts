/**
 * Writes what is made of other files and committed: the resources' types, docs/reference/, and the table of rooms.
 * `--check` writes nothing and fails when a file is stale.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { referencePages } from './reference-pages.ts';
import { resourceTypeFiles } from './resource-types.ts';
import { roomsTable } from './rooms-table.ts';

const check = process.argv.includes('--check');
for (const { target, text } of [...(await resourceTypeFiles()), ...(await referencePages()), await roomsTable()]) {
  if (!check) {
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
  } else if ((await readFile(target, 'utf8').catch(() => '')) !== text) {
    console.error(`${target} is stale: run \`npm run generate\` and commit the result`);
    process.exitCode = 1;
  }
}
