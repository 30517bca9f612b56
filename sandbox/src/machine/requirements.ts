import { access, constants } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../refusal.ts';
import { portNames, portsOf, type Layout, type Ports, type Settings } from '../settings.ts';

/** A socket's path has at most 107 bytes; the longest of ours adds 30 to the directory. */
const longestDirectory = 75;

/**
 * Checks requirements that a retry cannot fix.
 * @throws Refusal with the remedy
 */
export async function checkMachine(settings: Pick<Settings, 'nodes'>, layout: Layout): Promise<void> {
  if (process.platform !== 'linux') {
    throw new Refusal(
      `The sandbox runs on Linux only, this is ${process.platform}: use a Linux machine or VM, or kind (see the README).`,
    );
  }
  if (settings.nodes === 'real') await checkRealNodes(layout);
}

async function checkRealNodes(layout: Layout): Promise<void> {
  if (layout.dir.length > longestDirectory) {
    throw new Refusal(
      `Sockets below ${layout.dir} would have names longer than Linux allows: move the repository to a shorter path.`,
    );
  }
  if (process.getuid?.() !== 0) {
    throw new Refusal(
      'Real nodes (--nodes real) run containers and need root: run as root, or choose --nodes simulated.',
    );
  }
  for (const tool of ['mount', 'umount', 'unshare', 'nsenter']) {
    if (!(await onPath(tool))) {
      throw new Refusal(
        `Real nodes (--nodes real) need the program ${tool}: install the packages util-linux and mount, or choose --nodes simulated.`,
      );
    }
  }
}

/** @returns where the program is, or undefined when it is nowhere on the PATH */
export async function onPath(program: string): Promise<string | undefined> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(directory, program);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

/** @throws Refusal naming the first port that somebody else has */
export async function checkPorts(ports: Ports): Promise<void> {
  for (const name of portNames) {
    if (await becomesFree(ports[name])) continue;
    throw new Refusal(
      `Port ${ports[name]} on 127.0.0.1, wanted for ${name}, is busy: stop what listens there, or choose other ports with --port-base.`,
    );
  }
}

/**
 * Ports that are free, for sandboxes that run beside others. Below 32768, so that no outgoing connection takes them.
 * This process listens on one more port as long as it lives, so that no other process that calls this gets the same.
 */
export async function freePorts(): Promise<Ports> {
  const width = portNames.length + 1;
  for (let attempt = 0; attempt < 1000; attempt++) {
    const claim = 18_000 + width * Math.floor(Math.random() * Math.floor(14_000 / width));
    const claimed = await listenOn(claim);
    if (claimed === undefined) continue;
    const numbers = portNames.map((_, index) => claim + 1 + index);
    const free = await Promise.all(numbers.map(isFree));
    if (free.every(Boolean)) return portsOf(numbers);
    claimed.close();
  }
  throw new Refusal('No free ports between 18000 and 32000 on 127.0.0.1: stop some servers.');
}

/** A process that was just killed holds its port for a moment longer. */
async function becomesFree(port: number): Promise<boolean> {
  const deadline = Date.now() + 2000;
  while (!(await isFree(port))) {
    if (Date.now() > deadline) return false;
    await sleep(50);
  }
  return true;
}

export async function isFree(port: number): Promise<boolean> {
  const server = await listenOn(port);
  if (server === undefined) return false;
  await new Promise((resolve) => server.close(resolve));
  return true;
}

/** @returns a server that does not keep this process alive; undefined where another program has the port */
function listenOn(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer().unref();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
