/**
 * executionPolicy.allowedOverrides: what a TaskRun made by a person may do differently from what its Task says, as
 * `kubectl create job --from` lets people edit: the args and env of the first container, and nothing else. Who may
 * start a run may not run another program with it, nor have the Task's own variables printed: variables such as
 * LD_PRELOAD have to be listed one by one, and `$(NAME)` in a value needs `references`.
 */
import type { Snapshot, TaskRun } from '../../resources/index.ts';
import type { CompletePolicy } from '../model/execution-policy.ts';
import { isProgramVariable } from './program-variables.ts';
import { overridden, type Overrides, withOverridden } from '../pods/override.ts';

/** What is wrong with a run's overrides, in a sentence with the remedy; undefined where nothing is. */
export function overridesProblem(
  { overrides, snapshot }: TaskRun['spec'],
  { allowedOverrides }: CompletePolicy,
): string | undefined {
  if (overrides?.args && snapshot?.steps)
    return "spec.overrides.args: a flow's steps have args of their own; create a TaskRun without, and with env for all steps if need be";
  if (!overrides) return undefined;
  const named = allowedOverrides.filter((one) => one.startsWith('env:'));
  const isAllowed = { args: allowedOverrides.includes('args'), env: allowedOverrides.includes('env') };
  const denied = (['args', 'env'] as const).filter(
    (field) => overrides[field] !== undefined && !isAllowed[field] && !(field === 'env' && named.length > 0),
  );
  const allowed = allowedOverrides.length > 0 ? allowedOverrides.join(', ') : 'none';
  if (denied.length === 0)
    return (
      variableProblem(overrides, { named, isAllowed: isAllowed.env, allowed }) ??
      referenceProblem(overrides, allowedOverrides)
    );
  return `spec.overrides.${denied.join(' and spec.overrides.')}: the Task does not allow it (allowedOverrides: ${allowed}); create a TaskRun without`;
}

/** A variable that is not allowed, or only by its name. */
function variableProblem(
  { env = [] }: Overrides,
  { named, isAllowed, allowed }: { named: readonly string[]; isAllowed: boolean; allowed: string },
): string | undefined {
  const denied = env.find(({ name }) => !named.includes(`env:${name}`) && (!isAllowed || isProgramVariable(name)));
  if (denied === undefined) return undefined;
  const why = isAllowed
    ? 'it can make the run another program, so the Task has to list it by name'
    : `the Task does not allow it (allowedOverrides: ${allowed})`;
  return `spec.overrides.env: ${denied.name}: ${why}; create a TaskRun without, or add env:${denied.name} to the Task's allowedOverrides`;
}

/** As Kubernetes reads the beginning of `$(NAME)`; after an even number of `$` it is one. */
const reference = /(?<!\$)(?:\$\$)*\$\(/;

/** The first part of the value that Kubernetes would replace. Each character is looked at once, however many. */
function referenceIn(value: string): string | undefined {
  const found = reference.exec(value.slice(0, value.lastIndexOf(')') + 1));
  if (!found) return undefined;
  const start = found.index + found[0].length - '$('.length;
  return value.slice(start, value.indexOf(')', start) + 1);
}

/**
 * A value that would be replaced by a variable of the Task, which the person may not be allowed to know. The rest of
 * the value is not quoted: it may be a secret, and many read the message of a run.
 */
function referenceProblem({ args = [], env = [] }: Overrides, allowed: readonly string[]): string | undefined {
  if (allowed.includes('references')) return undefined;
  const values = [
    ...args.map((value, index) => [`args[${index}]`, value] as const),
    ...env.map(({ name, value = '' }) => [`env: ${name}`, value] as const),
  ];
  const found = values
    .map(([where, value]) => [where, referenceIn(value)] as const)
    .find(([, inValue]) => inValue !== undefined);
  if (found === undefined) return undefined;
  const [where, inValue = ''] = found;
  return `spec.overrides.${where}: ${JSON.stringify(cutTo(inValue))} refers to a variable of the Task, which is not allowed; write $$( for a plain $(, or add references to the Task's allowedOverrides`;
}

function cutTo(value: string, most = 100): string {
  return value.length > most ? `${value.slice(0, most)}…` : value;
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
