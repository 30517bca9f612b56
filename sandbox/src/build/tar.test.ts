import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { tar } from './tar.ts';

const archive = tar([
  { path: 'bin/', directory: true },
  { path: 'bin/busybox', content: Buffer.from('x'.repeat(513)), mode: 0o755 },
  { path: 'bin/sh', link: '/bin/busybox' },
  { path: 'empty', content: Buffer.alloc(0) },
]);

describe('tar', () => {
  it('is read by tar as it was written', () => {
    const listing = execFileSync('tar', ['--list', '--verbose', '--numeric-owner', '--utc', '--file=-'], {
      input: archive,
    }).toString();
    expect(
      listing
        .trim()
        .split('\n')
        .map((line) => line.replace(/ +/g, ' ')),
    ).toEqual([
      'drwxr-xr-x 0/0 0 1970-01-01 00:00 bin/',
      '-rwxr-xr-x 0/0 513 1970-01-01 00:00 bin/busybox',
      'lrwxrwxrwx 0/0 0 1970-01-01 00:00 bin/sh -> /bin/busybox',
      '-rw-r--r-- 0/0 0 1970-01-01 00:00 empty',
    ]);
  });

  it('keeps the content, and whole blocks of 512 bytes', () => {
    const content = execFileSync('tar', ['--extract', '--to-stdout', '--file=-', 'bin/busybox'], {
      input: archive,
    }).toString();
    expect(content).toBe('x'.repeat(513));
    expect(archive.length % 512).toBe(0);
  });

  it('refuses a path that its header cannot hold', () => {
    expect(() => tar([{ path: 'a'.repeat(101), content: Buffer.alloc(0) }])).toThrow(
      'longer than the 100 bytes that tar holds',
    );
  });
});
