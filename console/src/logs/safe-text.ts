const mostCharacters = 10_000;
const firstPicture = 0x2400;
/** What changes the direction of text could make a line read as another one. */
// eslint-disable-next-line no-control-regex -- control characters are what this is about
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A line no longer than 10,000 characters, and how many were cut off. */
export function cutLine(line: string): { readonly text: string; readonly cut: number } {
  if (line.length <= mostCharacters) return { text: line, cut: 0 };
  return { text: line.slice(0, mostCharacters), cut: line.length - mostCharacters };
}

/**
 * Characters without a picture get one, so that binary output and tricks with the direction of text are seen for what
 * they are.
 */
export function visible(text: string): string {
  return text.replace(unseen, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(firstPicture + code);
    return code === 0x7f ? '\u2421' : `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
  });
}
