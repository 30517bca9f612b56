import { isObject, sameJson, type JsonObject } from './objects.ts';

/** The JSON merge patch (RFC 7386) that makes `to` of `from`. */
export function mergeDiff(from: JsonObject, to: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const [key, after] of Object.entries(to)) {
    if (after === undefined) continue;
    const before = from[key];
    if (isObject(before) && isObject(after)) {
      const inner = mergeDiff(before, after);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (!sameJson(before, after) || !(key in from)) patch[key] = after;
  }
  for (const key of Object.keys(from)) if (to[key] === undefined) patch[key] = null;
  return patch;
}

/**
 * A three-way merge patch: sets what `modified` says, removes what `original` said and `modified` does not, and leaves
 * alone what others put into `current`. Lists are replaced whole.
 */
export function threeWayPatch(original: JsonObject, modified: JsonObject, current: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const [key, wanted] of Object.entries(modified)) {
    const found = current[key];
    if (isObject(wanted) && isObject(found)) {
      const inner = threeWayPatch(asObject(original[key]), wanted, found);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (!sameJson(wanted, found) || !(key in current)) patch[key] = wanted;
  }
  for (const key of Object.keys(original)) if (!(key in modified) && key in current) patch[key] = null;
  return patch;
}

const asObject = (value: unknown): JsonObject => (isObject(value) ? value : {});

/** Carries a JSON merge patch out. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = applyMergePatch(result[key], value);
  }
  return result;
}
