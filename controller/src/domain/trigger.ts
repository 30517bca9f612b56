import type { Task, TaskRun, Trigger } from '../resources/index.ts';

/**
 * A trigger as one line for people, equal exactly where the trigger's fields are equal:
 * `web-v3`, `web-v3@release-7`, `web-v3#step-session`. Empty for a Task without one.
 */
export function triggerValue(trigger: Trigger | undefined): string {
  const { appRevision = '', publishVersion = '', id = '' } = trigger ?? {};
  return `${appRevision}${publishVersion && `@${publishVersion}`}${id && `#${id}`}`;
}

/** The trigger that was answered last, the run that answered it and the content that it ran. */
export interface Answered {
  readonly generation: number;
  readonly value: string;
  readonly run?: string;
  readonly snapshotHash?: string;
}

/**
 * What was answered last, of what the Task's status says and what its runs prove: the newest by the Task's generation, for a
 * revision's name may come back. A run may exist that the status does not know (the controller was killed between the two
 * writes), and the status may know one that is gone (history is limited).
 */
export function lastAnswered(task: Task, runs: readonly TaskRun[]): Answered | undefined {
  const observed = task.status?.observedTrigger;
  const byStatus: Answered[] = observed?.generation === undefined ? [] : [
    {
      generation: observed.generation,
      value: triggerValue(observed),
      ...(observed.run !== undefined && { run: observed.run }),
      ...(observed.snapshotHash !== undefined && { snapshotHash: observed.snapshotHash }),
    },
  ];
  const byRuns = runs.flatMap(({ metadata, spec }): Answered[] => {
    if (spec.trigger?.generation === undefined) return [];
    const { generation, value = '' } = spec.trigger;
    return [{ generation, value, run: metadata.name, ...(spec.snapshot && { snapshotHash: spec.snapshot.hash }) }];
  });
  return [...byStatus, ...byRuns].reduce<Answered | undefined>(
    (newest, answer) => (newest === undefined || answer.generation > newest.generation ? answer : newest),
    undefined,
  );
}
