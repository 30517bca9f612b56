import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, inject, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { launchChromium } from '../support/chromium.ts';
import { openConsole, type PageOptions } from './browser.ts';
import { startFakeApi, type FakeApi } from './fake-api.ts';
import { smallData } from './fake-data.ts';

describe.skipIf(inject('chromium') === '')('actions', () => {
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

  const open = (hash: string, options?: PageOptions) => openConsole(browser, fake.url, hash, options);

  test('a task is run by hand, with other arguments and variables', async () => {
    const { page, close } = await open('#/namespaces/shop/tasks/migrate');
    await page.getByRole('button', { name: 'Run…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Run migrate' });
    await dialog.getByRole('textbox', { name: /^Arguments/ }).fill('--to\n41');
    await dialog.getByRole('textbox', { name: /^Environment/ }).fill('DRY_RUN=yes\nURL=a=b');
    await dialog.getByRole('button', { name: 'Run' }).click();
    await page.getByRole('heading', { level: 1, name: 'migrate-by-hand' }).waitFor();
    await page.getByText('migrate-by-hand was created.').waitFor();
    expect(fake.actions).toEqual([
      {
        request: 'POST /namespaces/shop/tasks/migrate/run',
        body: {
          args: ['--to', '41'],
          env: [
            { name: 'DRY_RUN', value: 'yes' },
            { name: 'URL', value: 'a=b' },
          ],
        },
      },
    ]);
    await close();
  });

  test('a variable without a name is refused before anything is sent', async () => {
    const { page, close } = await open('#/namespaces/shop/tasks/migrate');
    await page.getByRole('button', { name: 'Run…' }).click();
    await page.getByRole('textbox', { name: /^Environment/ }).fill('nothing');
    await page.getByRole('dialog').getByRole('button', { name: 'Run' }).click();
    await page.getByRole('dialog').getByRole('alert').getByText('write NAME=value').waitFor();
    expect(fake.actions).toEqual([]);
    await close();
  });

  test('a task is suspended and resumed', async () => {
    const { page, close } = await open('#/namespaces/shop/tasks/backup');
    await page.getByRole('button', { name: 'Suspend…' }).click();
    await page.getByRole('dialog', { name: 'Suspend backup?' }).getByRole('button', { name: 'Suspend' }).click();
    await page.getByText('backup is suspended.').waitFor();
    await page.getByRole('button', { name: 'Resume…' }).click();
    await page.getByRole('dialog', { name: 'Resume backup?' }).getByRole('button', { name: 'Resume' }).click();
    await page.getByText('backup continues.').waitFor();
    expect(fake.actions.map(({ request }) => request)).toEqual([
      'POST /namespaces/shop/tasks/backup/suspend',
      'POST /namespaces/shop/tasks/backup/resume',
    ]);
    await close();
  });

  test('before runs are deleted it is shown which', async () => {
    const { page, close } = await open('#/namespaces/shop/tasks/migrate');
    await page.getByRole('button', { name: 'Prune…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Prune migrate' });
    await dialog.getByRole('spinbutton', { name: 'Number of newest runs to keep' }).fill('1');
    await dialog.getByRole('button', { name: 'Show what would be deleted' }).click();
    await dialog.getByRole('listitem').getByText('migrate-v1').waitFor();
    await dialog.getByRole('button', { name: 'Delete 1 run' }).click();
    await page.getByText('1 run of migrate deleted.').waitFor();
    await page.getByRole('link', { name: 'migrate-v1' }).waitFor({ state: 'detached' });
    expect(fake.actions.map(({ body }) => body)).toEqual([
      { keep: 1, dryRun: true },
      { keep: 1, dryRun: false },
    ]);
    await close();
  });

  test('a run is cancelled by the keyboard alone', async () => {
    const { page, close } = await open('#/namespaces/shop/runs/migrate-v3');
    await page.getByRole('button', { name: 'Cancel…' }).waitFor();
    const focused = () => page.evaluate('document.activeElement.textContent.trim()');
    for (let presses = 0; presses < 20 && (await focused()) !== 'Cancel…'; presses += 1)
      await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Cancel migrate-v3?' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(focused).toBe('Cancel…');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await expect.poll(focused).toBe('Cancel…');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.type('too slow');
    await page.keyboard.press('Enter');
    await page.getByText('Cancelled because').waitFor();
    expect(fake.actions).toEqual([
      { request: 'POST /namespaces/shop/runs/migrate-v3/cancel', body: { reason: 'too slow' } },
    ]);
    await close();
  });

  test('a dialog that is opened at the moment in which another one goes stays open', async () => {
    const { page, close } = await open('#/namespaces/shop/runs/migrate-v3');
    await page.getByRole('button', { name: 'Cancel…' }).click();
    await page.getByRole('dialog', { name: 'Cancel migrate-v3?' }).waitFor();
    await page.evaluate(`new Promise((resolve) => {
      const opener = [...document.querySelectorAll('button')].find(({ textContent }) => textContent === 'Cancel…');
      new MutationObserver((_changes, observer) => {
        if (document.querySelector('dialog')) return;
        observer.disconnect();
        opener.click();
        resolve();
      }).observe(document.body, { childList: true, subtree: true });
      document.querySelector('dialog button[type="button"]').click();
    })`);
    await page.getByRole('dialog').getByRole('textbox').fill('twice');
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the run' }).click();
    await page.getByText('Cancelled because').waitFor();
    await close();
  });

  test('a failed run is retried, and the retry is shown', async () => {
    const { page, close } = await open('#/namespaces/shop/runs/reindex-v2');
    await page.getByRole('button', { name: 'Retry…' }).click();
    await page.getByRole('dialog', { name: 'Retry reindex-v2?' }).getByRole('button', { name: 'Retry' }).click();
    await page.getByRole('heading', { level: 1, name: 'reindex-v2-retry' }).waitFor();
    await page.getByRole('link', { name: 'reindex-v2', exact: true }).waitFor();
    await close();
  });

  test('a flow that paused after a failure goes on', async () => {
    const { page, close } = await open('#/namespaces/shop/runs/etl-v4');
    await page.getByRole('button', { name: 'Resume…' }).click();
    await page.getByRole('dialog', { name: 'Resume etl-v4?' }).getByRole('button', { name: 'Resume' }).click();
    await page.getByText('etl-v4 continues.').waitFor();
    await page.getByRole('button', { name: 'Resume…' }).waitFor({ state: 'detached' });
    await close();
  });

  test('a refusal is shown in the dialog, which stays open', async () => {
    const { page, close } = await open('#/namespaces/shop/runs/reindex-v2', { complaints: /Failed to load resource/ });
    fake.refuse(/retry/);
    await page.getByRole('button', { name: 'Retry…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Retry' }).click();
    await page.getByRole('dialog').getByRole('alert').getByText('ArchiveUnavailable').waitFor();
    await close();
  });
});

