import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../support/chromium.ts';
import { openConsole } from './browser.ts';
import { startFakeApi, type FakeApi } from './fake-api.ts';
import { smallData } from './fake-data.ts';

describe.skipIf(inject('chromium') === '')('logs', () => {
  let browser: Browser;
  let fake: FakeApi;
  beforeAll(async () => {
    browser = await launchChromium(inject('chromium'));
  });
  beforeEach(async () => {
    fake = await startFakeApi(smallData());
  });
  afterEach(() => fake.close());
  afterAll(() => browser?.close());

  const print = (lines: readonly string[]) =>
    fake.data.logs.get('shop/migrate-v3')?.push(
      ...lines.map((line) => ({
        time: new Date().toISOString(),
        run: 'migrate-v3',
        pod: 'migrate-v3-x7k2p',
        container: 'main',
        line,
      })),
    );
  const log = (page: Page) => page.getByRole('log', { name: 'Logs of migrate-v3' });
  const scrolled = (page: Page) =>
    page.evaluate<number>(
      "(({ scrollHeight, clientHeight, scrollTop }) => Math.round(scrollHeight - clientHeight - scrollTop))(document.querySelector('.log'))",
    );

  test('markup is text, colours are classes, and what has no picture gets one', async () => {
    const { page, close } = await openConsole(browser, fake.url, '#/namespaces/shop/runs/migrate-v3?tab=logs');
    await log(page).getByText('<b>bold</b> & <script>alert(1)</script>').waitFor();
    expect(await log(page).locator('b, script').count()).toBe(0);
    expect(await log(page).getByText('connected', { exact: true }).getAttribute('class')).toBe('ansi-2');
    await log(page).getByText('bytes ␀␁<U+202E> end').waitFor();
    await close();
  });

  test('new lines come by themselves, and the view stays at the end unless somebody scrolls up', async () => {
    const { page, close } = await openConsole(browser, fake.url, '#/namespaces/shop/runs/migrate-v3?tab=logs');
    await log(page).getByText('batch 40 of 40').waitFor();
    print(Array.from({ length: 50 }, (_, index) => `new ${index}`));
    await log(page).getByText('new 49').waitFor();
    expect(await scrolled(page)).toBeLessThan(24);
    await page.evaluate("document.querySelector('.log').scrollTop = 100");
    await page.waitForTimeout(50);
    print(['while reading']);
    await log(page).getByText('while reading').waitFor({ state: 'attached' });
    expect(await scrolled(page)).toBeGreaterThan(100);
    await close();
  });

  test('ten thousand lines are kept, and it is said what was dropped; a long line is cut', async () => {
    const { page, close } = await openConsole(browser, fake.url, '#/namespaces/shop/runs/migrate-v3?tab=logs&tail=all');
    print([...Array.from({ length: 12_000 }, (_, index) => `line ${index}`), 'x'.repeat(12_345)]);
    await page.getByText(/older lines dropped/).waitFor();
    await log(page).getByText('2,345 more characters').waitFor();
    expect(await log(page).locator('.log-line').count()).toBeLessThanOrEqual(10_000);
    await close();
  });

  test('logs are searched, and the address says for what', async () => {
    const { page, close } = await openConsole(browser, fake.url, '#/namespaces/shop/tasks/migrate?tab=logs');
    await page.getByRole('searchbox', { name: 'Search the logs' }).fill('CONNECTED');
    await page.keyboard.press('Enter');
    await page.getByText('3 matching lines, complete').waitFor();
    expect(page.url()).toContain('search=CONNECTED');
    await close();
  });
});
