/** The rules of our CRDs that are written in CEL (x-kubernetes-validations), evaluated as the API server does. */
import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import { isFields } from '../domain/lang/fields.ts';

const environment = new Environment().registerVariable('self', 'dyn');

/** The rules of all schemas are few; those of an unusual number are read each time. */
const mostKnown = 500;
const known = new Map<string, ParseResult | undefined>();

/**
 * @returns whether the value satisfies the rule; undefined if only the API server can say, such as for a rule that
 * compares with the object as it was (oldSelf)
 */
export function celHolds(rule: string, self: unknown): boolean | undefined {
  const evaluate = known.has(rule) ? known.get(rule) : read(rule);
  if (known.size < mostKnown) known.set(rule, evaluate);
  if (!evaluate) return undefined;
  try {
    const holds: unknown = evaluate({ self: asCel(self) });
    return typeof holds === 'boolean' ? holds : undefined;
  } catch {
    // The API server refuses an object of which a rule cannot be evaluated, such as one that lacks a field.
    return false;
  }
}

/** @returns undefined for what is not CEL, or has names and functions that this does not know */
function read(rule: string): ParseResult | undefined {
  return environment.check(rule).valid ? environment.parse(rule) : undefined;
}

/** CEL tells whole numbers, which are BigInts here, from others. */
function asCel(value: unknown): unknown {
  if (Number.isInteger(value)) return BigInt(value as number);
  if (Array.isArray(value)) return value.map(asCel);
  return isFields(value) ? Object.fromEntries(Object.entries(value).map(([key, field]) => [key, asCel(field)])) : value;
}
