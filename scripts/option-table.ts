import type { Command, Option } from 'commander';
import { code, row } from './markdown.ts';

/** The options of a command, without those that its help does not show. */
export function optionTable(command: Command): string {
  const rows = command.options
    .filter(({ hidden }) => !hidden)
    .map((option) =>
      row(code(option.flags), `${option.description}${choicesOf(option.argChoices)}`, defaultOf(option)),
    );
  return [row('option', 'what it does', 'default'), row('---', '---', '---'), ...rows].join('\n');
}

export const choicesOf = (choices: readonly string[] | undefined): string =>
  choices ? `: ${choices.map(code).join(', ')}` : '';

function defaultOf({ defaultValue }: Option): string {
  const value = defaultValue as string | number | boolean | undefined;
  return value === undefined || value === false ? '' : code(String(value));
}
