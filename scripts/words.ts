/**
 * Words and turns that make a sentence hard to read for people whose first language is not English, and what to write
 * instead.
 */
interface Rule {
  /** A space stands for any gap, also for the end of a line and the comment mark that follows it. */
  readonly pattern: RegExp;
  /** Completes the sentence "write ...". */
  readonly instead: string;
}

export const rules: readonly Rule[] = [
  { pattern: /\b(mend(s|ed|ing)?)\b/, instead: 'fix' },
  { pattern: /\banew\b/, instead: 'again' },
  { pattern: /\b(told|tells?) of\b/, instead: 'reported, or what is called with what' },
  { pattern: /\blest\b/, instead: 'so that ... not' },
  { pattern: /\bbe (it|they)\b/, instead: 'whether' },
  { pattern: /\bnought\b/, instead: 'zero, or nothing' },
  { pattern: /\bno more(?=[.,;:)'"`]|$)/m, instead: 'no longer' },
  { pattern: /(?<!\b[Tt]here )\b(is|are|was|were) none\b/, instead: 'is invalid, is missing, or does not exist' },
  { pattern: /(?<!\b[Tt]here )\b(is|are) no (?!\w+er\b|more\b|less\b)[a-z]+/, instead: 'is not a ...' },
  { pattern: /\b(is|are) tried\b/, instead: 'is tested, or is retried' },
  { pattern: /\bfor good\b/, instead: 'permanently, or finally' },
  { pattern: /\b(and|or) the like\b/, instead: 'the names, or "such as"' },
  { pattern: /\botherwise than\b/, instead: 'differently from' },
  { pattern: /\b(is|are|be|was|were) said of\b/, instead: 'is reported for' },
  { pattern: /\b(taken|takes?|took) (?:it |them |a run |the run )?up\b/, instead: 'retried, adopted, or handled' },
  { pattern: /\b(save|but) for\b/, instead: 'except' },
  { pattern: /\b(heed(s|ed)?)\b/, instead: 'is used, or takes effect' },
  { pattern: /\b(whence|thereof|whereof|wherein|ere|aught)\b/, instead: 'a word of today' },
  // Lua ends three blocks with `end end end`.
  { pattern: /\b((?!end\b)[A-Za-z]+)( \1){2,}\b/, instead: 'the word once' },
  // Two words may come twice: what is cancelled is cancelled.
  { pattern: /\b(the [A-Za-z]+|[A-Za-z]+ the|[A-Za-z]+(?: [A-Za-z]+){2,3})( \1)+\b/, instead: 'the words once' },
  {
    pattern: /(?<=^|[.;] |\/\*\* |\/\/ |# |\* )Of [a-z]+ /m,
    instead: 'the subject first',
  },
];

export interface Finding {
  readonly line: number;
  readonly column: number;
  readonly text: string;
  readonly instead: string;
}

const gap = String.raw`(?:[ \t]+|[ \t]*\n[ \t]*(?:\*(?!/)|//|#)?[ \t]*)`;

/** Rules with their spaces widened, so that a turn is found across the end of a line. */
const wide = rules.map(({ pattern, instead }) => ({
  pattern: new RegExp(pattern.source.replace(/(?<!\[) (?![^[\]]*\])/g, gap), `g${pattern.flags}`),
  instead,
}));

/** @returns every hit in a file's text, with line and column from 1, in their order */
export function findWords(text: string): readonly Finding[] {
  const hits = wide.flatMap(({ pattern, instead }) =>
    [...text.matchAll(pattern)].map((match) => ({ ...placeOf(text, match.index), text: oneLine(match[0]), instead })),
  );
  return hits.sort((one, other) => one.line - other.line || one.column - other.column);
}

function placeOf(text: string, index: number): Pick<Finding, 'line' | 'column'> {
  const before = text.slice(0, index);
  return { line: before.split('\n').length, column: index - before.lastIndexOf('\n') };
}

/** The words of a hit without the ends of lines and the comment marks in it. */
function oneLine(hit: string): string {
  return hit.replace(new RegExp(gap, 'g'), ' ').trim();
}
