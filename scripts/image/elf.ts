/** What the image's builder reads of programs and libraries: ELF of 64 bits, little-endian (elf(5)). */

const loaded = 1;
const dynamic = 2;
const interpreter = 3;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/**
 * Leaves out what nobody needs to run a program: symbols and notes for debuggers, which stand behind its last segment.
 * That is what strip(1) does, without depending on a version of it.
 * @throws Error when it is not such an ELF file
 */
export function withoutSymbols(program: Buffer): Buffer {
  const ends = segmentsOf(program)
    .filter(({ type }) => type === loaded)
    .map(({ offset, size }) => offset + size);
  const kept = Buffer.from(program.subarray(0, Math.max(...ends)));
  // The table of sections was behind the last segment, too: its offset, and how many there are.
  kept.writeBigUInt64LE(0n, 0x28);
  kept.fill(0, 0x3c, 0x40);
  return kept;
}

/** @returns the path of the loader that starts this program; undefined for a library */
export function loaderOf(program: Buffer): string | undefined {
  const segment = segmentsOf(program).find(({ type }) => type === interpreter);
  return segment === undefined ? undefined : textAt(program, segment.offset);
}

/** @returns the names of the libraries that the loader finds for it, such as `libc.so.6` */
export function librariesOf(program: Buffer): string[] {
  const segments = segmentsOf(program);
  const table = segments.find(({ type }) => type === dynamic);
  if (table === undefined) return [];
  const entries = dynamicEntries(program, table);
  const strings = entries.find(({ tag }) => tag === 5)?.value ?? 0;
  const home = segments.find(
    ({ type, address, size }) => type === loaded && strings >= address && strings < address + size,
  );
  if (home === undefined) throw new Error('an ELF file whose names are not in it');
  const offset = strings - home.address + home.offset;
  return entries.filter(({ tag }) => tag === 1).map(({ value }) => textAt(program, offset + value));
}

function dynamicEntries(program: Buffer, { offset, size }: Segment): { tag: number; value: number }[] {
  return Array.from({ length: size / 16 }, (_, index) => ({
    tag: Number(program.readBigUInt64LE(offset + index * 16)),
    value: Number(program.readBigUInt64LE(offset + index * 16 + 8)),
  }));
}

function segmentsOf(program: Buffer): Segment[] {
  // Magic number, 64 bits, little-endian.
  if (program.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') throw new Error('not an ELF file of 64 bits');
  const first = Number(program.readBigUInt64LE(0x20));
  const width = program.readUInt16LE(0x36);
  return Array.from({ length: program.readUInt16LE(0x38) }, (_, index) => {
    const at = first + index * width;
    const [offset, address, , size] = [8, 16, 24, 32].map((field) => Number(program.readBigUInt64LE(at + field)));
    return { type: program.readUInt32LE(at), offset: offset ?? 0, address: address ?? 0, size: size ?? 0 };
  });
}

function textAt(program: Buffer, offset: number): string {
  return program.toString('latin1', offset, program.indexOf(0, offset));
}
