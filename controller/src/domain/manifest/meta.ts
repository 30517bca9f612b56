/**
 * The labels and owners of what we create.
 */
import { apiVersion, labels, type Meta, type OwnerReference, type Task, velaLabels } from '../../resources/index.ts';
import { labelValue } from '../lang/names.ts';

export function runLabels({ metadata }: Task): Readonly<Record<string, string>> {
  return { ...applicationLabels(metadata), [labels.task]: labelValue(metadata.name) };
}

export function controlledBy(kind: string, { name, uid }: Meta): OwnerReference {
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** KubeVela's labels that people select by; the others change with every dispatch. */
export function applicationLabels({ labels: all = {} }: Meta): Record<string, string> {
  const wanted = [velaLabels.application, velaLabels.component];
  return Object.fromEntries(wanted.flatMap((key) => (all[key] === undefined ? [] : [[key, all[key]]])));
}
