/**
 * Outputs that go from step to step of a flow, and from its steps to the run.
 */
import type { Snapshot, TaskRunStatus } from '../resources/index.ts';
import { fittingOutputs, type OutputsVerdict } from './policies/outputs.ts';

type Rows = NonNullable<TaskRunStatus['jobs']>;
type Output = NonNullable<Snapshot['outputs']>[number];

/** Step names have no dots. */
const reference = /^steps\.([^.]+)\.outputs\.(.+)$/;
const inText = /\$\(steps\.([^.()]+)\.outputs\.([^()]+)\)/g;

/** The run's own outputs, each from the step that its valueFrom names. */
export function readStepOutputs(declared: readonly Output[], rows: Readonly<Rows>): OutputsVerdict {
  const byStep = outputsByStep(rows);
  const found = declared.flatMap(({ name, valueFrom = '' }) => {
    const [, step = '', output = ''] = reference.exec(valueFrom) ?? [];
    const outputs = byStep.get(step) ?? {};
    return Object.hasOwn(outputs, output) ? [[name, outputs[output]] as const] : [];
  });
  return fittingOutputs(declared, Object.fromEntries(found));
}

/** Text with `$(steps.build.outputs.image)` replaced by that output: a string as it is, anything else as JSON; what is not there stays. */
export function withStepOutputs(text: string, rows: Readonly<Rows>): string {
  if (!text.includes('$(steps.')) return text;
  const byStep = outputsByStep(rows);
  return text.replaceAll(inText, (all, step: string, output: string) => {
    const outputs = byStep.get(step) ?? {};
    if (!Object.hasOwn(outputs, output)) return all;
    const value = outputs[output];
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}

function outputsByStep(rows: Readonly<Rows>): ReadonlyMap<string | undefined, Readonly<Record<string, unknown>>> {
  return new Map(rows.map(({ step, outputs = {} }) => [step, outputs]));
}
