import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { createCue } from '../../cue/ts/index.ts';
import { ociArchive } from '../../sandbox/src/build/oci-image.ts';
import { renderAddon } from '../addon-files.ts';
import { commit, taggedCommit, type Commit } from '../commit.ts';
import { architectureNames } from '../image/architecture.ts';
import { controllerImage, imageCache, repository } from '../image/build.ts';
import { nodePackage } from '../image/node.ts';
import { defaultName } from '../image/write.ts';
import { addonPackage, indexOf } from './addon-package.ts';
import { cliContents } from './cli-contents.ts';
import { executable, platforms } from './executables.ts';
import { manifestsOf } from './manifests.ts';
import { notesOf, withAddresses } from './notes.ts';
import { checkReady } from './ready.ts';
import { keptFile, keptText } from './schemas.ts';
import { tgz } from './tgz.ts';

const version = packageJson.version;
const addon = join(repository, 'dist/task-runs');
const target = join(repository, 'dist/release');

export interface ReleaseOptions {
  /** A release that nobody publishes: of a working tree with changes, with the notes of what is unreleased. */
  readonly draft: boolean;
  /** What the addon's Deployment runs unless its user names another image. */
  readonly image?: string | undefined;
  /** The file of the registry's index of before, whose other versions stay in it. */
  readonly earlierIndex?: string | undefined;
  /** The address of the folder in which the addon's package will be; left out: that of the index. */
  readonly base?: string | undefined;
  /** The repository's address: the images' label, and where links of the notes lead. */
  readonly source?: string | undefined;
}

/** Takes one file of the release. */
type Write = (file: string, content: Buffer | string) => Promise<void>;

/**
 * Writes all files of a release into dist/release. dist/task-runs, dist/controller, dist/console and dist/cli must be
 * built.
 * @throws Error that says what is missing
 */
export async function release(options: ReleaseOptions): Promise<void> {
  const source = commit();
  if (source.changed && !options.draft)
    throw new Error('Files differ from the commit: commit them, or make a draft (make release DRAFT=1).');
  const notes = notesOf(
    await readFile(join(repository, 'CHANGELOG.md'), 'utf8'),
    options.draft ? 'Unreleased' : version,
  );
  if (!options.draft) await checkCommit(source);
  const earlier = await textOfIndex(options.earlierIndex);
  const draft = `${target}.${process.pid}`;
  await mkdir(draft, { recursive: true });
  const sums = new Map<string, string>();
  const write: Write = async (file, content) => {
    await writeFile(join(draft, file), content);
    sums.set(file, createHash('sha256').update(content).digest('hex'));
    console.log(`dist/release/${file}: ${inMegabytes(content.length)}`);
  };
  try {
    const tree = options.source && `${options.source}/blob/${options.draft ? source.revision : `v${version}`}`;
    await write('RELEASE-NOTES.md', tree === undefined ? notes : withAddresses(notes, tree));
    await writeAddon(write, source, options, earlier);
    await writeManifests(write, options.image);
    // What is refused is refused before the command line is made, which takes longest.
    await writeImages(write, options);
    await writeCommandLine(write);
    await writeFile(join(draft, 'SHA256SUMS'), sumsText(sums));
    await rm(target, { recursive: true, force: true });
    await rename(draft, target);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function checkCommit({ revision }: Commit): Promise<void> {
  const file = join(repository, keptFile(version));
  checkReady({
    version,
    revision,
    tagged: taggedCommit(`v${version}`),
    keptSchemas: await readFile(file, 'utf8').catch(() => undefined),
    schemas: await keptText(),
  });
}

async function textOfIndex(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new Error(
      `INDEX=${file}, the index of the registry of before, cannot be read: ${(cause as Error).message}.`,
      { cause },
    );
  }
}

const inMegabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e6 ? 3 : 1)} MB`;

/** As `sha256sum --check` reads it. */
function sumsText(sums: ReadonlyMap<string, string>): string {
  return [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, sum]) => `${sum}  ${file}\n`)
    .join('');
}

async function writeAddon(
  write: Write,
  { created }: Commit,
  { image, base }: ReleaseOptions,
  earlier: string | undefined,
): Promise<void> {
  const packed = await addonPackage(addon, image);
  await write(packed.file, packed.content);
  await write('index.yaml', indexOf(packed, created, { earlier, base }));
}

async function writeManifests(write: Write, image: string | undefined): Promise<void> {
  const cue = await createCue({ version: '0.9.2', deadlineMs: 20_000 });
  const rendered = await renderAddon(cue, addon, image === undefined ? {} : { image }).finally(() => cue.close());
  const { cluster, kubevela } = manifestsOf(rendered);
  await write(`task-runs-${version}.yaml`, cluster);
  await write(`task-runs-definitions-${version}.yaml`, kubevela);
}

async function writeCommandLine(write: Write): Promise<void> {
  const nodes = await Promise.all(platforms.map(({ node }) => nodePackage(node, imageCache)));
  const contents = await cliContents(version, nodes);
  const ours = await readFile(join(repository, 'LICENSE'));
  for (const [index, platform] of platforms.entries()) {
    const node = nodes[index];
    if (node === undefined) continue;
    const archive = await tgz([
      { path: platform.program, content: await executable(platform, node), mode: 0o755 },
      { path: 'LICENSE', content: ours },
      { path: 'LICENSE-node', content: node.license },
      { path: 'third-party-licenses.txt', content: contents.licences },
    ]);
    await write(`task-runs-cli-${version}-${platform.name}.tar.gz`, archive);
  }
  await write(`task-runs-cli-${version}.cdx.json`, contents.sbom);
}

async function writeImages(write: Write, { image = defaultName, draft, source }: ReleaseOptions): Promise<void> {
  for (const architecture of architectureNames) {
    const built = await controllerImage(image, architecture, source);
    for (const difference of built.differences) {
      if (!draft)
        throw new Error(
          `The image is not reproducible: ${difference}. \`npm run image -- --lock\` takes newer packages of Debian.`,
        );
      console.error(`Not reproducible: ${difference}.`);
    }
    await write(`task-runs-${version}-linux-${architecture}.tar`, ociArchive(built.image));
    await write(`task-runs-${version}-linux-${architecture}.cdx.json`, built.sbom);
  }
}
