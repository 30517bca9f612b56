import type { JobCondition } from './state.ts';

/** What has conditions: the status of a Job, or a Workload. */
interface Conditioned {
  readonly conditions?: readonly JobCondition[];
}

/** A condition of that type, be it true or not. */
export function anyCondition({ conditions = [] }: Conditioned, type: string): JobCondition | undefined {
  return conditions.find((condition) => condition.type === type);
}

/** A condition of that type that is true. */
export function trueCondition({ conditions = [] }: Conditioned, type: string): JobCondition | undefined {
  return conditions.find((condition) => condition.type === type && condition.status === 'True');
}
