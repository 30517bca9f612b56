import { describe, expect, it } from 'vitest';
import { isSigned, withoutSignature } from './pe.ts';

const at = 128;
const header = at + 24;

/** A program that does nothing, of 1000 bytes, and a signature of 24 behind them. */
function signed(): Buffer {
  const file = Buffer.alloc(1_024, 7);
  file.fill(0, 0, 500);
  file.write('MZ', 0);
  file.writeUInt32LE(at, 60);
  file.write('PE\0\0', at);
  file.writeUInt16LE(0x20b, header);
  file.writeUInt32LE(12_345, header + 64);
  file.writeUInt32LE(1_000, header + 112 + 32);
  file.writeUInt32LE(24, header + 112 + 36);
  return file;
}

describe("a program of Windows without its maker's signature", () => {
  it('ends before it, and names neither it nor a checksum', () => {
    const before = signed();
    const bare = withoutSignature(before);
    expect([isSigned(before), isSigned(bare)]).toEqual([true, false]);
    expect(bare.length).toBe(1_000);
    expect(bare.readUInt32LE(header + 64)).toBe(0);
    expect(bare.subarray(500).equals(before.subarray(500, 1_000))).toBe(true);
    expect(withoutSignature(bare).equals(bare)).toBe(true);
  });

  it('is refused where something stands behind the signature, and for what is another kind of file', () => {
    expect(() => withoutSignature(Buffer.concat([signed(), Buffer.alloc(8)]))).toThrow(
      'The signature is not at the end of the program: something was put behind it.',
    );
    expect(() => withoutSignature(Buffer.from('#!/bin/sh\n'))).toThrow('not a program of 64 bits for Windows');
    const other = signed();
    other.writeUInt16LE(0x10b, header);
    expect(() => withoutSignature(other)).toThrow('not a program of 64 bits for Windows');
  });
});
