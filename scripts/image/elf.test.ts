import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { librariesOf, loaderOf, withoutSymbols } from './elf.ts';

describe.skipIf(process.platform !== 'linux')('an ELF program', () => {
  const program = readFileSync(process.execPath);

  it('runs without its symbols, and is smaller', () => {
    const directory = mkdtempSync(join(tmpdir(), 'elf-'));
    try {
      const path = join(directory, 'node');
      writeFileSync(path, withoutSymbols(program), { mode: 0o755 });
      expect(execFileSync(path, ['-p', '6 * 7'], { encoding: 'utf8' })).toBe('42\n');
      expect(statSync(path).size).toBeLessThan(program.length);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('names its loader, and the libraries that ldd finds for it', () => {
    const found = execFileSync('ldd', [process.execPath], { encoding: 'utf8' });
    expect(found).toContain(loaderOf(program));
    for (const library of librariesOf(program)) expect(found).toContain(library);
    expect(librariesOf(program)).toContain('libc.so.6');
  });

  it('is refused when it is something else', () => {
    expect(() => librariesOf(Buffer.from('#!/bin/sh\n'))).toThrow('not an ELF file of 64 bits');
  });
});
