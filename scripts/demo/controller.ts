import { spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isFree } from '../../sandbox/src/machine/requirements.ts';
import { endAll, marksOf, ownedProcesses } from '../../sandbox/src/machine/processes.ts';
import { repository, type Layout } from '../../sandbox/src/settings.ts';

const part = 'task-runs-controller';
const startSeconds = 60;
/** As of the addon's Service. */
const apiPort = 8090;

export interface DemoController {
  /** Where its log is. */
  readonly log: string;
  /** Where its REST API and the console are. */
  readonly server: string;
}

/** Ends the controller that runs beside the sandbox, if there is one. */
export async function endController(layout: Layout): Promise<void> {
  await endAll(
    async () => (await ownedProcesses(layout.dir)).filter((owned) => owned.part === part).map(({ pid }) => pid),
    10_000,
  );
}

/**
 * Starts the bundled controller beside the sandbox, in the place of one that runs there already, with an archive in the
 * sandbox's directory. It carries the sandbox's mark, so `make down` ends it.
 *
 * @param kubeconfig of the addon's service account
 * @throws Error with its last words when it does not start
 */
export async function startController(layout: Layout, kubeconfig: string): Promise<DemoController> {
  await endController(layout);
  await mkdir(layout.logs, { recursive: true });
  const path = join(layout.logs, `${part}.log`);
  const log = await open(path, 'w');
  const main = join(repository, 'dist/controller/main.js');
  const apiAddress = `127.0.0.1:${(await isFree(apiPort)) ? apiPort : 0}`;
  const child = spawn(
    process.execPath,
    [
      main,
      '--kubeconfig',
      kubeconfig,
      '--address',
      '127.0.0.1:0',
      '--api-address',
      apiAddress,
      '--archive',
      join(layout.dir, 'archive.db'),
    ],
    {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { ...process.env, ...marksOf(layout.dir, part) },
    },
  );
  child.unref();
  await log.close();
  const deadline = Date.now() + startSeconds * 1000;
  for (;;) {
    const text = await readFile(path, 'utf8');
    const port = /"apiPort":(\d+)/.exec(text)?.[1];
    if (port !== undefined && text.includes('"msg":"leading"'))
      return { log: path, server: `http://127.0.0.1:${port}` };
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`The controller did not start: ${text.trim().split('\n').at(-1) ?? ''}`);
    await delay(100);
  }
}
