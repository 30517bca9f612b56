import type { ObjectMeta } from 'kubernetes-types/meta/v1.js';

/**
 * Who changed a Job after it was created, other than by its status. The generation counts changes of the spec; the API
 * server notes who wrote any other field, and when.
 * @returns nothing for a Job that nobody patched
 */
export function patchesOf({ metadata }: { readonly metadata: ObjectMeta }): string[] {
  const { generation, managedFields = [], creationTimestamp } = metadata;
  const writes = managedFields.filter(({ subresource }) => subresource === undefined);
  const others = writes.filter(({ operation, time }) => operation !== 'Update' || time !== creationTimestamp);
  return [
    ...(generation === 1 ? [] : [`generation ${generation}`]),
    ...others.map(({ manager = 'somebody' }) => manager),
  ];
}
