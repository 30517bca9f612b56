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
  const length = lines.reduce((sum, { text, origin }) => sum + prefixOf(origin).length + text.length + 1, 0);
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  for (const { text, origin } of lines) {
    const prefix = prefixOf(origin);
    bytes.set(prefix, at);
    bytes.set(text, at + prefix.length);
    at += prefix.length + text.length;
    bytes[at] = newline;
    at += 1;
  }
  return bytes;
}

/** All lines of a log have the same origin. */
const prefixes = new WeakMap<Origin, Uint8Array>();

function prefixOf(origin: Origin): Uint8Array {
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
