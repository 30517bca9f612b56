/** Whoever follows a tutorial sees what it says: each of its shell blocks is run, in one shell, as it stands. */
import { cp, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf, fencesOf, missingLines, repository, runBlocks, type Block } from './tutorial.ts';
import { aNamespace, kubectl, place } from './user.ts';

const tutorials = (await readdir(join(repository, 'docs/tutorials'))).map((file) => file.replace(/\.md$/, '')).sort();
const fences = new Map(await Promise.all(tutorials.map(async (name) => [name, await fencesOf(name)] as const)));
const blocks = (name: string): readonly Block[] => blocksOf(fences.get(name) ?? []);

/** What the others ask for: the command line in the reader's shell. It is the first block there that is run. */
const preparation = blocks('first-task')
  .filter(({ notRun }) => notRun === undefined)
  .slice(0, 1);

/** As a clone of the repository is to a reader, with a copy of what a tutorial may change. */
let clone: string;
beforeAll(async () => {
  clone = await mkdtemp(join(tmpdir(), 'tutorials-'));
  for (const name of ['dist', 'node_modules']) await symlink(join(repository, name), join(clone, name));
  await cp(join(repository, 'examples'), join(clone, 'examples'), { recursive: true });
});
afterAll(() => rm(clone, { recursive: true, force: true }));

/** The environment of a reader whose kubeconfig is of one namespace. */
async function reader(namespace: string): Promise<NodeJS.ProcessEnv> {
  const kubeconfig = join(clone, `${namespace}.kubeconfig`);
  await writeFile(kubeconfig, await kubectl(['config', 'view', '--raw', '--flatten']), { mode: 0o600 });
  await kubectl(['config', 'set-context', '--current', `--namespace=${namespace}`, `--kubeconfig=${kubeconfig}`]);
  return {
    PATH: [dirname(place.kubectl), process.env['PATH']].join(delimiter),
    HOME: clone,
    KUBECONFIG: kubeconfig,
    NAMESPACE: namespace,
  };
}

/** The controller's address, where the page has the reader set it: there the tests set their own. */
function serverOf(name: string): NodeJS.ProcessEnv {
  const isSet = blocks(name).some(({ code }) => code.includes('export TASK_RUNS_SERVER='));
  return isSet ? { TASK_RUNS_SERVER: `http://127.0.0.1:${place.apiPort}` } : {};
}

describe('the tutorials', () => {
  it.each(tutorials)('%s says why a shell block is not run, and has no other kind of command', (name) => {
    const languages = new Set(fences.get(name)?.map(({ language }) => language));
    expect([...languages].filter((language) => !['shell', 'text', 'yaml'].includes(language))).toEqual([]);
    for (const { notRun } of blocks(name)) expect(notRun ?? 'run').not.toBe('');
  });

  // Simulated pods print nothing and never fail.
  it.runIf(place.pods === 'real').each(tutorials)('%s works as it stands', async (name) => {
    const env = { ...(await reader(await aNamespace('tutorial'))), ...serverOf(name) };
    const own = blocks(name).filter(({ notRun }) => notRun === undefined);
    const printed = await runBlocks(name === 'first-task' ? own : [...preparation, ...own], { cwd: clone, env });
    for (const block of own) {
      const output = printed.get(block.line) ?? '';
      expect(missingLines(block, output), `docs/tutorials/${name}.md:${block.line} printed\n${output}`).toEqual([]);
    }
  });
});
