/** Builds the console as it is now, and finds Chromium. Without Chromium the tests are left out, and it is said why. */
import type { TestProject } from 'vitest/node';
import { bundleConsole } from '../../scripts/console-bundle.ts';
import { chromiumPath } from '../support/chromium.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where Chromium is; empty where there is none. */
    chromium: string;
  }
}

export default async function setup(project: TestProject): Promise<void> {
  const path = await chromiumPath().catch((error: unknown) => {
    console.error(`The tests of the console are left out. ${error instanceof Error ? error.message : String(error)}`);
    return '';
  });
  project.provide('chromium', path);
  if (path !== '') await bundleConsole();
}
