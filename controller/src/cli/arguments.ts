/**
 * Parses what people write on the command line. Each function throws commander's InvalidArgumentError, whose message
 * says what to write instead.
 */
import { InvalidArgumentError } from 'commander';

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** No date is further away than this from another one that programs can write. */
const longestDays = 36_500;

/** `90s`, `10m`, `1h30m`, `7d`, `2w` in milliseconds, a hundred years at most. */
export function durationArgument(text: string): number {
  const parts = [...text.matchAll(/(\d{1,9})([smhdw])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text)
    throw new InvalidArgumentError('Write a duration such as 90s, 10m, 1h30m, 7d or 2w.');
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? 0), 0);
  return atMost(longestDays, ms);
}

/** Timers of Node fire at once where they should wait for longer. */
const longestWaitDays = 24;

/** A duration for which this program waits, in milliseconds. */
export function waitArgument(text: string): number {
  return atMost(longestWaitDays, durationArgument(text));
}

function atMost(days: number, ms: number): number {
  if (ms > days * 86_400_000) throw new InvalidArgumentError(`Write ${days}d at most.`);
  return ms;
}

/** A whole number, 0 or more. */
export function countArgument(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Write a whole number, 0 or more.');
  return Number(text);
}

/** `NAME=value`, added to those before it. The value may be empty, and may contain `=`. */
export function envArgument(text: string, before: readonly EnvVariable[] = []): readonly EnvVariable[] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('Write NAME=value.');
  return [...before, { name: text.slice(0, equals), value: text.slice(equals + 1) }];
}

export interface EnvVariable {
  readonly name: string;
  readonly value: string;
}

/** An option that can be repeated; its values in the order given. */
export function textsArgument(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

const dnsName = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** The name of an object or a namespace. Anything else could change the path of the request. */
export function nameArgument(text: string): string {
  if (!dnsName.test(text) || text.includes('..'))
    throw new InvalidArgumentError(
      'A name has only lower case letters, digits, dashes and dots, at most 253 characters.',
    );
  return text;
}

/** A Task's name, or `<application>/<component>`. */
export function taskArgument(text: string): string {
  const parts = text.split('/');
  if (parts.length > 2)
    throw new InvalidArgumentError('Write the name of a Task or of its component, or <application>/<component>.');
  parts.forEach(nameArgument);
  return text;
}
