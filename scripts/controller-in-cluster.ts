import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, ociArchive, thisArchitecture } from '../sandbox/src/build/oci-image.ts';
import { enable, type EnableOptions } from './enable-addon.ts';
import { fullName } from './image/build.ts';
import { defaultName, imageFor } from './image/write.ts';
import type { Kubectl } from './kubectl.ts';

export interface NamedImage {
  /** Names its content, so that a Deployment with it changes when, and only when, the image does. */
  readonly name: string;
  /** The OCI archive. */
  readonly archive: Buffer;
}

/**
 * Builds the controller's image for this machine from dist/, under a name of its own.
 * @throws Error when it cannot be built
 */
export async function buildNamedImage(): Promise<NamedImage> {
  const { image } = await imageFor(thisArchitecture);
  const digest = buildImage(image).manifest.digest.replace('sha256:', '').slice(0, 12);
  const name = `${defaultName}-${digest}`;
  return { name, archive: ociArchive({ ...image, name: fullName(name) }) };
}

export interface InClusterOptions extends EnableOptions {
  readonly kubectl: Kubectl;
  readonly image: NamedImage;
  /** Gives the node the image of an archive, which is a file. */
  readonly load: (archive: string) => Promise<void>;
}

const system = '--namespace=vela-system';
const rolledOutWithin = '--timeout=180s';

/**
 * Enables the addon as people do, with a controller in the cluster, and waits until its Deployment has rolled out.
 * @throws Error with the events and the last lines of the pod, when it does not become ready
 */
export async function startInCluster({ kubectl, image, load, ...options }: InClusterOptions): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'controller-image-'));
  try {
    const file = join(scratch, 'image.tar');
    await writeFile(file, image.archive);
    await load(file);
  } finally {
    await rm(scratch, { recursive: true });
  }
  await enable(options, { image: image.name });
  await kubectl(['rollout', 'status', 'deployment/task-runs', system, rolledOutWithin]).catch(
    async (cause: unknown) => {
      throw new Error(`The controller's pod does not become ready. ${await lastWords(kubectl)}`, { cause });
    },
  );
}

async function lastWords(kubectl: Kubectl): Promise<string> {
  const asked = [
    ['logs', 'deployment/task-runs', system, '--tail=5'],
    ['get', 'events', system, '--field-selector=type=Warning', '--output=jsonpath={.items[*].message}'],
  ];
  const answers = await Promise.all(asked.map((args) => kubectl(args).catch((error: unknown) => String(error))));
  return answers.map((answer) => answer.trim()).join('\n');
}
