import type { TaskPhase } from '../domain/model/phase.ts';
import type { Io, Sink } from './io.ts';

export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'dim' | 'bold';

const codes: Readonly<Record<Colour, number>> = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
};

/** Adds a colour to a text, or returns it unchanged. */
export type Paint = (colour: Colour, text: string) => string;

export const plain: Paint = (_colour, text) => text;
export const coloured: Paint = (colour, text) => (text === '' ? '' : `\u001b[${codes[colour]}m${text}\u001b[0m`);

/** Colour on a terminal only, and not where NO_COLOR is set (https://no-color.org). */
export function paintFor({ environment }: Pick<Io, 'environment'>, sink: Pick<Sink, 'terminal'>): Paint {
  const unwanted = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  return sink.terminal && !unwanted ? coloured : plain;
}

const phaseColours: Readonly<Record<TaskPhase, Colour>> = {
  Succeeded: 'green',
  Failed: 'red',
  Running: 'blue',
  Pending: 'yellow',
  Queued: 'yellow',
  Cancelled: 'dim',
  Skipped: 'dim',
  Idle: 'dim',
};

export function phaseColour(phase: string): Colour | undefined {
  return (phaseColours as Readonly<Record<string, Colour>>)[phase];
}
