/** Writes on an Application that its Tasks keep the names that were joined with one dash. */
import { applications } from '../../cluster/resource-types.ts';
import { applies, tasksAppliedBy, type ApplicationObject } from '../../cluster/workflow-step.ts';
import type { ActionOf } from '../../domain/model/actions.ts';
import { hasMoreDashes, isJoinedByOneDash } from '../../domain/policies/task-name.ts';
import { joinedByAnnotation, type Task } from '../../resources/index.ts';
import { ifHere } from './application.ts';
import type { ApplyContext, Result } from './context.ts';

/**
 * In a managed cluster the Application is on the hub, and keeps no names.
 * @throws ApiError where the Application could not be read or written; it is told later
 */
export async function keepName({ application }: ActionOf<'keepName'>, context: ApplyContext): Promise<Result> {
  const { client, memory, task, log } = context;
  await ifHere(application, context, async () => {
    const found = await client.get(applications, application);
    const annotations = keptNames(found, task);
    if (Object.keys(annotations).length === 0) return;
    log.info({ application }, 'its Tasks keep the names that they have, which are joined with one dash');
    await client.patch(applications, application, { metadata: { annotations } });
  });
  memory.nameKept = true;
  return 'done';
}

/**
 * The annotation that an Application needs so that this Task keeps its name. None where the Application does not say
 * that it applied the Task, or has a Task that is named otherwise: that one would get another name.
 */
export function keptNames(application: ApplicationObject, task: Task): Readonly<Record<string, string>> {
  const { name = '', annotations = {} } = application.metadata ?? {};
  const isNeeded = annotations[joinedByAnnotation] === undefined && isJoinedByOneDash(task);
  const others = tasksAppliedBy(application);
  if (!isNeeded || !applies(application, task.metadata)) return {};
  return others.some((other) => hasMoreDashes(other.name, name)) ? {} : { [joinedByAnnotation]: '-' };
}
