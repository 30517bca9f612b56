import type { ExecutionPolicy, Task } from '../../resources/index.ts';

/** An executionPolicy with nothing left open but the TTL, which has no default. */
export type CompletePolicy = Required<Omit<ExecutionPolicy, 'ttlSecondsAfterFinished'>> &
  Pick<ExecutionPolicy, 'ttlSecondsAfterFinished'>;

/** Those whose default depends on the rest of the Task, or that have none. */
type Open = 'trigger' | 'healthyWhen' | 'ttlSecondsAfterFinished';

/**
 * The CRD's defaults, for a Task that no API server has filled in. A test holds the two against each other, and the
 * compiler names a field that is missing here.
 */
export const defaultPolicy = {
  unique: true,
  keepLast: 3,
  keepLastFailed: 3,
  nameSuffix: 'Revision',
  historyLimit: 50,
  concurrencyPolicy: 'Allow',
  queueLimit: 100,
  allowedOverrides: ['args', 'env'],
} as const satisfies Required<Omit<ExecutionPolicy, Open>>;

/**
 * A Task with a schedule runs on deployment only where that is written out, as a CronJob does not run when it is
 * applied.
 */
export function policyOf({ spec }: Task): CompletePolicy {
  const trigger = spec.schedule === undefined ? 'Revision' : 'Manual';
  return {
    ...defaultPolicy,
    allowedOverrides: [...defaultPolicy.allowedOverrides],
    trigger,
    healthyWhen: 'Succeeded',
    ...spec.executionPolicy,
  };
}
