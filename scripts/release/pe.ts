/**
 * Programs of Windows (learn.microsoft.com/windows/win32/debug/pe-format). Node's own is signed, and a signature is no
 * longer true once something is put into the program: a wrong one alarms more programs than none does.
 */

const signatureEntry = 4;

/**
 * The program without its signature and checksum.
 * @throws Error when it is not a program of 64 bits for Windows
 */
export function withoutSignature(program: Buffer): Buffer {
  const copy = Buffer.from(program);
  const header = headerOf(copy);
  const entry = copy.subarray(header + 112 + signatureEntry * 8, header + 112 + (signatureEntry + 1) * 8);
  const [offset, size] = [entry.readUInt32LE(0), entry.readUInt32LE(4)];
  entry.fill(0);
  // Nothing but drivers needs one, and 0 stands for none.
  copy.writeUInt32LE(0, header + 64);
  if (offset === 0) return copy;
  if (offset + size !== copy.length)
    throw new Error('The signature is not at the end of the program: something was put behind it.');
  return copy.subarray(0, offset);
}

/** Whether the program names a signature. */
export function isSigned(program: Buffer): boolean {
  return program.readUInt32LE(headerOf(program) + 112 + signatureEntry * 8) !== 0;
}

/** Where the optional header begins. */
function headerOf(program: Buffer): number {
  const at = program.length > 64 && program.toString('latin1', 0, 2) === 'MZ' ? program.readUInt32LE(60) : Infinity;
  const header = at + 24;
  const isPe = header + 112 + 16 * 8 <= program.length && program.toString('latin1', at, at + 4) === 'PE\0\0';
  if (!isPe || program.readUInt16LE(header) !== 0x20b) throw new Error('not a program of 64 bits for Windows');
  return header;
}
