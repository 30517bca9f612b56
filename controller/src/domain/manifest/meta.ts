/**
 * The labels of what we create.
 */
import { labels, type Meta, type Task, velaLabels } from '../../resources/index.ts';
import { labelValue } from '../lang/names.ts';

export function runLabels({ metadata }: Task): Readonly<Record<string, string>> {
  return { ...applicationLabels(metadata), [labels.task]: labelValue(metadata.name) };
}

/** KubeVela's labels that people select by; the others change with every dispatch. */
export function applicationLabels({ labels: all = {} }: Meta): Record<string, string> {
  const wanted = [velaLabels.application, velaLabels.component];
  return Object.fromEntries(wanted.flatMap((key) => (all[key] === undefined ? [] : [[key, all[key]]])));
}
