import { visible } from './safe-text.ts';

/** A part of a line that looks alike. */
export interface Segment {
  readonly text: string;
  /** Classes of logs.css; empty for plain text. */
  readonly classes: string;
}

interface Look {
  colour: string;
  readonly flags: Set<string>;
}

/** CSI and OSC sequences, and escapes of two characters. Only colours (`m`) mean something here. */
// eslint-disable-next-line no-control-regex -- escapes are what this is about
const escapes = /\u001b(?:\[([0-9;:]*)([ -/]*[@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\^_])/g;
const flagsOf: Readonly<Record<number, string>> = { 1: 'bold', 2: 'dim', 3: 'italic', 4: 'underline' };
/** A line that changes its look at every character stays drawable. */
const mostSegments = 500;

/**
 * Splits a line at its ANSI escapes: colours become classes, everything else that a terminal would obey is left out.
 */
export function segmentsOf(line: string): readonly Segment[] {
  if (!line.includes('\u001b')) return [{ text: visible(line), classes: '' }];
  const segments: Segment[] = [];
  const look: Look = { colour: '', flags: new Set() };
  let from = 0;
  const add = (text: string) => {
    if (text !== '' && segments.length < mostSegments) segments.push({ text: visible(text), classes: classesOf(look) });
  };
  for (const match of line.matchAll(escapes)) {
    add(line.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === 'm') obey(look, match[1] ?? '');
  }
  add(line.slice(from));
  return segments;
}

function classesOf({ colour, flags }: Look): string {
  return [colour, ...[...flags].map((flag) => `ansi-${flag}`)].filter(Boolean).join(' ');
}

function obey(look: Look, parameters: string): void {
  const codes = parameters.split(/[;:]/).map(Number);
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    // 38 and 48 are followed by a colour of many: by `5;n` or by `2;r;g;b`.
    if (code === 38 || code === 48) at += codes[at + 1] === 5 ? 2 : 4;
    else change(look, code);
  }
}

function change(look: Look, code: number): void {
  const flag = flagsOf[code];
  if (flag !== undefined) look.flags.add(flag);
  else if (code === 0) {
    look.colour = '';
    look.flags.clear();
  } else if (code === 22) {
    look.flags.delete('bold');
    look.flags.delete('dim');
  } else if (code === 23) look.flags.delete('italic');
  else if (code === 24) look.flags.delete('underline');
  else if (code === 39) look.colour = '';
  else if (isColour(code)) look.colour = `ansi-${code >= 90 ? code - 90 : code - 30}`;
}

function isColour(code: number): boolean {
  return (code >= 30 && code <= 37) || (code >= 90 && code <= 97);
}
