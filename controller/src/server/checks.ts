import type { Check } from './pages.ts';

/** What the checks need of an informer. */
interface Watching {
  readonly type: { readonly plural: string };
  readonly hasSynced: boolean;
  idleMs(): number;
}

/**
 * Longer than anything an informer waits for: ten minutes of a quiet watch of Events, which sends no bookmarks, and a
 * pause after a failure. An API server that is down does not count: attempts to reach it go on.
 */
const LONGEST_SILENCE_MS = 15 * 60_000;

/** Whether every informer still moves. */
export function watchesMove(informers: readonly Watching[]): Check {
  return () =>
    sentence(
      informers.filter((informer) => informer.idleMs() > LONGEST_SILENCE_MS),
      'have been silent for over 15 minutes',
    );
}

/** Whether every informer's first list is in. */
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
