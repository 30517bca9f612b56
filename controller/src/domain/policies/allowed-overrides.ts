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
export function overridesProblem(overrides: Overrides | undefined, { allowedOverrides }: CompletePolicy): string | undefined {
  const denied = (['args', 'env'] as const).filter((field) => overrides?.[field] !== undefined && !allowedOverrides.includes(field));
  if (denied.length === 0) return undefined;
  const allowed = allowedOverrides.length > 0 ? allowedOverrides.join(', ') : 'none';
  return `spec.overrides.${denied.join(' and spec.overrides.')}: the Task does not allow it (allowedOverrides: ${allowed}); create a TaskRun without`;
}

/** The snapshot as the run is to run it. */
export function withOverrides(snapshot: Snapshot, overrides: Overrides | undefined): Snapshot {
  const { spec } = snapshot.template as PodTemplate;
  const [first, ...others] = spec?.containers ?? [];
  if (!overrides || !first) return snapshot;
  const containers = [overridden(first, overrides), ...others];
  return { ...snapshot, template: { ...snapshot.template, spec: { ...spec, containers } } };
}

function overridden(container: Container, { args, env }: Overrides): Container {
  const names = new Set(env?.map(({ name }) => name));
  const kept = (container.env ?? []).filter(({ name }) => !names.has(name));
  return { ...container, ...(args && { args }), ...(env && { env: [...kept, ...env] }) };
}
