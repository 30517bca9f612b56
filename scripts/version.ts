/**
 * The version stands in package.json. What needs it in a file of its own is written from there: the addon's metadata,
 * the image that the addon takes by default, and the pages that name that image.
 */
import { readFile } from 'node:fs/promises';
import packageJson from '../package.json' with { type: 'json' };
import type { GeneratedFile } from './generated-file.ts';

const anyVersion = String.raw`\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?`;
const ofImage = new RegExp(`(?<=task-runs:)${anyVersion}`, 'g');

/** Where the version stands in each file; each has it at least once. */
const places: Readonly<Record<string, RegExp>> = {
  'metadata.yaml': new RegExp(`(?<=^version: )${anyVersion}$`, 'gm'),
  'addon/parameter.cue': ofImage,
  'README.md': new RegExp(`(?<=task-runs:|^Version )${anyVersion}`, 'gm'),
  'docs/operations/install.md': ofImage,
  'docs/tutorials/first-task.md': new RegExp(`(?<=task-runs:|^task-runs )${anyVersion}`, 'gm'),
};

/**
 * The files that name the version, with package.json's.
 * @throws Error where a file no longer names it
 */
export function versionFiles(): Promise<GeneratedFile[]> {
  return Promise.all(
    Object.entries(places).map(async ([target, place]) => {
      const text = await readFile(target, 'utf8');
      if (text.search(place) < 0) throw new Error(`${target} names no version: take it out of scripts/version.ts`);
      return { target, text: text.replace(place, packageJson.version) };
    }),
  );
}
