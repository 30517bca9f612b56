/**
 * A pod template with other args, or env beside its own.
 */
import type { TaskRun } from '../../resources/index.ts';
import { type Fields, fieldsOf, isFields, isLeftOut, listOf } from '../lang/fields.ts';

export type Overrides = NonNullable<TaskRun['spec']['overrides']>;

/** A pod template whose first container has other args, or env beside its own. */
export function withOverridden(template: Record<string, unknown>, overrides: Overrides): Record<string, unknown> {
  const spec = fieldsOf(template['spec']);
  const [first, ...others] = listOf(spec['containers']);
  return isFields(first)
    ? { ...template, spec: { ...spec, containers: [overridden(first, overrides), ...others] } }
    : template;
}

/**
 * A variable that is there gets its new value in its place, and new ones follow: Kubernetes expands `$(NAME)` only
 * where NAME stands earlier in the list. What is not a list of variables stays, for the API server to refuse.
 */
export function overridden<T extends object>(container: T, { args, env = [] }: Overrides): T {
  const own = (container as { readonly env?: unknown }).env;
  const isChanged = env.length > 0 && (Array.isArray(own) || isLeftOut(own));
  return { ...container, ...(args && { args }), ...(isChanged && { env: withValues(listOf(own), env) }) };
}

function withValues(own: readonly unknown[], env: NonNullable<Overrides['env']>): readonly unknown[] {
  const values = new Map<unknown, Fields>(env.map((variable) => [variable.name, { ...variable }]));
  const kept = own.map((variable) => values.get(fieldsOf(variable)['name']) ?? variable);
  const names = new Set(own.map((variable) => fieldsOf(variable)['name']));
  return [...kept, ...[...values].flatMap(([name, variable]) => (names.has(name) ? [] : [variable]))];
}
