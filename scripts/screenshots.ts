/** Draws the pictures of docs/guides/console.md, from made-up data. */
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { startFakeApi } from '../test/console/fake-api.ts';
import { smallData } from '../test/console/fake-data.ts';
import { chromiumPath, launchChromium } from '../test/support/chromium.ts';
import { bundleConsole } from './console-bundle.ts';

interface Picture {
  readonly name: string;
  readonly hash: string;
  /** Drawn once this text is there. */
  readonly until: string;
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
}

const directory = fileURLToPath(new URL('../docs/images/', import.meta.url));
const mostBytes = 150_000;
const pictures: readonly Picture[] = [
  { name: 'console-tasks', hash: '#/tasks', until: 'housekeeping' },
  { name: 'console-timeline', hash: '#/timeline?range=1h', until: 'next time of a schedule' },
  { name: 'console-task', hash: '#/namespaces/shop/tasks/backup', until: 'BackoffLimitExceeded' },
  { name: 'console-flow', hash: '#/namespaces/shop/runs/etl-v4?tab=jobs', until: 'notify' },
  { name: 'console-logs', hash: '#/namespaces/shop/runs/migrate-v3?tab=logs', until: 'batch 40', dark: true },
  { name: 'console-compare', hash: '#/namespaces/shop/compare?a=migrate-v1&b=migrate-v2', until: 'busybox:1.36' },
  { name: 'console-telephone', hash: '#/tasks', until: 'housekeeping', width: 360, height: 640 },
];

await bundleConsole();
const fake = await startFakeApi(smallData());
const browser = await launchChromium(await chromiumPath());
try {
  for (const { name, hash, until, width = 1180, height = 640, dark = false } of pictures) {
    const page = await browser.newPage({
      viewport: { width, height },
      colorScheme: dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
    });
    await page.goto(`${fake.url}/${hash}`);
    await page.getByText(until).filter({ visible: true }).first().waitFor();
    const path = `${directory}${name}.png`;
    await page.screenshot({ path });
    await page.close();
    const { size } = await stat(path);
    if (size > mostBytes) throw new Error(`${name}.png has ${size} bytes; no more than ${mostBytes} are allowed`);
  }
} finally {
  await browser.close();
  await fake.close();
}
