import type { RunRequest } from '../../../controller/src/api/schemas.ts';

/** What was typed into the form of a run. */
export interface RunForm {
  /** One argument a line. */
  readonly args: string;
  /** `NAME=value`, one a line. */
  readonly env: string;
  readonly name: string;
}

/**
 * The request that a form stands for. What was left empty is left out, so that the task's own holds.
 * @throws Error when a line of the environment has no name
 */
export function runRequestOf({ args, env, name }: RunForm): RunRequest {
  const variables = linesOf(env).map(variableOf);
  return {
    ...(args.trim() === '' ? {} : { args: args.replace(/\n$/, '').split('\n') }),
    ...(variables.length === 0 ? {} : { env: variables }),
    ...(name.trim() === '' ? {} : { name: name.trim() }),
  };
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

function variableOf(line: string): { name: string; value: string } {
  const at = line.indexOf('=');
  if (at < 1) throw new Error(`“${line.trim()}” is not a variable: write NAME=value, one per line.`);
  return { name: line.slice(0, at).trim(), value: line.slice(at + 1) };
}
