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

/**
 * A variable that is there gets its new value in its place, and new ones follow: Kubernetes expands `$(NAME)` only
 * where NAME stands earlier in the list.
 */
export function overridden<T extends Container>(container: T, { args, env = [] }: Overrides): T {
  const values = new Map(env.map((variable) => [variable.name, variable]));
  const kept = (container.env ?? []).map((variable) => values.get(variable.name) ?? variable);
  const names = new Set(kept.map(({ name }) => name));
  const added = [...values.values()].filter(({ name }) => !names.has(name));
  return { ...container, ...(args && { args }), ...(env.length > 0 && { env: [...kept, ...added] }) };
}
