/** A file of a tar archive: a directory, a symbolic link, or content. */
export type TarEntry =
  | { readonly path: string; readonly directory: true; readonly mode?: number }
  | { readonly path: string; readonly link: string }
  | { readonly path: string; readonly content: Buffer; readonly mode?: number };

const blockSize = 512;

/**
 * Packs entries into a tar archive (POSIX ustar), owned by root, dated 1970: equal entries give equal bytes.
 * @throws RangeError for a path longer than the 100 bytes that a plain header holds
 */
export function tar(entries: readonly TarEntry[]): Buffer {
  const end = Buffer.alloc(2 * blockSize);
  return Buffer.concat([...entries.flatMap(blocksOf), end]);
}

function blocksOf(entry: TarEntry): Buffer[] {
  if ('directory' in entry) return [header(entry.path, '5', entry.mode ?? 0o755, 0)];
  if ('link' in entry) return [header(entry.path, '2', 0o777, 0, entry.link)];
  const padding = Buffer.alloc((blockSize - (entry.content.length % blockSize)) % blockSize);
  return [header(entry.path, '0', entry.mode ?? 0o644, entry.content.length), entry.content, padding];
}

function header(path: string, type: string, mode: number, size: number, link = ''): Buffer {
  for (const name of [path, link]) {
    if (Buffer.byteLength(name) > 100) throw new RangeError(`${name} is longer than the 100 bytes that tar holds`);
  }
  const block = Buffer.alloc(blockSize);
  block.write(path, 0);
  writeOctal(block, mode, 100, 8);
  writeOctal(block, 0, 108, 8);
  writeOctal(block, 0, 116, 8);
  writeOctal(block, size, 124, 12);
  writeOctal(block, 0, 136, 12);
  block.write(type, 156);
  block.write(link, 157);
  block.write('ustar\x0000', 257);
  // The sum is taken with spaces in its own place.
  block.fill(' ', 148, 156);
  writeOctal(
    block,
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return block;
}

function writeOctal(block: Buffer, value: number, offset: number, width: number): void {
  block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, offset);
}
