/** What to write for a text that has to match an expression, in words. */

const label = 'write lower-case letters, digits and -, with a letter or digit at both ends';

const words: Readonly<Record<string, string>> = {
  '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$': label,
  '^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$': label.replace('and -,', '- and .,'),
  '^[A-Za-z_][A-Za-z0-9_-]*$': 'write letters, digits, _ and -, with a letter or _ first',
  '^[A-Za-z_][A-Za-z0-9_.-]*$': 'write letters, digits, _, - and ., with a letter or _ first',
  // A text with a placeholder is checked once it is filled in.
  '^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$|\\$\\(':
    'write letters, digits, -, _ and ., with a letter or digit at both ends',
  '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$': 'write a quantity such as 2, 500m, 1.5 or 1Gi',
};

/** @param pattern of a schema, as it stands there */
export function patternWords(pattern: string): string {
  return words[pattern] ?? `it must match ${pattern}`;
}
