/** Fields of metadata that somebody may write, label by label where labels mean something to us. */

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

/** Fields with a text, below a path. */
export const textsAt = (path: readonly string[], names: readonly string[]) =>
  names.map((name) => ({ path: [...path, name], schema: text }));

/** Our labels, KubeVela's and Kueue's, and others. */
export const labelFields = (...others: readonly string[]) =>
  textsAt(
    ['metadata', 'labels'],
    [
      'task.oam.dev/task',
      'task.oam.dev/run',
      'task.oam.dev/attempt',
      'task.oam.dev/step',
      'app.oam.dev/name',
      'app.oam.dev/namespace',
      'app.oam.dev/component',
      'kueue.x-k8s.io/queue-name',
      ...others,
    ],
  );

/** What is in the first owner. */
export const ownerFields = [
  ...textsAt(['metadata', 'ownerReferences', '0'], ['apiVersion', 'kind', 'name', 'uid']),
  ...['controller', 'blockOwnerDeletion'].map((field) => ({
    path: ['metadata', 'ownerReferences', '0', field],
    schema: flag,
  })),
];
