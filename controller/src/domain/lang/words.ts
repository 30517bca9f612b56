const maxLength = 400;
/** Only this much of a longer text is read: anybody may write a megabyte into an event. */
const mostRead = 4_000;

/** Text from elsewhere as one line of bounded length, without control characters. */
export function oneLine(text: string): string {
  const read = text.slice(0, mostRead);
  // eslint-disable-next-line no-control-regex -- control characters are what it removes
  const line = read.replace(/[\u0000-\u001f\u007f-\u009f\s]+/g, ' ').trim();
  if (line.length <= maxLength && read.length === text.length) return line;
  return copyOf(`${line.slice(0, maxLength - 1)}…`);
}

/** A part of a string keeps the whole one in memory, in V8: a megabyte for each event that somebody writes. */
function copyOf(text: string): string {
  return text.split('').join('');
}

/** What somebody threw, in words: anything can be thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The first names of a list, and how many more there are: `a, b, c and 7 more`. */
export function named(names: readonly string[], most = 3): string {
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more} more` : names.join(', ');
}
