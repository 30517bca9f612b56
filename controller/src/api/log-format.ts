/** Formats log lines for an answer. */
import { textOf, type Line, type Origin } from './logs.ts';

/** `text`: `run/pod line`, with the bytes that were printed. `ndjson`: one LogLine per line. */
export type LogFormat = 'text' | 'ndjson';

export const contentTypes: Readonly<Record<LogFormat, string>> = {
  text: 'text/plain; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
};

/** Some lines as bytes. */
export function formatLines(lines: readonly Line[], format: LogFormat): Uint8Array {
  return format === 'text' ? plainLines(lines) : Buffer.from(lines.map(jsonLine).join(''));
}

const newline = 0x0a;

/** Writes into one buffer: a log has many lines. */
function plainLines(lines: readonly Line[]): Uint8Array {
  const length = lines.reduce((sum, line) => sum + prefixOf(line.origin).length + line.length + 1, 0);
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  for (const line of lines) {
    const prefix = prefixOf(line.origin);
    prefix.copy(bytes, at);
    line.copy(bytes, at + prefix.length);
    at += prefix.length + line.length;
    bytes[at] = newline;
    at += 1;
  }
  return bytes;
}

/** All lines of a log have the same origin. */
const prefixes = new WeakMap<Origin, Buffer>();

function prefixOf(origin: Origin): Buffer {
  const known = prefixes.get(origin);
  if (known) return known;
  const prefix = Buffer.from(origin.pod === '' ? '# ' : `${origin.run}/${origin.pod} `);
  prefixes.set(origin, prefix);
  return prefix;
}

function jsonLine({ seconds, nanos, text, origin }: Line): string {
  const time =
    seconds === 0 ? '' : `${new Date(seconds * 1_000).toISOString().slice(0, 19)}.${String(nanos).padStart(9, '0')}Z`;
  return `${JSON.stringify({ time, ...origin, line: textOf(text) })}\n`;
}
