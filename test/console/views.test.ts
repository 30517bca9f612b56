import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { launchChromium } from '../support/chromium.ts';
import { openConsole } from './browser.ts';
import { startFakeApi, type FakeApi } from './fake-api.ts';
import { smallData } from './fake-data.ts';

const sizes = [
  ['a wide window', { width: 1280 }],
  ['a telephone', { width: 360, height: 740 }],
  ['the dark', { width: 1280, dark: true }],
] as const;

const views = [
  ['the tasks', '#/tasks', 'Tasks', 'table'],
  ['the timeline', '#/timeline?range=6h', 'Timeline', 'group'],
  ['a task', '#/namespaces/shop/tasks/backup', 'backup', 'table'],
  ["a task's timeline", '#/namespaces/shop/tasks/backup?tab=timeline', 'backup', 'group'],
  ["a task's details", '#/namespaces/shop/tasks/backup?tab=details', 'backup', 'table'],
  ["a task's logs", '#/namespaces/shop/tasks/migrate?tab=logs', 'migrate', 'log'],
  ['a run', '#/namespaces/shop/runs/migrate-v2', 'migrate-v2', 'navigation'],
  ["a run's steps", '#/namespaces/shop/runs/etl-v4?tab=jobs', 'etl-v4', 'table'],
  ['a run in a queue', '#/namespaces/billing/runs/train-v3', 'train-v3', 'navigation'],
  ["a run's queued steps", '#/namespaces/billing/runs/train-flow?tab=jobs', 'train-flow', 'table'],
  ["a run's items", '#/namespaces/shop/runs/reindex-v2?tab=jobs', 'reindex-v2', 'table'],
  ["a run's logs", '#/namespaces/shop/runs/migrate-v3?tab=logs', 'migrate-v3', 'log'],
  ["a run's snapshot", '#/namespaces/shop/runs/migrate-v2?tab=snapshot', 'migrate-v2', 'region'],
  ['two runs', '#/namespaces/shop/compare?a=migrate-v1&b=migrate-v2', 'Compare runs', 'table'],
] as const;

