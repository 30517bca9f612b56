/** What KubeVela's workflows do by themselves. As kubevela/workflow 0.6. */

/** The part of a step's status that says whether it is over. */
export interface StepEnd {
  readonly phase?: string;
  /** Such as Terminate or Timeout. */
  readonly reason?: string;
}

/** An error while a step was executed passes: KubeVela executes the step again. */
export function isStepFinished({ phase = '', reason = '' }: StepEnd): boolean {
  return phase === 'succeeded' || phase === 'skipped' || (phase === 'failed' && reason !== '' && reason !== 'Execute');
}

/** Whether a workflow counts as terminated after such a step. Its steps with `if: always` run all the same. */
export function endsWorkflow({ phase, reason }: StepEnd): boolean {
  return phase === 'failed' || reason === 'Terminate';
}
