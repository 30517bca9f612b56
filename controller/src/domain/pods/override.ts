/**
 * A pod template with other args, or env beside its own.
 */
import type { TaskRun } from '../../resources/index.ts';

export type Overrides = NonNullable<TaskRun['spec']['overrides']>;

interface Container {
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string }[];
}

interface PodTemplate {
  readonly spec?: { readonly containers?: readonly Container[] };
}

/** A pod template whose first container has other args, or env beside its own. */
export function withOverridden(template: Record<string, unknown>, overrides: Overrides): Record<string, unknown> {
  const { spec } = template as PodTemplate;
  const [first, ...others] = spec?.containers ?? [];
  return first ? { ...template, spec: { ...spec, containers: [overridden(first, overrides), ...others] } } : template;
}

export function overridden<T extends Container>(container: T, { args, env }: Overrides): T {
  const names = new Set(env?.map(({ name }) => name));
  const kept = (container.env ?? []).filter(({ name }) => !names.has(name));
  return { ...container, ...(args && { args }), ...(env && { env: [...kept, ...env] }) };
}
