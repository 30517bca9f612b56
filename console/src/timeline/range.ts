/** How much of the past a timeline shows. */
export interface Range {
  readonly key: string;
  readonly title: string;
  readonly ms: number;
  /** How often the picture moves on. */
  readonly redrawMs: number;
}

const hour = 3_600_000;

export const ranges: readonly [Range, ...Range[]] = [
  { key: '1h', title: '1 hour', ms: hour, redrawMs: 1_000 },
  { key: '6h', title: '6 hours', ms: 6 * hour, redrawMs: 5_000 },
  { key: '24h', title: '24 hours', ms: 24 * hour, redrawMs: 20_000 },
  { key: '7d', title: '7 days', ms: 168 * hour, redrawMs: 60_000 },
];

/** The range that the address asks for, else the last hour. */
export function rangeOf(key: string | undefined): Range {
  return ranges.find((range) => range.key === key) ?? ranges[0];
}
