/**
 * A duration for people, two units at most: 0s, 59s, 1m30s, 2h, 1d3h.
 *
 * @param milliseconds negative counts as zero
 */
export function formatDuration(milliseconds: number): string {
  return durationParts(milliseconds).join('');
}

/** The same in its parts: `['1m', '30s']`. */
export function durationParts(milliseconds: number): readonly string[] {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = [
    { value: Math.floor(seconds / 86_400), unit: 'd' },
    { value: Math.floor(seconds / 3_600) % 24, unit: 'h' },
    { value: Math.floor(seconds / 60) % 60, unit: 'm' },
    { value: seconds % 60, unit: 's' },
  ];
  const first = parts.findIndex(({ value }) => value > 0);
  if (first === -1) return ['0s'];
  return parts
    .slice(first, first + 2)
    .filter(({ value }) => value > 0)
    .map(({ value, unit }) => `${value}${unit}`);
}

const secondsOfUnit: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400 };

/** The seconds, rounded up, of a duration as Go and Argo write it, such as 30s or 1h30m; else undefined. */
export function secondsOfDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/([\d.]+)([a-z]+)/g)];
  return Math.ceil(parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * (secondsOfUnit[unit] ?? 0), 0));
}

/**
 * From one RFC 3339 time to another, 0 where the second is the earlier one; undefined where either is missing or no
 * time.
 */
export function secondsBetween(start: string | undefined, end: string | undefined): number | undefined {
  if (start === undefined || end === undefined) return undefined;
  const seconds = (Date.parse(end) - Date.parse(start)) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}

/** The same for people. */
export function durationBetween(start: string | undefined, end: string | undefined): string | undefined {
  const seconds = secondsBetween(start, end);
  return seconds === undefined ? undefined : formatDuration(seconds * 1000);
}

const firstStep = 60_000;

/**
 * The age that a running task shows, and when it changes next: 1m, 2m, 4m, ... Each change costs a write and a look of
 * KubeVela's, so a short run shows none, and it doubles: a run of a day costs 11 writes, not 1,440, and is never off by
 * more than half.
 *
 * @param elapsed milliseconds
 * @returns `shown`, milliseconds, 0 before the first step; `next`, the elapsed time at which it changes
 */
export function coarseAge(elapsed: number): { readonly shown: number; readonly next: number } {
  if (elapsed < firstStep) return { shown: 0, next: firstStep };
  const shown = firstStep * 2 ** Math.floor(Math.log2(elapsed / firstStep));
  return { shown, next: shown * 2 };
}
