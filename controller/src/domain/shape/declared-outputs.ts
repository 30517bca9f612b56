/**
 * Declared outputs: whether what was written is as declared.
 */
import { roundedNumber, writeAsText } from '../lang/rounded-number.ts';
import type { Snapshot } from '../../resources/index.ts';

export type Outputs = Readonly<Record<string, unknown>>;

export type Output = NonNullable<Snapshot['outputs']>[number];

/** What is on record of a run's outputs, or what is wrong with them. */
export type OutputsVerdict =
  { readonly outputs: Outputs; readonly problem?: never } | { readonly problem: string; readonly outputs?: never };

/** Those of the declared outputs that were written, if they are as declared. */
export function fittingOutputs(declared: readonly Output[], written: Outputs): OutputsVerdict {
  const problems = declared.flatMap((output) => outputProblem(output, written));
  if (problems.length > 0) return { problem: problems.join('; ') };
  return {
    outputs: Object.fromEntries(
      declared.flatMap(({ name }) => (Object.hasOwn(written, name) ? [[name, written[name]]] : [])),
    ),
  };
}

function outputProblem({ name, type = 'string', required = true }: Output, written: Outputs): string[] {
  if (!Object.hasOwn(written, name)) return required ? [`output ${name} is missing`] : [];
  const actual = typeOf(written[name]);
  const rounded = roundedNumber(written[name], name);
  if (rounded !== undefined) return [`output ${rounded} is ${writeAsText}`];
  const fits = actual === type || (type === 'number' && actual === 'integer');
  return fits ? [] : [`output ${name} must be of type ${type}, not ${actual}`];
}

/** The type's name as JSON Schema has it. */
export function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
