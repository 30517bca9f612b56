/**
 * executionPolicy.allowedOverrides: what a TaskRun made by a person may do otherwise than its Task says, as `kubectl create job
 * --from` lets people edit: the args and env of the first container, and nothing else.
 */
import type { Snapshot, TaskRun } from '../../resources/index.ts';
import type { CompletePolicy } from '../execution-policy.ts';

type Overrides = NonNullable<TaskRun['spec']['overrides']>;

interface Container {
  readonly env?: readonly { readonly name: string }[];
  readonly [field: string]: unknown;
}

interface PodTemplate {
  readonly spec?: { readonly containers?: readonly Container[] };
}

/** What is wrong with a run's overrides, in a sentence with the remedy; undefined where nothing is. */
export function overridesProblem({ overrides, snapshot }: TaskRun['spec'], { allowedOverrides }: CompletePolicy): string | undefined {
  if (overrides?.args && snapshot?.steps) return "spec.overrides.args: a flow's steps have args of their own; create a TaskRun without, and with env for all steps if need be";
  const denied = (['args', 'env'] as const).filter((field) => overrides?.[field] !== undefined && !allowedOverrides.includes(field));
  if (denied.length === 0) return undefined;
  const allowed = allowedOverrides.length > 0 ? allowedOverrides.join(', ') : 'none';
  return `spec.overrides.${denied.join(' and spec.overrides.')}: the Task does not allow it (allowedOverrides: ${allowed}); create a TaskRun without`;
}

/** The snapshot as the run is to run it; in a flow all steps get the env. */
export function withOverrides(snapshot: Snapshot, overrides: Overrides | undefined): Snapshot {
  const { template, steps } = snapshot;
  if (!overrides) return snapshot;
  if (steps) return { ...snapshot, steps: steps.map((step) => ({ ...step, template: withOverridden(step.template, overrides) })) };
  return template ? { ...snapshot, template: withOverridden(template, overrides) } : snapshot;
}

function withOverridden(template: Record<string, unknown>, overrides: Overrides): Record<string, unknown> {
  const { spec } = template as PodTemplate;
  const [first, ...others] = spec?.containers ?? [];
  return first ? { ...template, spec: { ...spec, containers: [overridden(first, overrides), ...others] } } : template;
}

function overridden(container: Container, { args, env }: Overrides): Container {
  const names = new Set(env?.map(({ name }) => name));
  const kept = (container.env ?? []).filter(({ name }) => !names.has(name));
  return { ...container, ...(args && { args }), ...(env && { env: [...kept, ...env] }) };
}
