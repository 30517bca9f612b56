/**
 * An ad-hoc signature for a program of macOS, which starts no arm64 program without one: what `codesign --sign -` does,
 * where there is no macOS. It says that the bytes are whole, not whose they are.
 *
 * The form is that of Apple's headers mach-o/loader.h and kern/cs_blobs.h; all of a signature is big-endian.
 */
import { createHash } from 'node:crypto';

const magic64 = 0xfeedfacf;
const segmentCommand = 0x19;
const signatureCommand = 0x1d;
const headerBytes = 32;
const pageBytes = 4096;
/** Segments are mapped in pages of arm64's size. */
const mappedBytes = 16384;
const hashBytes = 32;
/** Version 0x20400, the first that says where the program's segment is. */
const directoryHeaderBytes = 88;
const superBlobBytes = 20;
const adhoc = 0x2;

interface Segment {
  /** Where its load command is. */
  readonly at: number;
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  /** Where its first section with content begins, and the load commands must end. */
  readonly firstSection: number | undefined;
}

interface Commands {
  readonly segments: readonly Segment[];
  readonly signature: number | undefined;
  readonly end: number;
}

/**
 * @param program a Mach-O file of 64 bits without a signature
 * @param identifier its name in the signature, such as `task-runs`
 * @returns the program with a signature at its end
 * @throws Error when it is not such a file, has a signature, or no room for the load command
 */
export function signAdHoc(program: Buffer, identifier: string): Buffer {
  const { segments, signature, end } = commandsOf(program);
  if (signature !== undefined) throw new Error('The program is signed already.');
  const text = named(segments, '__TEXT');
  const links = named(segments, '__LINKEDIT');
  if (links.offset + links.size !== program.length) throw new Error('The program does not end with __LINKEDIT.');
  if (end + 16 > Math.min(...segments.map(({ firstSection = Infinity }) => firstSection)))
    throw new Error('The program has no room for one more load command.');
  const limit = Math.ceil(program.length / 16) * 16;
  const size = superBlobBytes + directoryBytes(identifier, limit);
  const signed = Buffer.alloc(limit + size);
  program.copy(signed);

  signed.writeUInt32LE(signed.readUInt32LE(16) + 1, 16);
  signed.writeUInt32LE(signed.readUInt32LE(20) + 16, 20);
  for (const [index, value] of [signatureCommand, 16, limit, size].entries())
    signed.writeUInt32LE(value, end + 4 * index);
  const linked = limit + size - links.offset;
  signed.writeBigUInt64LE(BigInt(Math.ceil(linked / mappedBytes) * mappedBytes), links.at + 32);
  signed.writeBigUInt64LE(BigInt(linked), links.at + 48);

  writeSignature(signed.subarray(limit), identifier, hashesOf(signed, limit), { limit, text });
  return signed;
}

interface Signed {
  /** Everything before it is covered by the hashes. */
  readonly limit: number;
  readonly text: Segment;
}

function writeSignature(blob: Buffer, identifier: string, hashes: readonly Buffer[], { limit, text }: Signed): void {
  const words = (values: readonly number[], at: number): void =>
    values.forEach((value, index) => blob.writeUInt32BE(value, at + 4 * index));
  // A super blob with one blob in it: the code directory.
  words([0xfade0cc0, blob.length, 1, 0, superBlobBytes], 0);
  const hashOffset = directoryHeaderBytes + Buffer.byteLength(identifier) + 1;
  words(
    [
      0xfade0c02,
      blob.length - superBlobBytes,
      0x20400,
      adhoc,
      hashOffset,
      directoryHeaderBytes,
      0,
      hashes.length,
      limit,
    ],
    superBlobBytes,
  );
  // The size of a hash, SHA-256's number, no platform, and the logarithm of the page's size.
  blob.set([hashBytes, 2, 0, Math.log2(pageBytes)], superBlobBytes + 36);
  blob.writeBigUInt64BE(BigInt(text.offset), superBlobBytes + 64);
  blob.writeBigUInt64BE(BigInt(text.size), superBlobBytes + 72);
  // The program itself, not a library.
  blob.writeBigUInt64BE(1n, superBlobBytes + 80);
  blob.write(identifier, superBlobBytes + directoryHeaderBytes);
  hashes.forEach((hash, index) => hash.copy(blob, superBlobBytes + hashOffset + index * hashBytes));
}

