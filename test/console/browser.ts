/** Pages of the console, of which nothing may go wrong unseen. */
import { expect } from 'vitest';
import type { Browser, Page } from 'playwright-core';

export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
  /** What the browser may complain of, where the test provokes it. */
  readonly complaints?: RegExp;
}

export interface ConsolePage {
  readonly page: Page;
  /** Shows another view. */
  readonly open: (hash: string) => Promise<void>;
  /** Fails when the browser complained, or asked anybody else. */
  readonly close: () => Promise<void>;
}

/** Opens the console at an address. */
export async function openConsole(
  browser: Browser,
  url: string,
  hash: string,
  { width = 1280, height = 800, dark = false, complaints }: PageOptions = {},
): Promise<ConsolePage> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  // Less than a test may take, so that it is said what was waited for.
  page.setDefaultTimeout(90_000);
  const complained: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complained.push(message.text());
  });
  page.on('pageerror', (error) => complained.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`)) complained.push(`asked ${request.url()}`);
  });
  await page.addInitScript(
    "addEventListener('securitypolicyviolation', (event) => console.error('content security policy: ' + event.violatedDirective))",
  );
  await page.goto(`${url}/${hash}`);
  return {
    page,
    open: async (next) => {
      await page.evaluate(`location.hash = ${JSON.stringify(next)}`);
    },
    close: async () => {
      await context.close();
      expect(complained.filter((text) => complaints === undefined || !complaints.test(text))).toEqual([]);
    },
  };
}
