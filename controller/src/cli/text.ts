/* eslint-disable no-control-regex -- control characters are what is taken out here */
import stringWidth from 'string-width';

/** Text from a cluster for one cell or line: a character that could move the cursor or forge a line becomes a space. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
}

/** A log's line for a terminal: colours and tabs stay, all other control sequences are removed. */
export function terminalSafe(line: string): string {
  return line.replace(
    /\u001b\[[\d;:]*m|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b\[[\d;?:]*[ -/]*[@-~]|[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g,
    (match) => (match.startsWith('\u001b[') && match.endsWith('m') ? match : ''),
  );
}

/** Several lines of a log for a terminal. */
export function terminalSafeLines(chunk: Uint8Array): string {
  return Buffer.from(chunk).toString('utf8').split('\n').map(terminalSafe).join('\n');
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
