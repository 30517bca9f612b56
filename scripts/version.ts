/**
 * The version stands in package.json. What needs it in a file of its own is written from there: the addon's metadata,
 * the image that the addon takes by default, and the pages that name that image.
 */
import { readFile } from 'node:fs/promises';
import packageJson from '../package.json' with { type: 'json' };
import type { GeneratedFile } from './generated-file.ts';

/** A pre-release is one of these words: in the name of an archive, `-linux` follows the version. */
const anyVersion = String.raw`\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)(?:\.?\d+)*)?`;
/** The image, and the files of a release. */
const ofFiles = String.raw`task-runs(?::|(?:-definitions|-cli)?-)`;
const named = new RegExp(`(?<=${ofFiles})${anyVersion}`, 'g');

/** Where the version stands in each file; each has it at least once. */
const places: Readonly<Record<string, RegExp>> = {
  'metadata.yaml': new RegExp(`(?<=^version: )${anyVersion}$`, 'gm'),
  'addon/parameter.cue': named,
  'README.md': new RegExp(`(?<=${ofFiles}|^Version )${anyVersion}`, 'gm'),
  'docs/operations/install.md': named,
  'docs/tutorials/first-task.md': new RegExp(`(?<=${ofFiles}|^task-runs )${anyVersion}`, 'gm'),
  'sandbox/README.md': named,
  // The package itself, and nothing that it depends on.
  'package-lock.json': new RegExp(`(?<="name": "task-runs",\\s+"version": ")${anyVersion}`, 'g'),
};

/**
 * The files that name the version, with this one.
 * @throws Error where a file no longer names it
 */
export function versionFiles(version = packageJson.version): Promise<GeneratedFile[]> {
  return Promise.all(
    Object.entries(places).map(async ([target, place]) => {
      const text = await readFile(target, 'utf8');
      if (text.search(place) < 0) throw new Error(`${target} names no version: take it out of scripts/version.ts`);
      return { target, text: text.replace(place, version) };
    }),
  );
}
