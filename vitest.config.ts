import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';
import { drawSeed, seedReporter } from './test/support/seed.ts';

/** Fuzz tests go on for so long where somebody says so: see controller/src/kube/testing/fuzz.ts. */
const fuzzMs = Number(process.env['FUZZ_SECONDS'] ?? 0) * 1_000;

/** Nothing is mocked, so files share what they import: CUE, the API and the client are loaded once a worker. */
const shared = { isolate: false };

/** Files that wait for most of their time, so that five of them keep two cores busy: one group, whatever its kind. */
const besideEachOther = { ...shared, maxWorkers: 5, sequence: { groupOrder: 1 } };

/**
 * `unit` needs no cluster, `api` starts API servers, `console` opens Chromium, `e2e` runs Applications; each says what
 * is missing.
 */
export default defineConfig({
  test: {
    reporters: ['default', seedReporter(drawSeed())],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'controller/src/**/*.test.ts',
            'console/src/**/*.test.ts',
            'cue/ts/**/*.test.ts',
            'integrations/**/*.test.ts',
            'sandbox/src/**/*.test.ts',
            'scripts/**/*.test.ts',
            'test/definitions/**/*.test.ts',
            'test/archive/**/*.test.ts',
            'test/campaign/**/*.test.ts',
          ],
          setupFiles: ['test/support/property-seed.ts'],
          testTimeout: 60_000 + 2 * fuzzMs,
          hookTimeout: 300_000,
          ...shared,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'api',
          include: ['test/api/**/*.test.ts'],
          globalSetup: ['test/api/global-setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 900_000,
          ...besideEachOther,
        },
      },
      {
        test: {
          name: 'console',
          include: ['test/console/**/*.test.ts'],
          globalSetup: ['test/console/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 900_000,
          ...besideEachOther,
        },
      },
      {
        test: {
          name: 'upgrade',
          include: ['test/upgrade/**/*.test.ts'],
          testTimeout: 2_700_000,
          hookTimeout: 900_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/e2e/global-setup.ts'],
          setupFiles: ['test/e2e/clean-up.ts'],
          testTimeout: 300_000,
          hookTimeout: 1_800_000,
          ...besideEachOther,
        },
      },
    ],
  },
});
