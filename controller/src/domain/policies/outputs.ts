/**
 * outputs: what a run hands on. Its first container writes a JSON object to its termination message, as Kubernetes
 * calls the file /dev/termination-log; the kubelet cuts it at 4096 bytes, so a run hands on values, not files.
 */
import type { Snapshot } from '../../resources/index.ts';

export type Outputs = Readonly<Record<string, unknown>>;
type Output = NonNullable<Snapshot['outputs']>[number];

/** What is on record of a run's outputs, or what is wrong with them. */
export type OutputsVerdict =
  { readonly outputs: Outputs; readonly problem?: never } | { readonly problem: string; readonly outputs?: never };

const termination = 'the termination message (/dev/termination-log)';

/**
 * @param declared the outputs that the Task names; what else the container writes is left out
 * @param text the termination message; undefined where there is none any more
 */
export function readOutputs(declared: readonly Output[], text: string | undefined): OutputsVerdict {
  const required = declared.filter((output) => output.required !== false);
  if (!text) {
    return required.length === 0
      ? { outputs: {} }
      : { problem: `the run wrote no outputs to ${termination}; ${names(required)} must be there` };
  }
  const written = parseObject(text);
  if (!written)
    return {
      problem: `${termination} is no JSON object: ${start(text)}; write one such as {"${declared[0]?.name ?? 'name'}": ...}, 4096 bytes at most`,
    };
  return fittingOutputs(declared, written);
}

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

function parseObject(text: string): Outputs | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeOf(value) === 'object' ? (value as Outputs) : undefined;
  } catch {
    return undefined;
  }
}

function outputProblem({ name, type = 'string', required = true }: Output, written: Outputs): string[] {
  if (!Object.hasOwn(written, name)) return required ? [`output ${name} is missing`] : [];
  const actual = typeOf(written[name]);
  const fits = actual === type || (type === 'number' && actual === 'integer');
  return fits ? [] : [`output ${name} must be of type ${type}, not ${actual}`];
}

/** The type's name as JSON Schema has it. */
function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

function names(outputs: readonly Output[]): string {
  return outputs.map(({ name }) => name).join(', ');
}

function start(text: string): string {
  return text.length <= 40 ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, 40))}...`;
}