describe.skipIf(inject('chromium') === '')('views', () => {
  let browser: Browser;
  let fake: FakeApi;
  beforeAll(async () => {
    browser = await launchChromium(inject('chromium'));
    fake = await startFakeApi(smallData());
  });
  afterAll(async () => {
    await browser?.close();
    await fake?.close();
  });

  for (const [size, options] of sizes) {
    test.each(views)(`in ${size}: %s`, async (_, hash, title, role) => {
      const { page, close } = await openConsole(browser, fake.url, hash, options);
      await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
      await page.getByRole('main').getByRole(role).first().waitFor();
      // Tables and pictures scroll by themselves; the page never scrolls sideways.
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(options.width);
      await close();
    });
  }

  test('every control has a name, and a page has one main heading', async () => {
    const { page, open, close } = await openConsole(browser, fake.url, '#/tasks');
    for (const [, hash, title] of views) {
      await open(hash);
      await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
      expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
      const nameless = await page.evaluate(
        `[...document.querySelectorAll('button, input, select, textarea, a[href]')].filter((element) => !(element.getAttribute('aria-label') || element.textContent.trim() || [...(element.labels ?? [])].some((label) => label.textContent.trim()))).map((element) => element.outerHTML)`,
      );
      expect(nameless).toEqual([]);
    }
    await close();
  });

  test('tasks are filtered by text, state and namespace, and the address says how', async () => {
    const { page, close } = await openConsole(browser, fake.url, '#/tasks');
    await page.getByRole('row', { name: /invoice/ }).waitFor();
    await page.getByRole('searchbox', { name: 'Filter tasks' }).fill('shop');
    await page.getByRole('combobox', { name: 'State' }).selectOption('Failed');
    await page.getByText('1 of 10 tasks').waitFor();
    expect(page.url()).toContain('#/tasks?q=shop&phase=Failed');
    await page.reload();
    await page.getByText('1 of 10 tasks').waitFor();
    await page.getByRole('combobox', { name: 'Namespace' }).selectOption('billing');
    await page.getByText('No task matches.').waitFor();
    expect(page.url()).toContain('#/namespaces/billing/tasks');
    await close();
  });

  test('after a navigation the heading has the focus', async () => {
    const { page, close } = await openConsole(browser, fake.url, '#/tasks');
    await page.getByRole('link', { name: 'migrate', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'migrate' }).waitFor();
    await expect.poll(() => page.evaluate('document.activeElement.tagName')).toBe('H1');
    await close();
  });

  test('runs are paged by cursor, and two of them are compared', async () => {
    const { page, close } = await openConsole(browser, fake.url, '#/namespaces/shop/tasks/backup');
    await page.getByText('120 runs').waitFor();
    await page.getByRole('link', { name: 'Older runs' }).click();
    await page.getByRole('link', { name: 'Newest runs' }).waitFor();
    await page.goBack();
    const boxes = page.getByRole('checkbox', { name: /for a comparison/ });
    await boxes.nth(0).check();
    await boxes.nth(5).check();
    await page.getByRole('link', { name: /^Compare backup/ }).click();
    await page.getByRole('heading', { level: 1, name: 'Compare runs' }).waitFor();
    await page.getByRole('cell', { name: 'BackoffLimitExceeded' }).waitFor();
    await close();
  });

  test('a comparison shows what differs', async () => {
    const { page, close } = await openConsole(browser, fake.url, '#/namespaces/shop/compare?a=migrate-v1&b=migrate-v2');
    await page.getByText('The second took 1m 2s longer than migrate-v1.').waitFor();
    await page
      .getByRole('row', { name: /containers\[0\]\.image/ })
      .getByText('"busybox:1.36"')
      .waitFor();
    await close();
  });

  test('the timeline draws a bar for each run, and the table below it reaches them by keyboard', async () => {
    const { page, close } = await openConsole(browser, fake.url, '#/namespaces/shop/timeline?range=1h');
    const picture = page.getByRole('group', { name: 'Timeline of runs' });
    const bar = picture.getByRole('link', { name: 'migrate-v3', exact: true }).locator('.run');
    const before = Number(await bar.getAttribute('width'));
    await expect.poll(async () => Number(await bar.getAttribute('width')), { timeout: 60_000 }).toBeGreaterThan(before);
    await page.getByText('The same as a table').click();
    await page.getByRole('link', { name: 'migrate-v2' }).last().click();
    await page.getByRole('heading', { level: 1, name: 'migrate-v2' }).waitFor();
    await close();
  });

  // The fake's times count from the start of this file, which takes minutes on a busy machine.
  test('a run that waits in a queue says in which, since when and for what; one that waited says how long', async () => {
    const { page, open, close } = await openConsole(browser, fake.url, '#/namespaces/billing/runs/train-v3');
    await page.getByText('Pending: waits for 600m cpu in cq').waitFor();
    await page.getByText('Queued. It waits for its turn, or in a queue.').waitFor();
    const fact = (name: string) =>
      page.locator('.facts > div', { has: page.getByText(name, { exact: true }) }).locator('dd');
    expect(await fact('Queue').textContent()).toBe('nightly (priority class urgent)');
    expect(await fact('Waits').textContent()).toMatch(/^1[2-9]m/);
    expect(await fact('Waits at most').textContent()).toBe('1h');
    await open('#/namespaces/billing/runs/train-v2');
    await page.getByRole('heading', { level: 1, name: 'train-v2' }).waitFor();
    await expect.poll(() => fact('Waited').textContent()).toBe('12m 40s');
    const [due = '', queued = '', started = ''] = await Promise.all(
      ['Due', 'Queued', 'Started'].map((name) => fact(name).textContent()),
    );
    expect([due, queued, started]).toEqual([due, queued, started].sort());
    expect(new Set([due, queued, started]).size).toBe(3);
    await close();
  });

  test('each queued step says where it waits, and why', async () => {
    const { page, close } = await openConsole(browser, fake.url, '#/namespaces/billing/runs/train-flow?tab=jobs');
    await page
      .getByRole('row', {
        name: /^fit train-flow-fit Queued [3-9]m \d*s? ?gpus .*Inadmissible: queue gpus does not exist$/,
      })
      .waitFor();
    await page.getByRole('row', { name: /^fetch train-flow-fetch Succeeded 5s nightly/ }).waitFor();
    await close();
  });

  test('a list says of a queued run what it waits for, and how long', async () => {
    const { page, close } = await openConsole(browser, fake.url, '#/namespaces/billing/tasks/train');
    await page
      .getByRole('row', { name: /train-v3 Queued schedule .*1[2-9]m.* in a queue .*Pending: waits for 600m cpu in cq/ })
      .waitFor();
    await page.getByRole('row', { name: /train-v2 Succeeded schedule .*13m late 12m 40s in a queue/ }).waitFor();
    await close();
  });

  test('the timeline tells the time in a queue apart', async () => {
    const { page, close } = await openConsole(browser, fake.url, '#/namespaces/billing/timeline?range=1h');
    const picture = page.getByRole('group', { name: 'Timeline of runs' });
    const widths = await Promise.all(
      ['.wait', '.queue'].map((mark) =>
        picture.getByRole('link', { name: 'train-v2', exact: true }).locator(mark).getAttribute('width'),
      ),
    );
    expect(Number(widths[0])).toBeGreaterThan(Number(widths[1]));
    expect(Number(widths[1])).toBeGreaterThan(0);
    await close();
  });

  test('the picture of a flow has a box for each step', async () => {
    const { page, close } = await openConsole(browser, fake.url, '#/namespaces/shop/runs/etl-v4?tab=jobs');
    await page.getByRole('img', { name: /^8 steps: extract; clean-eu after extract/ }).waitFor();
    await close();
  });

  test('a refusal is shown with its code, and trying again helps', async () => {
    const { page, close } = await openConsole(browser, fake.url, '#/namespaces/shop/runs/nothing', {
      complaints: /Failed to load resource/,
    });
    await page.getByRole('alert').getByText('NotFound').waitFor();
    fake.data.runs.push({ ...smallData().runs[0]!, name: 'nothing' });
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('link', { name: 'Logs' }).waitFor();
    await close();
  });

  test('what was loaded stays while the server is away, and is fresh again when it is back', async () => {
    const { page, close } = await openConsole(browser, fake.url, '#/tasks', { complaints: /Failed to load resource/ });
    await page.getByRole('row', { name: /invoice/ }).waitFor();
    fake.refuse(/tasks/);
    await page.getByRole('alert').getByText('ArchiveUnavailable').waitFor();
    await page.getByRole('row', { name: /invoice/ }).waitFor();
    fake.refuse(undefined);
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await close();
  });
});
