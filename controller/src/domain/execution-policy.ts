import type { ExecutionPolicy, Task } from '../resources/index.ts';

/** An executionPolicy with nothing left open but the TTL, which has no default. */
export type CompletePolicy = Required<Omit<ExecutionPolicy, 'ttlSecondsAfterFinished'>> &
  Pick<ExecutionPolicy, 'ttlSecondsAfterFinished'>;

/** The CRD's defaults, for a Task that no API server has filled in. A test holds the two against each other. */
export const defaultPolicy: CompletePolicy = {
  unique: true,
  keepLast: 3,
  keepLastFailed: 3,
  trigger: 'Revision',
  nameSuffix: 'Revision',
  historyLimit: 50,
  healthyWhen: 'Succeeded',
};

export function policyOf(task: Task): CompletePolicy {
  return { ...defaultPolicy, ...task.spec.executionPolicy };
}
