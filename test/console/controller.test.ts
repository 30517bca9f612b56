/** The console as the controller serves it, beside a real API server; pods are simulated. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../support/chromium.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { startController, type ControllerProcess } from '../support/controller-process.ts';
import { Room } from '../support/room.ts';
import { openConsole, type PageOptions } from './browser.ts';

describe.skipIf(inject('chromium') === '')('beside a real controller', () => {
  let cluster: Cluster;
  let controller: ControllerProcess;
  let browser: Browser;
  let url: string;

  beforeAll(async () => {
    browser = await launchChromium(inject('chromium'));
    cluster = await startCluster({ nodes: 'simulated', nodeCount: 2 });
    controller = await startController(cluster.controllerKubeconfig, [
      '--api-address=127.0.0.1:0',
      `--archive=${cluster.directory}/archive.db`,
    ]);
    url = `http://127.0.0.1:${controller.apiPort ?? 0}`;
  });
  afterAll(async () => {
    await browser?.close();
    await controller?.stop();
    await cluster?.stop();
  });

  async function signIn(page: Page, token: string): Promise<void> {
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  const open = (hash: string, options: PageOptions = {}) =>
    openConsole(browser, url, hash, { complaints: /status of 40[13]/, ...options });

  test('who may edit a namespace sees its tasks and runs one by hand, suspends and resumes it, and prunes', async () => {
    const room = await Room.open(cluster, 'console-edit');
    for (let revision = 1; revision <= 3; revision += 1)
      await room.finish({ revision, policy: { keepLast: 3, allowedOverrides: ['args', 'env'] } });
    const { page, close } = await open(`#/namespaces/${room.namespace}/tasks`);
    await signIn(page, await room.tokenOf('edit'));
    await page
      .getByRole('row', { name: /app-mytask/ })
      .getByText('Succeeded')
      .first()
      .waitFor();
    await page.getByRole('link', { name: 'app-mytask' }).click();
    await page.getByRole('link', { name: 'mytask-v1', exact: true }).waitFor();

    await page.getByRole('button', { name: 'Suspend…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Suspend' }).click();
    await page.getByRole('button', { name: 'Resume…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: 'Suspend…' }).waitFor();

    await page.getByRole('button', { name: 'Prune…' }).click();
    await page.getByRole('spinbutton', { name: 'Number of newest runs to keep' }).fill('2');
    await page.getByRole('button', { name: 'Show what would be deleted' }).click();
    await page.getByRole('dialog').getByRole('listitem').getByText('mytask-v1').waitFor();
    await page.getByRole('button', { name: 'Delete 1 run' }).click();
    await page.getByText('1 run of app-mytask deleted.').waitFor();

    await page.getByRole('button', { name: 'Run…' }).click();
    await page.getByRole('textbox', { name: /^Arguments/ }).fill('--fast');
    await page.getByRole('textbox', { name: 'Name of the run' }).fill('by-hand');
    await page.getByRole('dialog').getByRole('button', { name: 'Run' }).click();
    await page.getByRole('heading', { level: 1, name: 'by-hand' }).waitFor();
    await page.getByRole('main').getByText('Succeeded', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Snapshot' }).click();
    const overrides = page.getByRole('region', { name: 'Overrides of this run' });
    await overrides.getByText('args').waitFor();
    // People put passwords into arguments, so a record has none.
    expect(await overrides.textContent()).not.toContain('--fast');
    await close();
  });

  test('a run is cancelled and retried', async () => {
    const room = await Room.open(cluster, 'console-cancel');
    await room.run({ revision: 1, pods: { duration: '10m' } });
    const { page, close } = await open(`#/namespaces/${room.namespace}/runs/mytask-v1`);
    await signIn(page, await room.tokenOf('edit'));
    await page.getByRole('button', { name: 'Cancel…' }).click();
    await page.getByRole('textbox', { name: /^Why/ }).fill('too slow');
    await page.getByRole('button', { name: 'Cancel the run' }).click();
    await page.getByText('Cancelled because').waitFor();
    await page.getByRole('button', { name: 'Retry…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Retry' }).click();
    await page.getByText(/retries mytask-v1/).waitFor();
    await close();
  });

  test('who may only look is offered nothing else', async () => {
    const room = await Room.open(cluster, 'console-view');
    await room.finish({ revision: 1 });
    const { page, close } = await open('#/tasks');
    await signIn(page, await room.tokenOf('view'));
    await page.getByRole('heading', { level: 1, name: `Tasks in ${room.namespace}` }).waitFor();
    await page.getByRole('link', { name: 'app-mytask' }).click();
    await page.getByRole('link', { name: 'mytask-v1', exact: true }).waitFor();
    expect(await page.getByRole('group', { name: 'Actions' }).getByRole('button').count()).toBe(0);
    await close();
  });

  test.each([
    '#/timeline',
    '#/namespaces/console-all/timeline',
    '#/namespaces/console-all/tasks/app-mytask?tab=timeline',
    '#/namespaces/console-all/tasks/app-mytask?tab=details',
    '#/namespaces/console-all/runs/mytask-v1',
    '#/namespaces/console-all/runs/mytask-v1?tab=jobs',
    '#/namespaces/console-all/compare?a=mytask-v1&b=mytask-v2',
  ])('%s is drawn without a complaint', async (hash) => {
    token ??= await everybodysToken();
    const { page, close } = await open(hash);
    await signIn(page, token);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.getByRole('status').first().waitFor({ state: 'attached' });
    await page.waitForLoadState('networkidle');
    expect(await page.getByRole('alert').allTextContents()).toEqual([]);
    await close();
  });

  test('a log that cannot be had is told with the reason: simulated pods have none', async () => {
    token ??= await everybodysToken();
    const { page, close } = await open('#/namespaces/console-all/runs/mytask-v1?tab=logs', {
      complaints: /status of (401|502|503)/,
    });
    await signIn(page, token);
    await page.getByRole('alert').getByText('ClusterUnavailable').waitFor();
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    await close();
  });

  let token: string | undefined;
  async function everybodysToken(): Promise<string> {
    const room = await Room.open(cluster, 'console-all');
    for (let revision = 1; revision <= 2; revision += 1) await room.finish({ revision });
    await room.kubectl('create', 'serviceaccount', 'admin');
    await cluster.kubectl([
      'create',
      'clusterrolebinding',
      'console-admin',
      '--clusterrole=cluster-admin',
      `--serviceaccount=${room.namespace}:admin`,
    ]);
    return (await room.kubectl('create', 'token', 'admin')).trim();
  }
});
