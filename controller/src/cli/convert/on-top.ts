/** What several things share, and what one of them says otherwise: merged as Kubernetes merges two containers. */
import { isFields, type Fields } from '../../domain/lang/fields.ts';

/** Lists that are merged by a key of their elements; all others are replaced. */
const mergeKeys: Readonly<Record<string, string>> = {
  env: 'name',
  initContainers: 'name',
  parameters: 'name',
  sidecars: 'name',
  volumeMounts: 'mountPath',
  volumes: 'name',
};

/** `own` with the fields of `shared` that it does not say itself. */
export function onTop(shared: Fields, own: Fields): Fields {
  const merged = Object.entries(own).map(
    ([field, value]) => [field, mergedField(field, shared[field], value)] as const,
  );
  return { ...shared, ...Object.fromEntries(merged) };
}

function mergedField(field: string, shared: unknown, own: unknown): unknown {
  const key = mergeKeys[field];
  if (key !== undefined && Array.isArray(shared) && Array.isArray(own)) {
    const keys = new Set((own as readonly Fields[]).map((element) => element[key]));
    return [...(shared as readonly Fields[]).filter((element) => !keys.has(element[key])), ...(own as Fields[])];
  }
  return isFields(shared) && isFields(own) ? onTop(shared, own) : own;
}
