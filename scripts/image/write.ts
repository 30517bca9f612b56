import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { ociArchive } from '../../sandbox/src/build/oci-image.ts';
import { architectureNames } from './architecture.ts';
import { controllerImage, repository, type ControllerImage } from './build.ts';

/** The name that the addon's Deployment has unless it is given another one. */
export const defaultName = `task-runs:${packageJson.version}`;

export interface WrittenImage {
  /** The OCI archive. */
  readonly archive: string;
  readonly bytes: number;
}

/** Writes an image's archive, and beside it the list of its contents, into dist/image. */
export async function writeImage({ image, sbom }: ControllerImage): Promise<WrittenImage> {
  const directory = join(repository, 'dist/image');
  await mkdir(directory, { recursive: true });
  const base = join(directory, `task-runs-${packageJson.version}-linux-${image.architecture}`);
  const content = ociArchive(image);
  await writeFile(`${base}.tar.new`, content);
  await rename(`${base}.tar.new`, `${base}.tar`);
  await writeFile(`${base}.cdx.json`, sbom);
  return { archive: `${base}.tar`, bytes: content.length };
}

/**
 * Builds the image under its default name.
 * @param architecture Go's word for it
 * @throws Error when there is no Node for it, or when it cannot be built
 */
export async function imageFor(architecture: string): Promise<ControllerImage> {
  const known = architectureNames.find((name) => name === architecture);
  if (known === undefined)
    throw new Error(`The image is made for ${architectureNames.join(' and ')}, not ${architecture}.`);
  return controllerImage(defaultName, known);
}

/** Builds it and writes it. @throws Error as {@link imageFor} does */
export async function writeControllerImage(architecture: string): Promise<WrittenImage> {
  return writeImage(await imageFor(architecture));
}
