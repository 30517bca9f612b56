/**
 * The rules of a flow: which of its steps wait for which, and what becomes of a step when those have ended.
 */
import { memo } from '../lang/memo.ts';
import type { Flow, FlowStep, Gate, StepEnd, StepPhase } from '../model/flow.ts';
import { reasons } from '../model/reasons.ts';
import type { FlowRun } from '../model/view.ts';
import { itemsProblem } from './items.ts';
import { placesProblem } from './places.ts';
import { originProblem, outputProblems } from './step-outputs.ts';

/**
 * The steps of a run in their order; a problem where they have none, or items or outputs are invalid. What stands where
 * no value takes its place keeps a run from its first Job; one that an earlier version began goes on.
 */
export function arrangedOf({ record: { spec }, steps, began }: FlowRun): ReturnType<typeof flowOf> {
  const { snapshot } = spec;
  const misplaced = began || !snapshot ? undefined : placesProblem(snapshot);
  const problem = itemsProblem(snapshot) ?? originProblem(snapshot) ?? misplaced;
  return problem === undefined ? flowOf(steps) : { problem };
}

/**
 * Remembered: each decision asks several times, and sorts a thousand steps.
 * @returns the flow, or what is wrong with its dependencies, in a sentence with the remedy
 */
export const flowOf = memo(arrange);

function arrange(steps: readonly FlowStep[]): Flow | { readonly problem: string } {
  const dependencies = dependenciesOf(steps);
  for (const [name, needed] of dependencies) {
    const missing = needed.find((other) => !dependencies.has(other));
    if (missing !== undefined)
      return {
        problem: `step ${name} depends on ${missing}, which does not exist: name one of ${[...dependencies.keys()].slice(0, 10).join(', ')}`,
      };
  }
  const order = ordered(steps, dependencies);
  if (order.length === steps.length) {
    const flow = { order, steps: new Map(steps.map((step) => [step.name, step])), dependencies };
    const [problem] = outputProblems(flow);
    return problem === undefined ? flow : { problem };
  }
  return {
    problem: `steps depend on each other in a circle (${circle(new Set(order), steps, dependencies).join(' -> ')}): take one of these out of the other's dependsOn`,
  };
}

/**
 * What runs OnFailure or Always and does not say after what comes after all the others, except those that come after
 * it.
 */
function dependenciesOf(steps: readonly FlowStep[]): ReadonlyMap<string, readonly string[]> {
  const last = steps
    .filter(({ dependsOn, when = 'OnSuccess' }) => dependsOn === undefined && when !== 'OnSuccess')
    .map(({ name }) => name);
  const atLast = new Set(last);
  if (last.length > 0) {
    const dependants = dependantsOf(steps, (step) => step.dependsOn ?? []);
    for (const name of atLast) for (const dependant of dependants.get(name) ?? []) atLast.add(dependant.name);
  }
  const others = steps.filter(({ name }) => !atLast.has(name)).map(({ name }) => name);
  return new Map(steps.map(({ name, dependsOn }) => [name, dependsOn ?? (last.includes(name) ? others : [])]));
}

function dependantsOf(
  steps: readonly FlowStep[],
  needs: (step: FlowStep) => readonly string[],
): ReadonlyMap<string, readonly FlowStep[]> {
  const dependants = new Map<string, FlowStep[]>();
  for (const step of steps) {
    for (const needed of needs(step)) {
      const known = dependants.get(needed);
      if (known) known.push(step);
      else dependants.set(needed, [step]);
    }
  }
  return dependants;
}

/**
 * Kahn's algorithm, in the order of the list where there is a choice; what is in a circle, or behind one, is left out.
 */
function ordered(
  steps: readonly FlowStep[],
  dependencies: ReadonlyMap<string, readonly string[]>,
): readonly FlowStep[] {
  const open = new Map([...dependencies].map(([name, needed]) => [name, needed.length]));
  const dependants = dependantsOf(steps, ({ name }) => dependencies.get(name) ?? []);
  const order = steps.filter(({ name }) => open.get(name) === 0);
  for (const { name } of order) {
    for (const dependant of dependants.get(name) ?? []) {
      const left = (open.get(dependant.name) ?? 0) - 1;
      open.set(dependant.name, left);
      if (left === 0) order.push(dependant);
    }
  }
  return order;
}

/** One circle, from a step back to itself. */
function circle(
  done: ReadonlySet<FlowStep>,
  steps: readonly FlowStep[],
  dependencies: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const stuck = new Set(steps.filter((step) => !done.has(step)).map(({ name }) => name));
  const path: string[] = [];
  let name = [...stuck][0] ?? '';
  while (!path.includes(name)) {
    path.push(name);
    name = dependencies.get(name)?.find((needed) => stuck.has(needed)) ?? name;
  }
  return [...path.slice(path.indexOf(name)), name];
}

/** @returns how a step ended; undefined while it has not */
export function stepEnd({ continueOnFailure }: FlowStep, { phase, reason }: StepPhase): StepEnd | undefined {
  if (phase === 'Succeeded') return 'ok';
  if (phase === 'Failed') return continueOnFailure === true ? 'ok' : 'failed';
  if (phase === 'Skipped') return reason === reasons.nothingFailed ? 'unneeded' : 'failed';
  return phase === 'Cancelled' ? 'failed' : undefined;
}

/**
 * Whether a step may start.
 * @param ends how each step ended that it depends on, by name; undefined for one that has not
 */
export function gateOf({ when = 'OnSuccess' }: FlowStep, ends: ReadonlyMap<string, StepEnd | undefined>): Gate {
  const all = [...ends];
  const failed = all.find(([, end]) => end === 'failed')?.[0];
  if (when === 'OnSuccess' && failed !== undefined)
    return { skip: { reason: reasons.dependencyFailed, message: `${failed} did not succeed` } };
  if (all.some(([, end]) => end === undefined)) return { opens: false };
  const needless =
    when === 'Always' || (when === 'OnFailure' && failed !== undefined) ? undefined : whyNeedless(when, all);
  return needless === undefined ? { opens: true } : { skip: { reason: reasons.nothingFailed, message: needless } };
}

function whyNeedless(
  when: FlowStep['when'],
  ends: readonly (readonly [string, StepEnd | undefined])[],
): string | undefined {
  if (when === 'OnFailure') return 'nothing failed';
  const unneeded = ends.find(([, end]) => end === 'unneeded')?.[0];
  return unneeded && `${unneeded} was not needed`;
}
