import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One figure. Absent ones are null, so that out/bench.json always has the same fields. */
export interface Row {
  readonly name: string;
  /** null for what could not be measured; `peer` says why. */
  readonly value: number | null;
  readonly unit: string;
  /** The raw figure that `value` stands beside, measured in the same run and in the same unit. */
  readonly limit: number | null;
  /** What `limit` is, in words. */
  readonly peer: string;
  /** What `value` may be at most, in the same unit; null for a figure that is only told. */
  readonly aim: number | null;
  readonly met: boolean | null;
}

/** A row; whether its aim is met follows from the figures as they are shown, rounded to three digits. */
export function row(figure: Omit<Row, 'met'> & { value: number }): Row {
  const value = rounded(figure.value);
  const aim = figure.aim === null ? null : rounded(figure.aim);
  return {
    ...figure,
    value,
    limit: figure.limit === null ? null : rounded(figure.limit),
    aim,
    met: aim === null ? null : value <= aim,
  };
}

/** In place of the rows of a benchmark that failed. */
export function unmeasured(benchmark: string, error: unknown): Row {
  const reason = error instanceof Error ? error.message : String(error);
  return {
    name: benchmark,
    value: null,
    unit: '',
    limit: null,
    peer: `not measured: ${reason}`,
    aim: null,
    met: false,
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

/** The rows as a table for people. */
export function tableOf(rows: readonly Row[]): string {
  const head = ['figure', 'value', 'raw', 'aim', 'met', 'raw is'];
  const lines = rows.map(({ name, value, unit, limit, peer, aim, met }) => {
    const shown = (figure: number | null) => (figure === null ? '' : `${figure} ${unit}`);
    return [
      name,
      value === null ? 'FAILED' : shown(value),
      shown(limit),
      aim === null ? '' : `<= ${shown(aim)}`,
      met === null ? '' : met ? 'yes' : 'MISSED',
      peer,
    ];
  });
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => line[column]?.length ?? 0)));
  const ruled = [head, widths.map((width) => '-'.repeat(width)), ...lines];
  return ruled
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Writes out/bench.json. @returns its path */
export async function writeRows(directory: string, rows: readonly Row[]): Promise<string> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, 'bench.json');
  await writeFile(path, `${JSON.stringify(rows, null, 2)}\n`);
  return path;
}

/** The value below which a share of all values lies, by the nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error('no values were measured');
  return value;
}

/** The middle value. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
