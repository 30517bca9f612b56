/** What steps hand to each other, and when they run: CUE over what a step, or the workflow, knows. */
import type { Filling, StepAnswer, Template } from '../../../cue/ts/index.ts';
import type { StepStatus, WorkflowStep } from './application.ts';
import type { TemplateCache } from './definitions.ts';
import { isObject, type JsonObject, type KubeObject } from './objects.ts';
import { messageOf } from './tracker.ts';

/** Values by the names under which steps hand them on. */
export type StepVariables = Map<string, unknown>;

/** An action that asks for nothing but what a CUE expression comes to. */
const tell = (expression: string): string =>
  `\nzz_told: {\n\t#do: "tell"\n\t#provider: "stand-in"\n\t$params: value: ${expression}\n}\n`;

async function told(template: Template, filling: Filling, answers: readonly StepAnswer[]): Promise<unknown> {
  const given = [...answers];
  let action = await template.step({ ...filling, answers: given });
  // After a failure some actions were not carried out: they give nothing.
  while (action && action.provider !== 'stand-in') {
    given.push({ path: action.path });
    action = await template.step({ ...filling, answers: given });
  }
  return action?.params['value'];
}

/**
 * What a step handed on; `problem` says in KubeVela's words what it should have, too, and takes the place of the step's
 * message.
 */
export interface StepOutputs {
  readonly values: StepVariables;
  readonly problem: string;
}

/** Reads the outputs of a finished step: an expression each, over its template with what its actions gave. */
export async function readOutputs(
  step: WorkflowStep,
  templates: TemplateCache,
  definition: KubeObject,
  filling: Filling,
  answers: readonly StepAnswer[],
): Promise<StepOutputs> {
  const values: StepVariables = new Map();
  let problem = '';
  for (const { name, valueFrom } of step.outputs ?? []) {
    try {
      values.set(name, await told(await templates.get(definition, tell(valueFrom)), filling, answers));
    } catch (error) {
      values.set(name, null);
      problem += `failed to get output from ${valueFrom}: ${messageOf(error)}\n`;
    }
  }
  return { values, problem };
}

/** The input that is not there yet. */
export function missingInput({ inputs = [] }: WorkflowStep, variables: StepVariables): string | undefined {
  return inputs.find(({ from }) => !variables.has(from))?.from;
}

/** The step with its inputs put into its properties, each where its parameterKey says: `env[0].value`. */
export function withInputs(step: WorkflowStep, variables: StepVariables): WorkflowStep {
  const properties = structuredClone(step.properties ?? {});
  for (const { from, parameterKey = '' } of step.inputs ?? []) {
    const keys = parameterKey.split(/[.[\]]+/).filter((key) => key !== '');
    const last = keys.pop();
    let place: JsonObject = properties;
    for (const key of keys) place = (place[key] ??= {}) as JsonObject;
    if (last !== undefined && isObject(place)) place[last] = variables.get(from);
  }
  return { ...step, properties };
}

/** Whether a step's `if`, an expression over `status`, `inputs`, `parameter` and `context`, holds. */
export async function holds(
  expression: string,
  templates: TemplateCache,
  filling: Filling,
  steps: readonly StepStatus[],
  variables: StepVariables,
): Promise<boolean> {
  const status = Object.fromEntries(steps.map((step) => [step.name, { ...step, ...flagsOf(step) }]));
  const known = `status: ${JSON.stringify(status)}\ninputs: ${JSON.stringify(Object.fromEntries(variables))}\n`;
  return (await told(await templates.compile(known + tell(expression)), filling, [])) === true;
}

const flagsOf = ({ phase, reason }: StepStatus) => ({
  failed: phase === 'failed',
  succeeded: phase === 'succeeded',
  skipped: phase === 'skipped',
  timeout: reason === 'Timeout',
  failedAfterRetries: reason === 'FailedAfterRetries',
  terminate: reason === 'Terminate',
});
