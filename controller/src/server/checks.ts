import type { Check } from './pages.ts';

/** What the checks need of an informer. */
interface Watching {
  readonly type: { readonly plural: string };
  readonly hasSynced: boolean;
  idleMs(): number;
}

/**
 * Longer than any wait of an informer: ten minutes of a quiet watch of Events, which sends no bookmarks, and a pause
 * after a failure. An unreachable API server does not count, because attempts to reach it continue.
 */
const LONGEST_SILENCE_MS = 15 * 60_000;

/** Whether every informer still makes progress. */
export function watchesMove(informers: readonly Watching[]): Check {
  return () =>
    sentence(
      informers.filter((informer) => informer.idleMs() > LONGEST_SILENCE_MS),
      'have been silent for over 15 minutes',
    );
}

/** Whether every informer has its first list. */
export function cachesSynced(informers: readonly Watching[]): Check {
  return () =>
    sentence(
      informers.filter((informer) => !informer.hasSynced),
      'are not listed yet',
    );
}

function sentence(informers: readonly Watching[], problem: string): string | undefined {
  return informers.length === 0 ? undefined : `${informers.map(({ type }) => type.plural).join(', ')} ${problem}`;
}
