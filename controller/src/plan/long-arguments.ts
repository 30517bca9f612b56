/** Texts that Linux does not pass to a program: the container would not start. */
import { bytesOf } from './bytes.ts';
import { isFields, type Fields } from '../domain/lang/fields.ts';

/** MAX_ARG_STRLEN of a kernel with pages of 4 KiB, without the byte that ends a text; with larger pages it is more. */
const mostBytes = 131_071;

/** The lists of a container, or of a component, whose elements a program gets. */
const lists: ReadonlySet<string> = new Set(['args', 'cmd', 'command']);

/** A sentence for each argument and variable anywhere in a value that is too long. */
export function longArguments(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(longArguments);
  return isFields(value) ? Object.entries(value).flatMap(([name, field]) => ofField(name, field)) : [];
}

function ofField(name: string, field: unknown): readonly string[] {
  if (!Array.isArray(field)) return longArguments(field);
  if (lists.has(name)) return field.flatMap((word) => tooLong(`an argument in ${name}`, word));
  if (name !== 'env') return longArguments(field);
  return field.filter(isFields).flatMap(({ name: variable, value }: Fields) => {
    // The program gets NAME=value.
    const text = typeof value === 'string' ? `${String(variable)}=${value}` : undefined;
    return tooLong(`the variable ${String(variable)}`, text);
  });
}

function tooLong(what: string, text: unknown): readonly string[] {
  const bytes = typeof text === 'string' ? bytesOf(text) : 0;
  return bytes > mostBytes
    ? [
        `${what} has ${bytes} bytes, and most nodes pass ${mostBytes} at most to a program ("argument list too long"): put it into a ConfigMap, and mount that`,
      ]
    : [];
}
