/* eslint-disable no-control-regex -- control characters are what is taken out here */
import stringWidth from 'fast-string-width';

/** Marks that make a terminal or a browser show text in another order than it has. */
const bidi = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text from a cluster for one cell or line: a character that could move the cursor or forge a line becomes a space, and
 * one that turns the order of text around is left out.
 */
export function printable(text: string): string {
  return text.replace(bidi, '').replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
}

/** An error for a terminal, with words of a server in it; its further lines cannot look like lines of ours. */
export function printableError(sentence: string): string {
  return sentence.split('\n').map(printable).join('\n  ');
}

/**
 * A log's line for a terminal: colours and tabs stay, all other control sequences are removed. A colour ends with its
 * line, and no text is concealed.
 */
export function terminalSafe(line: string): string {
  let isColoured = false;
  const safe = line
    .replace(bidi, '')
    .replace(
      /\u001b\[[\d;:]*m|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b\[[\d;?:]*[ -/]*[@-~]|[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g,
      (match) => {
        // Only a colour: with other letters between it asks the terminal for what it would type in answer.
        if (!/^\u001b\[[\d;:]*m$/.test(match)) return '';
        isColoured = !/^\u001b\[0*m$/.test(match);
        return withoutConceal(match);
      },
    );
  return isColoured ? `${safe}${reset}` : safe;
}

const reset = '\u001b[0m';

/** Without 8, which hides what follows; a colour by number has an 8 that is not meant (38;5;8). */
function withoutConceal(sequence: string): string {
  const parts = sequence.slice(2, -1).split(';');
  const kept: string[] = [];
  for (let at = 0; at < parts.length; at += 1) {
    const part = parts[at] ?? '';
    const length = /^0*[345]8$/.test(part) ? (Number(parts[at + 1]) === 2 ? 5 : 3) : 1;
    if (!/^0*8(:.*)?$/.test(part)) kept.push(...parts.slice(at, at + length));
    at += length - 1;
  }
  return kept.length === 0 ? '' : `\u001b[${kept.join(';')}m`;
}

/** What is kept of a line whose end has not come yet; a longer one is written in parts. */
const longestPart = 65_536;

/**
 * A log for a terminal. The chunks may end anywhere, also within a character or a colour, so whole lines are taken out
 * of them.
 */
export async function* terminalSafeLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const safe = (text: string) => text.split('\n').map(terminalSafe).join('\n');
  let rest = '';
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    const end = rest.length > longestPart ? rest.length : rest.lastIndexOf('\n') + 1;
    if (end > 0) yield safe(rest.slice(0, end));
    rest = rest.slice(end);
  }
  yield safe(rest + decoder.decode());
}

/** How many columns of a terminal a text takes: a Chinese character or an emoji takes two, a combining accent none. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** A text with spaces after it, so many columns wide. */
export function padTo(width: number, text: string): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Cuts a text that takes more columns; what people see as one character stays whole. */
export function cutTo(width: number, text: string): string {
  if (widthOf(text) <= width) return text;
  const room = width - 1;
  let taken = 0;
  let end = 0;
  for (const { segment, index } of characters.segment(text)) {
    taken += widthOf(segment);
    if (taken > room) break;
    end = index + segment.length;
  }
  return `${text.slice(0, end)}…`;
}
