/**
 * executionPolicy.allowedOverrides: what a TaskRun made by a person may do otherwise than its Task says, as `kubectl
 * create job
 * --from` lets people edit: the args and env of the first container, and nothing else.
 */
import type { Snapshot, TaskRun } from '../../resources/index.ts';
import type { CompletePolicy } from '../model/execution-policy.ts';
import { overridden, type Overrides, withOverridden } from '../pods/override.ts';

/** What is wrong with a run's overrides, in a sentence with the remedy; undefined where nothing is. */
export function overridesProblem(
  { overrides, snapshot }: TaskRun['spec'],
  { allowedOverrides }: CompletePolicy,
): string | undefined {
  if (overrides?.args && snapshot?.steps)
    return "spec.overrides.args: a flow's steps have args of their own; create a TaskRun without, and with env for all steps if need be";
  const denied = (['args', 'env'] as const).filter(
    (field) => overrides?.[field] !== undefined && !allowedOverrides.includes(field),
  );
  if (denied.length === 0) return undefined;
  const allowed = allowedOverrides.length > 0 ? allowedOverrides.join(', ') : 'none';
  return `spec.overrides.${denied.join(' and spec.overrides.')}: the Task does not allow it (allowedOverrides: ${allowed}); create a TaskRun without`;
}

/** The snapshot as the run is to run it; in a flow all steps get the env. */
export function withOverrides(snapshot: Snapshot, overrides: Overrides | undefined): Snapshot {
  const { steps } = snapshot;
  if (!overrides) return snapshot;
  return steps
    ? { ...snapshot, steps: steps.map((step) => overriddenWork(step, overrides)) }
    : overriddenWork(snapshot, overrides);
}

/** What is taken of a TaskTemplate is overridden where it says what it does otherwise itself. */
function overriddenWork<T extends Pick<Snapshot, 'template' | 'templateRef'>>(work: T, overrides: Overrides): T {
  const { template, templateRef } = work;
  if (templateRef) return { ...work, templateRef: overridden(templateRef, overrides) };
  return template ? { ...work, template: withOverridden(template, overrides) } : work;
}
