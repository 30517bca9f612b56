/**
 * How KubeVela changes an object that is there: with a JSON merge patch (RFC 7386) made of what it applied the last
 * time, what it wants now and what is there. Lists are replaced whole.
 */
import { sameJson } from '../domain/lang/same-json.ts';
import { fieldsOf, isFields, type Fields } from '../domain/lang/fields.ts';

type Patch = Record<string, unknown>;

/** The JSON merge patch that makes `to` of `from`. */
export function mergeDiff(from: Fields, to: Fields): Patch {
  const patch: Patch = {};
  for (const [key, after] of Object.entries(to)) {
    if (after === undefined) continue;
    const before = from[key];
    if (isFields(before) && isFields(after)) {
      const inner = mergeDiff(before, after);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (!sameJson(before, after) || !(key in from)) patch[key] = after;
  }
  for (const key of Object.keys(from)) if (to[key] === undefined) patch[key] = null;
  return patch;
}

/**
 * A three-way merge patch: sets what `wanted` says, removes what `applied` said and `wanted` does not, and leaves alone
 * what others put into `live`.
 */
export function threeWayPatch(applied: Fields, wanted: Fields, live: Fields): Patch {
  const patch: Patch = {};
  for (const [key, value] of Object.entries(wanted)) {
    const found = live[key];
    if (isFields(value) && isFields(found)) {
      const inner = threeWayPatch(fieldsOf(applied[key]), value, found);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (!sameJson(value, found) || !(key in live)) patch[key] = value;
  }
  for (const key of Object.keys(applied)) if (!(key in wanted) && key in live) patch[key] = null;
  return patch;
}

/** Carries a JSON merge patch out. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch;
  const result: Patch = { ...fieldsOf(target) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = applyMergePatch(result[key], value);
  }
  return result;
}
