/** What is taken from a manifest's objects, by the names of their fields. */
import type { Fields } from '../../domain/lang/fields.ts';

/** Without undefined values. */
export function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** The fields that are set. */
export function only(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)));
}

export function isSaid(fields: Fields): boolean {
  return Object.keys(fields).length > 0;
}

/** Undefined if none of the fields is set. */
export function orNothing(fields: Fields): Fields | undefined {
  return isSaid(fields) ? fields : undefined;
}

/** Undefined if the list is empty. */
export function listOrNothing<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}

export function without(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}
