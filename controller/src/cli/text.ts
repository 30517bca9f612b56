/* eslint-disable no-control-regex -- control characters are what is taken out here */

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

/** Cuts a text that is too long. */
export function cutTo(width: number, text: string): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
