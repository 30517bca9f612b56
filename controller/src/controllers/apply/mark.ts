/**
 * Writes on an Application what ran, and reads it for a Task that was created again.
 */
import { markAnnotations, readMark } from '../../cluster/mark.ts';
import { applications, tasks, type TaskObject } from '../../cluster/resource-types.ts';
import { applies } from '../../cluster/workflow-step.ts';
import type { ActionOf, ApplicationRef } from '../../domain/model/actions.ts';
import { compact } from '../../domain/lang/compact.ts';
import type { ArchivedDeployment, Unmarked } from '../../domain/model/memory.ts';
import { answersAnySession } from '../../domain/policies/ran-before.ts';
import { eventReasons } from '../../domain/model/events.ts';
import { keyOf } from '../../kube/objects.ts';
import { nudgeAnnotation } from '../../resources/index.ts';
import { againAt, ifHere } from './application.ts';
import type { ApplyContext, Result } from './context.ts';
import { keptNames } from './keep-name.ts';

/** @throws ApiError where the Application could not be marked; it is not remembered as marked, so it is marked later */
export async function mark(
  { application, mark: wanted, value, nudge }: ActionOf<'mark'>,
  context: ApplyContext,
): Promise<Result> {
  const { client, memory, task, now, log } = context;
  memory.markAt = undefined;
  await ifHere(application, context, async () => {
    const found = await client.get(applications, application);
    if (!applies(found, task.metadata)) {
      log.debug({ application }, 'not marked: the Application does not say that it applied this Task');
      memory.markAt = againAt((memory.markSince ??= now()), now());
      return;
    }
    memory.appliedBy = keyOf(application);
    memory.nameKept = true;
    const annotations = markAnnotations(found, task.metadata, wanted);
    if (!annotations) log.warn({ application }, 'not marked: the Application has the marks of too many Tasks');
    await client.patch(applications, application, {
      metadata: { annotations: { ...annotations, ...keptNames(found, task), [nudgeAnnotation]: nudge } },
    });
  });
  if (memory.markAt !== undefined) return 'done';
  memory.markSince = undefined;
  memory.marked = value;
  memory.nudged = nudge;
  return 'done';
}

/**
 * Remembers what the Application says that ran before the Task was created.
 *
 * @returns when to look again, in milliseconds since the epoch; undefined once it is settled
 * @throws ApiError when the API server could not be reached: until it can, nothing runs
 */
export async function lookBefore(application: ApplicationRef, context: ApplyContext): Promise<number | undefined> {
  const { client, memory, task, now } = context;
  const found = await ifHere(application, context, () => client.get(applications, application));
  if (!found) return settle('notHere', context);
  const { mark: marked, isRestored, isOld } = readMark(found, task.metadata);
  if (!marked) return settle(isOld ? 'changed' : 'noMark', context);
  if (!applies(found, task.metadata))
    return againAt((memory.lookingSince ??= now()), now()) ?? runAgain(marked.run, context);
  const before = { mark: marked, isRestored };
  memory.before = { ...before, anySession: answersAnySession(task, before) };
  return undefined;
}

function runAgain(run: string, context: ApplyContext): Promise<undefined> {
  tellRunsAgain(run, context);
  return settle('notNamed', context);
}

/** No mark counts: the archive may still know what ran. */
async function settle(unmarked: Unmarked, context: ApplyContext): Promise<undefined> {
  context.memory.before = compact({ unmarked, archived: await lastArchived(context) });
}

/** What the archive has of a Task of this name: it only adds a sentence, so nothing waits for it for long. */
async function lastArchived({ archived, task, log }: ApplyContext): Promise<ArchivedDeployment | undefined> {
  try {
    return await archived?.(task.metadata);
  } catch (error) {
    log.warn({ err: error }, 'the archive does not say whether the Task ran before');
    return undefined;
  }
}

function tellRunsAgain(run: string, { recorder, task }: ApplyContext): void {
  const message = `${run} ran before this Task was created again, and its revision may run a second time: for 30 seconds the Application did not say that it applied this Task`;
  const occurrence = { type: 'Warning', reason: eventReasons.mayRunAgain, message } as const;
  recorder.record(tasks, { metadata: task.metadata } as TaskObject, occurrence);
}
