/**
 * Writes what is made of other files and committed: the resources' types, the reference pages of definitions, the
 * REST API, the command line and metrics, and the table of rooms. `--check` writes nothing and fails when a file is
 * stale.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { apiPages } from './api-pages.ts';
import { cliPage } from './cli-page.ts';
import { definitionPages } from './definition-pages.ts';
import { metricsPage } from './metrics-page.ts';
import { resourceTypeFiles } from './resource-types.ts';
import { roomsTable } from './rooms-table.ts';

const check = process.argv.includes('--check');
for (const { target, text } of [
  ...(await resourceTypeFiles()),
  metricsPage(),
  ...apiPages(),
  cliPage(),
  ...(await definitionPages()),
  await roomsTable(),
]) {
  if (!check) {
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
  } else if ((await readFile(target, 'utf8').catch(() => '')) !== text) {
    console.error(`${target} is stale: run \`npm run generate\` and commit the result`);
    process.exitCode = 1;
  }
}
