import { describe, expect, it } from 'vitest';
import { signAdHoc, signatureOf } from './mach-o.ts';

/** A program of 64 bits with two segments and room for load commands, which does nothing. */
function program(): Buffer {
  const file = Buffer.alloc(20_000, 7);
  file.fill(0, 0, 4096);
  [0xfeedfacf, 0x0100000c, 0, 2, 2, 152 + 72].forEach((word, index) => file.writeUInt32LE(word, index * 4));
  segment(file.subarray(32), { name: '__TEXT', offset: 0, size: 16_384, section: 4096 });
  segment(file.subarray(32 + 152), { name: '__LINKEDIT', offset: 16_384, size: 3_616 });
  return file;
}

function segment(
  at: Buffer,
  { name, offset, size, section }: { name: string; offset: number; size: number; section?: number },
): void {
  at.writeUInt32LE(0x19, 0);
  at.writeUInt32LE(section === undefined ? 72 : 152, 4);
  at.write(name, 8);
  at.writeBigUInt64LE(BigInt(offset), 40);
  at.writeBigUInt64LE(BigInt(size), 48);
  if (section === undefined) return;
  at.writeUInt32LE(1, 64);
  at.writeUInt32LE(section, 72 + 48);
}

describe('an ad-hoc signature', () => {
  it('covers the whole program', () => {
    const signed = signAdHoc(program(), 'task-runs');
    expect(signatureOf(signed)).toEqual({ identifier: 'task-runs', adhoc: true, changedPages: [] });
    const last = 19_999;
    signed.writeUInt8(8, last);
    expect(signatureOf(signed)?.changedPages).toEqual([4]);
  });

  it('is in the segment that the system maps for it', () => {
    const signed = signAdHoc(program(), 'task-runs');
    const links = 32 + 152;
    expect(signed.readBigUInt64LE(links + 40) + signed.readBigUInt64LE(links + 48)).toBe(BigInt(signed.length));
    expect(signed.readBigUInt64LE(links + 32) % 16_384n).toBe(0n);
  });

  it('is refused for what is signed, and for what is not such a program', () => {
    expect(() => signAdHoc(signAdHoc(program(), 'a'), 'b')).toThrow('The program is signed already.');
    expect(() => signAdHoc(Buffer.from('#!/bin/sh\n# nothing else, but long enough\n'), 'a')).toThrow(
      'not a Mach-O file of 64 bits',
    );
    const full = program();
    full.writeUInt32LE(32 + 152 + 72, 32 + 72 + 48);
    expect(() => signAdHoc(full, 'a')).toThrow('The program has no room for one more load command.');
  });
});