const directoryBytes = (identifier: string, limit: number): number =>
  directoryHeaderBytes + Buffer.byteLength(identifier) + 1 + Math.ceil(limit / pageBytes) * hashBytes;

function hashesOf(program: Buffer, limit: number): Buffer[] {
  return Array.from({ length: Math.ceil(limit / pageBytes) }, (_, page) =>
    createHash('sha256')
      .update(program.subarray(page * pageBytes, Math.min((page + 1) * pageBytes, limit)))
      .digest(),
  );
}

export interface Signature {
  readonly identifier: string;
  readonly adhoc: boolean;
  /** Pages whose bytes are not those that were signed. */
  readonly changedPages: readonly number[];
}

/**
 * Reads a signature as macOS does before it starts the program, Apple's own included.
 * @returns undefined for a program without one
 */
export function signatureOf(program: Buffer): Signature | undefined {
  const { signature } = commandsOf(program);
  if (signature === undefined) return undefined;
  const blob = program.subarray(program.readUInt32LE(signature + 8));
  const index = Array.from({ length: blob.readUInt32BE(8) }, (_, entry) => 12 + entry * 8);
  const place = index.find((at) => blob.readUInt32BE(at) === 0);
  const directory = blob.subarray(place === undefined ? 0 : blob.readUInt32BE(place + 4));
  if (directory.readUInt32BE(0) !== 0xfade0c02 || directory[37] !== 2)
    throw new Error('The signature has no code directory of SHA-256.');
  const hashOffset = directory.readUInt32BE(16);
  const name = directory.readUInt32BE(20);
  const wanted = hashesOf(program, directory.readUInt32BE(32));
  return {
    identifier: directory.toString('utf8', name, directory.indexOf(0, name)),
    adhoc: (directory.readUInt32BE(12) & adhoc) !== 0,
    changedPages: wanted.flatMap((hash, page) =>
      hash.equals(directory.subarray(hashOffset + page * hashBytes, hashOffset + (page + 1) * hashBytes)) ? [] : [page],
    ),
  };
}

function commandsOf(program: Buffer): Commands {
  if (program.readUInt32LE(0) !== magic64) throw new Error('not a Mach-O file of 64 bits');
  const segments: Segment[] = [];
  let signature: number | undefined;
  let at = headerBytes;
  for (let left = program.readUInt32LE(16); left > 0; left -= 1) {
    const command = program.readUInt32LE(at);
    if (command === segmentCommand) segments.push(segmentAt(program, at));
    if (command === signatureCommand) signature = at;
    at += program.readUInt32LE(at + 4);
  }
  return { segments, signature, end: at };
}

function segmentAt(program: Buffer, at: number): Segment {
  const sections = Array.from({ length: program.readUInt32LE(at + 64) }, (_, index) =>
    program.readUInt32LE(at + 72 + index * 80 + 48),
  ).filter((offset) => offset > 0);
  return {
    at,
    name: program.toString('latin1', at + 8, at + 24).replace(/\0.*$/s, ''),
    offset: Number(program.readBigUInt64LE(at + 40)),
    size: Number(program.readBigUInt64LE(at + 48)),
    firstSection: sections.length === 0 ? undefined : Math.min(...sections),
  };
}

function named(segments: readonly Segment[], name: string): Segment {
  const found = segments.find((segment) => segment.name === name);
  if (found === undefined) throw new Error(`The program has no segment ${name}.`);
  return found;
}
