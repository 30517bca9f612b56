import type { Taint } from '../model/objects.ts';

/** As core/v1; without a key it is of every taint, without an effect of every effect. */
export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

/**
 * Those that the DaemonSet controller adds to its pods: what is cordoned or short of something has its pods all the
 * same.
 */
export const daemonTolerations: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
];

/**
 * Whether pods with these tolerations may be put on a node with the taint. One that only asks to be avoided keeps
 * nobody off.
 */
export function tolerates(tolerations: readonly Toleration[], taint: Taint): boolean {
  if (taint.effect === 'PreferNoSchedule') return true;
  return tolerations.some(({ key = '', effect = '', operator, value = '' }) => {
    const isMeant = [taint.effect, ''].includes(effect) && [taint.key, ''].includes(key);
    return isMeant && (operator === 'Exists' || (key !== '' && value === (taint.value ?? '')));
  });
}
