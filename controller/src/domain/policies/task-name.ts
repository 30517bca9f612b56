/** A Task's name: its Application's, and its component's or step's. definitions/task.cue makes it. */
import { velaLabels, type Task } from '../../resources/index.ts';

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const objectName = new RegExp(`^${label}([.]${label})*$`);

/**
 * The name of a component's Task, or of a step's that has no other one of that name.
 * @param part the component's name, or what stands for the step's
 * @param joinedBy the Application's annotation of that name, if it has one
 */
export function taskName(application: string, part: string, joinedBy?: string): string {
  const isPlain = joinedBy === '-' || (!part.includes('-') && !application.includes('--'));
  return [application, part].join(isPlain ? '-' : moreDashes(`${application} ${part}`));
}

/** What stands in a name for a step, whose own name is free text. */
export function partOfStep(step: string): string {
  if (objectName.test(step)) return step;
  return (
    step
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '') || 'step'
  );
}

/** Whether the Task has the name that it had when all were joined with one dash, and would get another one now. */
export function isJoinedByOneDash({ metadata, spec }: Task): boolean {
  const { [velaLabels.application]: application = '', [velaLabels.component]: component } = metadata.labels ?? {};
  const part = component ?? partOfStep(spec.trigger?.step ?? '');
  const isRenamed = taskName(application, part) !== taskName(application, part, '-');
  return isRenamed && metadata.name.startsWith(`${application}-`) && !hasMoreDashes(metadata.name, application);
}

/** Whether that name is the Application's, and another one after more than one dash. */
export function hasMoreDashes(task: string, application: string): boolean {
  return task.startsWith(`${application}--`);
}

/** The shortest row of two or more dashes that the names do not have. */
function moreDashes(names: string): string {
  let row = '--';
  while (names.includes(row) && row.length < 7) row += '-';
  return row;
}
