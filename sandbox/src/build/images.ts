import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Context } from '../context.ts';
import { ociArchive, plainLayer, type Image } from './oci-image.ts';
import { programOf } from './programs.ts';
import type { TarEntry } from './tar.ts';

const run = promisify(execFile);

/** What every pod's first container runs. */
export const pauseImage = 'sandbox.task.oam.dev/pause:1';

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Writes the images that the sandbox's real node has, as archives to import. All but pause are Debian's static busybox
 * under the names that examples use: `ubuntu:22.04` here is not Ubuntu, but has a shell, sleep, echo and other basic
 * programs.
 */
export async function writeImages({ layout, programs }: Context): Promise<string[]> {
  const directory = join(layout.node, 'images');
  await mkdir(directory, { recursive: true });
  const busybox = await busyboxFiles(programOf(programs, 'busybox', 'busybox'));
  const pause = await readFile(programOf(programs, 'pause', 'pause'));
  const images: Image[] = [
    {
      name: pauseImage,
      layers: [plainLayer([{ path: 'pause', content: pause, mode: 0o755 }])],
      config: { Entrypoint: ['/pause'] },
    },
    { name: 'docker.io/library/busybox:1.36', layers: [plainLayer(busybox)], config: { Env: [path], Cmd: ['sh'] } },
    {
      name: 'docker.io/library/ubuntu:22.04',
      layers: [plainLayer([...busybox, ...ubuntuFiles])],
      config: { Env: [path], Cmd: ['sh'] },
    },
  ];
  return Promise.all(images.map((image) => writeImage(directory, image)));
}

async function writeImage(directory: string, image: Image): Promise<string> {
  const file = join(directory, `${image.name.replaceAll(/[/:]/g, '_')}.tar`);
  await writeFile(file, ociArchive(image));
  return file;
}

const ubuntuFiles: readonly TarEntry[] = [
  {
    path: 'etc/os-release',
    content: Buffer.from(
      'NAME="sandbox stand-in"\nPRETTY_NAME="busybox, standing in for ubuntu:22.04 in the sandbox"\nID=sandbox\n',
    ),
  },
  { path: 'bin/bash', content: Buffer.from('#!/bin/sh\nexec /bin/sh "$@"\n'), mode: 0o755 },
];

async function busyboxFiles(program: string): Promise<TarEntry[]> {
  const applets = (await run(program, ['--list'])).stdout
    .split('\n')
    .filter((name) => name !== '' && name !== 'busybox');
  const directories = ['bin', 'dev', 'etc', 'home', 'proc', 'root', 'sys', 'usr', 'usr/bin', 'usr/sbin', 'var'];
  return [
    ...directories.map((directory) => ({ path: `${directory}/`, directory: true }) as const),
    { path: 'tmp/', directory: true, mode: 0o1777 },
    { path: 'bin/busybox', content: await readFile(program), mode: 0o755 },
    ...applets.map((applet) => ({ path: `bin/${applet}`, link: '/bin/busybox' })),
    { path: 'usr/bin/env', link: '/bin/busybox' },
    {
      path: 'etc/passwd',
      content: Buffer.from('root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/sh\n'),
    },
    { path: 'etc/group', content: Buffer.from('root:x:0:\nnogroup:x:65534:\n') },
  ];
}
