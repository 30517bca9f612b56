/** A Workload's conditions: what they say, and how a new one takes an old one's place. Pure. */
import type { Condition, ConditionType, Workload } from './kinds.ts';

export type NewCondition = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;
export type Changes = readonly NewCondition[];

export function conditionOf({ status }: Workload, type: ConditionType): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

export function holds(workload: Workload, type: ConditionType): boolean {
  return conditionOf(workload, type)?.status === 'True';
}

/** True where the condition is False for this very reason. */
export function deniedFor(workload: Workload, type: ConditionType, reason: string): boolean {
  const condition = conditionOf(workload, type);
  return condition?.status === 'False' && condition.reason === reason;
}

/**
 * The Workload with these conditions, or undefined where they say nothing new. A time is kept while the status stays.
 */
export function withConditions<W extends Workload>(workload: W, changes: Changes, now: string): W | undefined {
  const isNew = changes.filter((next) => !sameAs(conditionOf(workload, next.type), next));
  if (isNew.length === 0) return undefined;
  const kept = (workload.status?.conditions ?? []).filter(({ type }) => !isNew.some((next) => next.type === type));
  const generation = workload.metadata.generation ?? 0;
  const added = isNew.map((next): Condition => {
    const before = conditionOf(workload, next.type);
    return {
      ...next,
      lastTransitionTime: before?.status === next.status ? before.lastTransitionTime : now,
      observedGeneration: generation,
    };
  });
  return { ...workload, status: { ...workload.status, conditions: [...kept, ...added] } };
}

function sameAs(before: Condition | undefined, next: NewCondition): boolean {
  return before?.status === next.status && before.reason === next.reason && before.message === next.message;
}

export function said(type: ConditionType, status: 'True' | 'False', reason: string, message: string): NewCondition {
  return { type, status, reason, message };
}

/** What a reservation makes of Evicted and Preempted. */
export function noLonger(workload: Workload, types: readonly ConditionType[]): Changes {
  return types.flatMap((type) => {
    const before = conditionOf(workload, type);
    return before?.status === 'True' ? [said(type, 'False', 'QuotaReserved', `Previously: ${before.message}`)] : [];
  });
}
