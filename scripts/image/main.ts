/**
 * Builds the controller's image: `npm run image -- [--arch amd64] [--name task-runs:1] [--push registry/name:tag]`.
 * `--lock` takes Debian's newest packages into debian.lock.json.
 */
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { architectureNames, type Architecture } from './architecture.ts';
import { controllerImage, imageCache, repository } from './build.ts';
import { writeLock } from './debian.ts';
import { engineBuild } from './engine.ts';
import { push } from './push.ts';
import { defaultName, writeImage } from './write.ts';

const { values } = parseArgs({
  options: {
    name: { type: 'string', default: defaultName },
    arch: { type: 'string' },
    push: { type: 'string' },
    source: { type: 'string' },
    engine: { type: 'string' },
    lock: { type: 'boolean', default: false },
  },
});

function wanted(list: string): Architecture[] {
  return list.split(',').map((name) => {
    const found = architectureNames.find((known) => known === name);
    if (found === undefined) throw new Error(`ARCH=${name} is not one of ${architectureNames.join(', ')}.`);
    return found;
  });
}

const inMegabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

async function build(): Promise<void> {
  const images = [];
  for (const architecture of wanted(values.arch ?? architectureNames.join(',')))
    images.push(await controllerImage(values.push ?? values.name, architecture, values.source));
  const differences = new Set(images.flatMap((one) => one.differences));
  for (const difference of differences) console.error(`Not reproducible: ${difference}.`);
  for (const one of images) {
    const { archive, bytes } = await writeImage(one);
    console.log(`${relative(repository, archive)}: ${one.image.name}, ${inMegabytes(bytes)}`);
  }
  if (values.push === undefined) return;
  if (differences.size > 0)
    throw new Error(
      'Only what can be built again is pushed: commit what you changed, and take newer packages of Debian with `npm run image -- --lock`.',
    );
  const { digest, bytes } = await push(
    values.push,
    images.map((one) => one.image),
  );
  console.log(`${values.push}@${digest}: ${inMegabytes(bytes)} sent`);
  console.log(`vela addon enable dist/task-runs image=${values.push}`);
}

try {
  if (values.lock) await writeLock(architectureNames, imageCache);
  else if (values.engine !== undefined)
    engineBuild(values.engine, values.name, { PUSH: values.push, ARCH: values.arch, SOURCE: values.source });
  else await build();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
