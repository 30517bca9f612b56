import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import { programOf, type Programs } from './build/programs.ts';
import { containerdSocket, inNode } from './machine/node-host.ts';
import { Refusal } from './refusal.ts';
import type { Layout } from './settings.ts';

const run = promisify(execFile);

/** Runs containerd's ctr in the node, among the kubelet's images. */
export function ctr(layout: Layout, programs: Programs, ...args: string[]): Promise<{ stdout: string }> {
  const entered = inNode(layout, programOf(programs, 'containerd', 'ctr'), [
    `--address=${containerdSocket(layout)}`,
    '--namespace=k8s.io',
    ...args,
  ]);
  return run(entered.command, entered.args);
}

/**
 * Gives the real node an image, as its registry is not reachable.
 * @param archive an OCI archive, or one of `docker save`
 * @throws Refusal when there is no such file, or when it is not an archive of an image
 */
export async function loadImage(layout: Layout, programs: Programs, archive: string): Promise<void> {
  await access(archive).catch(() => {
    throw new Refusal(`There is no file ${archive}: name an OCI archive, such as one that make image writes.`);
  });
  try {
    await ctr(layout, programs, 'images', 'import', '--local', archive);
  } catch (error) {
    throw new Refusal(`containerd cannot import ${archive}: ${(error as { stderr?: string }).stderr?.trim()}`);
  }
}