describe.skipIf(inject('chromium') === '')('signing in', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(inject('chromium'));
  });
  afterAll(() => browser?.close());

  test('a token is asked for where the server wants one, and kept in the tab alone', async () => {
    const fake = await startFakeApi(smallData(), { token: 'right' });
    const { page, close } = await openConsole(browser, fake.url, '#/namespaces/shop/tasks', { complaints: /401/ });
    await page.getByLabel('Token').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('Unauthenticated').waitFor();
    await page.getByLabel('Token').fill('right');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('row', { name: /backup/ }).waitFor();
    await page.reload();
    await page.getByRole('row', { name: /backup/ }).waitFor();
    expect(await page.evaluate('[localStorage.length, document.cookie]')).toEqual([0, '']);
    await close();
    await fake.close();
  });

  test('a token that only reads shows so, and an action answers which one it takes', async () => {
    const fake = await startFakeApi(smallData(), { onlyReads: true });
    const { page, close } = await openConsole(browser, fake.url, '#/namespaces/shop/tasks/backup', {
      complaints: /403/,
    });
    await page.getByText('system:serviceaccount:shop:ada (only reads)').waitFor();
    await page.getByRole('button', { name: 'Suspend…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Suspend' }).click();
    const alert = page.getByRole('dialog').getByRole('alert');
    await alert.getByText('a change takes a token that the API server accepts: send another.').waitFor();
    expect(await alert.textContent()).toContain('ReadingToken');
    await close();
    await fake.close();
  });

  test('who may not look at all namespaces sees the first of his', async () => {
    const fake = await startFakeApi(smallData(), { allNamespaces: false });
    const { page, close } = await openConsole(browser, fake.url, '');
    await page.getByRole('heading', { level: 1, name: 'Tasks in billing' }).waitFor();
    expect(await page.getByRole('combobox', { name: 'Namespace' }).getByRole('option').allTextContents()).toEqual([
      'billing',
      'shop',
    ]);
    await close();
    await fake.close();
  });
});
