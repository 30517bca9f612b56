/** Reads from an Application's status whether a workflow step still waits for its run. */
import type { KubeObject } from '../kube/objects.ts';
import { endsWorkflow, isStepFinished, type StepEnd } from '../vela/workflow.ts';
import type { StepLook } from '../domain/model/memory.ts';
import { group } from '../resources/index.ts';

interface StepStatus extends StepEnd {
  readonly id?: string;
  readonly name?: string;
  readonly firstExecuteTime?: string;
  readonly subSteps?: readonly StepStatus[];
}

interface AppliedResource {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  /** Left out, or `local`, for the cluster that the Application is in. */
  readonly cluster?: string;
}

/** The part of an Application's status about what it applied, and about its workflow. */
export interface ApplicationObject extends KubeObject {
  readonly status?: {
    readonly appliedResources?: readonly AppliedResource[];
    readonly workflow?: {
      readonly finished?: boolean;
      readonly terminated?: boolean;
      readonly steps?: readonly StepStatus[];
    };
  };
}

/** A Task by where it is. */
export interface TaskRef {
  readonly namespace: string;
  readonly name: string;
}

/**
 * Whether KubeVela says that the Application applied that Task. The Task's own labels prove nothing: whoever may create
 * a Task may write the name of any Application of the cluster into them.
 */
export function applies(application: ApplicationObject, task: TaskRef): boolean {
  return tasksAppliedBy(application).some(({ namespace, name }) => namespace === task.namespace && name === task.name);
}

/** The Tasks that KubeVela says that the Application applied in its own cluster. */
export function tasksAppliedBy({ status }: ApplicationObject): readonly TaskRef[] {
  const isTask = ({ apiVersion = '', kind, cluster = '' }: AppliedResource) =>
    kind === 'Task' && apiVersion.split('/')[0] === group && (cluster === '' || cluster === 'local');
  return (status?.appliedResources ?? []).filter(isTask).map(({ namespace = '', name = '' }) => ({ namespace, name }));
}

/** A run that was created by a workflow step. */
export interface StepRun {
  /** The step's name and session, which KubeVela changes when the workflow is restarted. */
  readonly step: { readonly name: string; readonly id: string };
  /** When the run was created, in milliseconds since the epoch. */
  readonly createdAt: number;
}

/**
 * KubeVela runs the steps first and writes their status afterwards. For this long a status may not have the step yet,
 * or may still have one that began in the same second.
 */
const unknownMilliseconds = { alone: 60_000, besideAnother: 10_000 };

/**
 * @param now in milliseconds since the epoch
 * @returns whether the Application has the step, and a sentence about why the step no longer waits
 */
export function lookAtStep({ metadata, status }: ApplicationObject, run: StepRun, now: number): Omit<StepLook, 'at'> {
  const { steps = [], ...workflow } = status?.workflow ?? {};
  const all = steps.flatMap((one) => [one, ...(one.subSteps ?? [])]);
  const ours = all.find(({ id }) => id === run.step.id);
  // Where no step ended the workflow, a person did. The steps may not say so yet: KubeVela writes them concurrently.
  const over = workflow.finished === true || (workflow.terminated === true && !all.some(endsWorkflow));
  const how = ours ? endOf(ours, over) : replacementOf(all, run, now);
  return {
    known: ours !== undefined,
    ...(how && { ended: `workflow step ${run.step.name} of Application ${metadata?.name} ${how}` }),
  };
}

function endOf(step: StepStatus, over: boolean): string | undefined {
  if (isStepFinished(step)) return `ended: ${[step.phase, step.reason].filter(Boolean).join(', ')}`;
  return over ? 'was terminated' : undefined;
}

function replacementOf(all: readonly StepStatus[], { step, createdAt }: StepRun, now: number): string | undefined {
  const earliest = now - createdAt > unknownMilliseconds.besideAnother ? createdAt : createdAt + 1;
  if (all.some(({ name, firstExecuteTime = '' }) => name === step.name && Date.parse(firstExecuteTime) >= earliest))
    return 'was started again';
  return now - createdAt > unknownMilliseconds.alone ? 'is not there any more' : undefined;
}
