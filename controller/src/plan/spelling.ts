/** Finds the known word that a misspelt one may stand for. */

const mostEdits = 2;

/** The nearest word: it differs in upper case, dashes or at most two letters; undefined if none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const plain = plainOf(word);
  const most = Math.min(mostEdits, Math.floor(plain.length / 3));
  const near = known
    .map((other) => ({ other, edits: editsOrSwaps(plain, plainOf(other)) }))
    .filter(({ edits: count }) => count <= most);
  return near.reduce<(typeof near)[number] | undefined>(
    (best, one) => (best && best.edits <= one.edits ? best : one),
    undefined,
  )?.other;
}

function plainOf(word: string): string {
  return word
    .slice(0, 100)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
}

/** Two swapped letters count as one mistake. */
function editsOrSwaps(a: string, b: string): number {
  const isSwapped = a !== b && [...a].sort().join('') === [...b].sort().join('');
  return isSwapped ? 1 : edits(a, b);
}

/** Levenshtein's distance. */
function edits(a: string, b: string): number {
  const start = Array.from({ length: b.length + 1 }, (_, index) => index);
  return [...a].reduce((row, letter) => nextRow(row, letter, b), start)[b.length] ?? 0;
}

function nextRow(before: readonly number[], letter: string, b: string): number[] {
  const row = [at(before, 0) + 1];
  for (const [index, other] of [...b].entries())
    row.push(Math.min(at(before, index + 1) + 1, at(row, index) + 1, at(before, index) + (letter === other ? 0 : 1)));
  return row;
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
