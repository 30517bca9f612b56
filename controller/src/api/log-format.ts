/** Log lines as they go over the wire. */
import { textOf, type Line } from './logs.ts';

/** `text`: `run/pod line`, bytes as they were printed. `ndjson`: a LogLine each. */
export type LogFormat = 'text' | 'ndjson';

export const contentTypes: Readonly<Record<LogFormat, string>> = { text: 'text/plain; charset=utf-8', ndjson: 'application/x-ndjson; charset=utf-8' };

/** A portion of lines as bytes. */
export function formatLines(lines: readonly Line[], format: LogFormat): Uint8Array {
  return format === 'text' ? Buffer.concat(lines.flatMap(plainLine)) : Buffer.from(lines.map(jsonLine).join(''));
}

const newline = Buffer.from('\n');

function plainLine({ text, origin: { run, pod } }: Line): Uint8Array[] {
  return [Buffer.from(pod === '' ? '# ' : `${run}/${pod} `), text, newline];
}

function jsonLine({ seconds, nanos, text, origin }: Line): string {
  const time = seconds === 0 ? '' : `${new Date(seconds * 1_000).toISOString().slice(0, 19)}.${String(nanos).padStart(9, '0')}Z`;
  return `${JSON.stringify({ time, ...origin, line: textOf(text) })}\n`;
}
