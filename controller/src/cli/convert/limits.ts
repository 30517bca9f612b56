/** What an Application of ours cannot be: the limits of the resource Task, and work without an image. */
import { compact } from '../../domain/lang/compact.ts';
import type { FlowStep } from '../../domain/model/flow.ts';
import { flowOf } from '../../domain/shape/arrange.ts';
import { UsageError } from '../errors.ts';
import type { Fields } from '../../domain/lang/fields.ts';
import { type Converted } from './work.ts';

/** As in the schema of the resource Task. */
export const mostSteps = 1000;
export const mostDependencies = 100;

interface Step extends Fields {
  readonly name?: string;
  readonly dependsOn?: readonly string[];
  readonly when?: string;
}

/** @throws UsageError if the API server, or a plan, would refuse the component */
export function checkLimits({ type, properties, warnings }: Converted & { readonly type: string }): void {
  if (type !== 'task-flow') return checkImage(properties, 'it');
  const steps = (properties['steps'] ?? []) as readonly Step[];
  if (steps.length === 0) throw new UsageError(`no step of it can be converted${because(warnings)}`);
  if (steps.length > mostSteps)
    throw new UsageError(`it has ${steps.length} steps, and a flow has at most ${mostSteps}`);
  for (const step of steps) checkStep(step);
  checkOrder(steps);
}

/** Volcano and Argo take steps that wait for each other, and run none of them. */
function checkOrder(steps: readonly Step[]): void {
  const bare = steps.map(({ name = '', dependsOn, when }) => compact({ name, dependsOn, when, template: {} }));
  const flow = flowOf(bare as unknown as readonly FlowStep[]);
  if ('problem' in flow) throw new UsageError(flow.problem);
}

function checkStep(step: Step): void {
  const { name = '', dependsOn = [] } = step;
  if (dependsOn.length > mostDependencies)
    throw new UsageError(
      `step ${name} would depend on ${dependsOn.length} steps, and a step depends on at most ${mostDependencies}: put a step between them, or write fewer items`,
    );
  checkImage(step, `step ${name}`);
}

function checkImage(work: Fields, what: string): void {
  if (work['image'] === undefined && work['templateRef'] === undefined)
    throw new UsageError(`${what} has no image: write it into the field image of its container`);
}

function because(warnings: readonly string[]): string {
  const reasons = warnings.filter((warning) => /^(step|onExit|the tasks) .*left out/.test(warning)).slice(0, 3);
  return reasons.length > 0 ? `: ${reasons.join('; ')}` : ': it has no steps';
}
