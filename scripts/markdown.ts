/** A line of a table. */
export const row = (...cells: readonly (string | number)[]): string =>
  `| ${cells.map((cell) => prose(String(cell)).replaceAll('|', String.raw`\|`)).join(' | ')} |`;

export const code = (text: string): string => `\`${text}\``;

/** A text in which `<name>` is not an HTML element: outside of code its bracket is escaped. */
export const prose = (text: string): string =>
  text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll('<', String.raw`\<`)))
    .join('');
