/**
 * Outputs that go from step to step of a flow, and from its steps to the run.
 */
import type { Snapshot, TaskRunStatus } from '../../resources/index.ts';
import { memo } from '../lang/memo.ts';
import type { Flow } from '../model/flow.ts';
import { placesIn } from './placeholders.ts';
import { fittingOutputs, type OutputsVerdict } from './declared-outputs.ts';

type Rows = NonNullable<TaskRunStatus['jobs']>;
type Output = NonNullable<Snapshot['outputs']>[number];
type Outputs = Readonly<Record<string, unknown>>;

/** Step names have no dots. */
const ofStep = /^steps\.([^.]+)\.outputs\.(.+)$/;
const ofItems = /^items\.outputs\.(.+)$/;

/**
 * The run's own outputs, each from the step that its valueFrom names, or from all items in their order; null for one
 * that has none.
 */
export function readStepOutputs(declared: readonly Output[], rows: Readonly<Rows>): OutputsVerdict {
  const byStep = outputsByStep(rows);
  const found = declared.flatMap(({ name, valueFrom = '' }) => {
    const [, collected] = ofItems.exec(valueFrom) ?? [];
    if (collected !== undefined) return [[name, rows.map(({ outputs }) => outputs?.[collected] ?? null)] as const];
    const [, step = '', output = ''] = ofStep.exec(valueFrom) ?? [];
    const outputs = byStep.get(step) ?? {};
    return Object.hasOwn(outputs, output) ? [[name, outputs[output]] as const] : [];
  });
  return fittingOutputs(declared, Object.fromEntries(found));
}

/**
 * What stands for `$(steps.build.outputs.image)`: that output, a string as it is, anything else as JSON, nothing for
 * one that was not written.
 */
export function stepOutputValues(rows: Readonly<Rows>): (name: string) => string | undefined {
  const byStep = outputsByStep(rows);
  return (name) => {
    const [, step, output = ''] = ofStep.exec(name) ?? [];
    if (step === undefined) return undefined;
    const outputs = byStep.get(step) ?? {};
    const value = Object.hasOwn(outputs, output) ? (outputs[output] ?? '') : '';
    return typeof value === 'string' ? value : JSON.stringify(value);
  };
}

/**
 * What is wrong with the run's own outputs, in a sentence with the remedy; undefined where nothing is. With items those
 * without valueFrom are each item's own.
 */
export function originProblem({ steps, outputs }: Partial<Snapshot> = {}): string | undefined {
  const nowhere = steps && outputs?.find(({ valueFrom }) => valueFrom === undefined)?.name;
  return (
    nowhere &&
    `output ${nowhere} says nothing of where it comes from: give it a valueFrom, such as steps.${steps[0]?.name}.outputs.${nowhere}`
  );
}

/** What is wrong with the outputs that steps take over from others, each in a sentence with the remedy. */
export function outputProblems(flow: Flow): readonly string[] {
  const { order, steps } = flow;
  const earlier = memo(earlierSteps);
  return order.flatMap((step) =>
    referencesOf(step.template).flatMap(([name, output]) => {
      const what = `step ${step.name} takes $(steps.${name}.outputs.${output})`;
      const other = steps.get(name);
      if (!other?.outputs?.some((one) => one.name === output))
        return [
          `${what}, and ${other ? `step ${name} declares no output ${output}: add it to the outputs of ${name}` : `there is no step ${name}`}`,
        ];
      return earlier(flow).get(step.name)?.has(name) === true
        ? []
        : [`${what} and does not come after ${name}: add ${name} to its dependsOn`];
    }),
  );
}

/** Remembered: all items have the same template. */
const referencesOf = memo((template: object): readonly (readonly [step: string, output: string])[] =>
  [...new Set(placesIn(JSON.stringify(template), 'steps.'))].flatMap((name) => {
    const [, step, output = ''] = ofStep.exec(name) ?? [];
    return step === undefined ? [] : [[step, output] as const];
  }),
);

/** The steps that a step comes after. */
interface Earlier {
  has(step: string): boolean;
}

/**
 * What each step depends on, directly or through others, as one bit for each step. A flow may have a thousand steps
 * with a hundred dependencies and many references each, and while it is sorted no other Task is decided on.
 */
function earlierSteps({ order, dependencies }: Flow): ReadonlyMap<string, Earlier> {
  const bits = new Map(order.map(({ name }, place) => [name, 1n << BigInt(place)]));
  const earlier = new Map<string, bigint>();
  for (const { name } of order) {
    const needed = dependencies.get(name) ?? [];
    const own = needed.reduce((all, other) => all | (bits.get(other) ?? 0n) | (earlier.get(other) ?? 0n), 0n);
    earlier.set(name, own);
  }
  return new Map([...earlier].map(([name, own]) => [name, { has: (other) => (own & (bits.get(other) ?? 0n)) !== 0n }]));
}

function outputsByStep(rows: Readonly<Rows>): ReadonlyMap<string | undefined, Outputs> {
  return new Map(rows.map(({ step, outputs = {} }) => [step, outputs]));
}
