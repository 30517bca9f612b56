/**
 * Within quotes and brackets kubectl minds no indentation, though YAML asks for it. So what stands there too far to the
 * left is moved to the right, where it means the same.
 */
import { Lexer } from 'yaml';

/** What the lexer marks, without characters of the text: a document, the end of what brackets enclose, a scalar. */
const mark = { document: '\x02', flowEnd: '\x18', scalar: '\x1f' } as const;
const marks: ReadonlySet<string> = new Set(Object.values(mark));

/** The text is searched again after each move: of so many characters in all, and moved by so many. */
const mostSearched = 50_000_000;
const mostAdded = 10_000_000;

interface Move {
  /** Where the lines begin to be moved. */
  readonly from: number;
  readonly to: number;
  /** In spaces. */
  readonly by: number;
}

/** @returns the text with the same number of lines; what kubectl does not take either stays as it is */
export function indented(text: string): string {
  if ([...marks].some((one) => text.includes(one))) return text;
  let result = text;
  for (let searched = 0; searched < mostSearched; searched += result.length) {
    const move = firstMove(result);
    if (!move) return result;
    const { from, to, by } = move;
    const next = result.slice(0, from) + moved(result.slice(from, to), by) + result.slice(to);
    // It would be the same move for ever: there is no further line.
    if (next === result) return result;
    result = next;
    if (result.length > text.length + mostAdded) return text;
  }
  return text;
}

/** @param text the rest of a line that stays, and the lines after it; or the begin of a line */
function moved(text: string, by: number): string {
  const spaces = ' '.repeat(by);
  return text === '' ? spaces : text.replaceAll('\n', `\n${spaces}`);
}

function firstMove(text: string): Move | undefined {
  const brackets: number[] = [];
  for (const { lexeme, offset } of tokensOf(text)) {
    if (lexeme === mark.flowEnd) return moveOfLine(text, offset, brackets[0] ?? offset);
    if (/^["']/.test(lexeme) && endOfQuoted(text, offset) !== offset + lexeme.length) return moveOfQuoted(text, offset);
    if (/^[[{]$/.test(lexeme)) brackets.push(offset);
    if (/^[\]}]$/.test(lexeme)) brackets.pop();
  }
  return undefined;
}

interface Token {
  readonly lexeme: string;
  readonly offset: number;
}

/** All but plain texts and blocks of text, in which quotes and brackets mean nothing. */
function* tokensOf(text: string): Generator<Token> {
  let offset = 0;
  let isScalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    if (!isScalar) yield { lexeme, offset };
    isScalar = lexeme === mark.scalar;
    if (!marks.has(lexeme)) offset += lexeme.length;
  }
}

/** A line between brackets, from its first character that is not a space. */
function moveOfLine(text: string, offset: number, bracket: number): Move | undefined {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  return offset === text.length || hasDocumentMarker(text.slice(lineStart))
    ? undefined
    : { from: offset, to: offset, by: columnOf(text, bracket) + 1 };
}

/** The lines between quotes: spaces at their begin do not count. */
function moveOfQuoted(text: string, start: number): Move | undefined {
  const end = endOfQuoted(text, start);
  if (end === undefined) return undefined;
  const next = text.indexOf('\n', start) + 1;
  const markers = text.slice(next, end).split('\n').some(hasDocumentMarker);
  return markers ? undefined : { from: start, to: end, by: columnOf(text, start) + 1 };
}

/** A new document begins there, for kubectl within quotes and brackets, too. */
function hasDocumentMarker(line: string): boolean {
  return /^(?:---|\.\.\.)(?:\s|$)/.test(line);
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1);
}

/** @returns the offset after the closing quote; undefined where there is none */
function endOfQuoted(text: string, start: number): number | undefined {
  const quote = text.charAt(start);
  let at = text.indexOf(quote, start + 1);
  while (at >= 0) {
    if (quote === "'" && text.charAt(at + 1) === quote) at = text.indexOf(quote, at + 2);
    else if (quote === '"' && isEscaped(text, at)) at = text.indexOf(quote, at + 1);
    else return at + 1;
  }
  return undefined;
}

/** Whether an odd number of backslashes stands before it. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charAt(first - 1) === '\\') first -= 1;
  return (at - first) % 2 === 1;
}
