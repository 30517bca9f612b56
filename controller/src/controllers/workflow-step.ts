/**
 * What an Application's status says of a workflow step: whether it still waits for the run that it asked for.
 */
import type { KubeObject } from '../kube/objects.ts';

interface StepStatus {
  readonly id?: string;
  readonly name?: string;
  readonly phase?: string;
  /** Such as Terminate or Timeout. */
  readonly reason?: string;
  readonly subSteps?: readonly StepStatus[];
}

/** The part of an Application's status that tells of its workflow. */
export interface ApplicationObject extends KubeObject {
  readonly status?: { readonly workflow?: { readonly terminated?: boolean; readonly steps?: readonly StepStatus[] } };
}

/** The phases of a step that KubeVela will look at again. */
const waiting: ReadonlySet<string | undefined> = new Set([undefined, '', 'pending', 'running', 'suspending']);

/**
 * @param step the step's name and session, which KubeVela changes when the workflow is restarted
 * @returns why the step does not wait any more, in a sentence; undefined while it does, and while nothing is known of it yet
 */
export function stepEnded({ metadata, status }: ApplicationObject, step: { readonly name: string; readonly id: string }): string | undefined {
  const { terminated, steps = [] } = status?.workflow ?? {};
  const application = `Application ${metadata?.name}`;
  const all = steps.flatMap((one) => [one, ...(one.subSteps ?? [])]);
  const ours = all.find(({ id }) => id === step.id);
  if (ours && !waiting.has(ours.phase)) return `workflow step ${step.name} of ${application} ended: ${[ours.phase, ours.reason].filter(Boolean).join(', ')}`;
  if (terminated === true) return `the workflow of ${application} was terminated`;
  const again = !ours && all.some(({ name }) => name === step.name);
  return again ? `workflow step ${step.name} of ${application} was started again` : undefined;
}
