import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { tar, type TarEntry } from '../../sandbox/src/build/tar.ts';

/** Packs files, dated 1970, sorted by their paths: equal files give equal bytes. */
export function tgz(files: readonly TarEntry[]): Promise<Buffer> {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  // zlib writes no time into its header; the level is named, as defaults change.
  return promisify(gzip)(tar(sorted), { level: 9 });
}
