/** Chromium for tests, screenshots and benchmarks: Debian's own, which is installed where one may do that. */
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';

const run = promisify(execFile);
const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** It asks nobody for anything: no updates, no synchronisation, no experiments. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Where Chromium is. As root it is installed where it is missing.
 * @throws Error that says what to do where there is none
 */
export async function chromiumPath(): Promise<string> {
  const wanted = process.env['CHROMIUM'];
  if (wanted !== undefined) return wanted;
  const there = await firstOf(places);
  if (there !== undefined) return there;
  if (process.getuid?.() === 0)
    await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium', 'fonts-dejavu-core']).catch(
      () => undefined,
    );
  const installed = await firstOf(places);
  if (installed === undefined)
    throw new Error(
      'There is no Chromium: install it (apt-get install chromium), or say with CHROMIUM=/path where it is.',
    );
  return installed;
}

/** Starts it with a profile of its own, which goes when it is closed. */
export function launchChromium(executablePath: string, more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath, args: [...quiet, ...more], headless: true });
}

async function firstOf(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (there) return path;
  }
  return undefined;
}
