/**
 * outputs: what a run hands on. Its first container writes a JSON object to its termination message, as Kubernetes
 * calls the file /dev/termination-log; the kubelet cuts it at 4096 bytes, so a run hands on values, not files.
 */
import { fittingOutputs, type Output, type Outputs, type OutputsVerdict, typeOf } from '../shape/declared-outputs.ts';

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

function parseObject(text: string): Outputs | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeOf(value) === 'object' ? (value as Outputs) : undefined;
  } catch {
    return undefined;
  }
}

function names(outputs: readonly Output[]): string {
  return outputs.map(({ name }) => name).join(', ');
}

function start(text: string): string {
  return text.length <= 40 ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, 40))}...`;
}
