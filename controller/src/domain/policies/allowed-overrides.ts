/**
 * executionPolicy.allowedOverrides: what a TaskRun made by a person may do otherwise than its Task says, as `kubectl
 * create job
 * --from` lets people edit: the args and env of the first container, and nothing else.
 */
import type { Snapshot, TaskRun } from '../../resources/index.ts';
import type { CompletePolicy } from '../model/execution-policy.ts';

type Overrides = NonNullable<TaskRun['spec']['overrides']>;

interface Container {
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string }[];
}

interface PodTemplate {
  readonly spec?: { readonly containers?: readonly Container[] };
}

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

/** A pod template whose first container has other args, or env beside its own. */
export function withOverridden(template: Record<string, unknown>, overrides: Overrides): Record<string, unknown> {
  const { spec } = template as PodTemplate;
  const [first, ...others] = spec?.containers ?? [];
  return first ? { ...template, spec: { ...spec, containers: [overridden(first, overrides), ...others] } } : template;
}

function overridden<T extends Container>(container: T, { args, env }: Overrides): T {
  const names = new Set(env?.map(({ name }) => name));
  const kept = (container.env ?? []).filter(({ name }) => !names.has(name));
  return { ...container, ...(args && { args }), ...(env && { env: [...kept, ...env] }) };
}
