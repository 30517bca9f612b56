/** What is done with a Task's Application. */
import type { ApplicationRef } from '../../domain/model/actions.ts';
import { isForbidden, isNotFound } from '../../kube/api-error.ts';
import type { ApplyContext } from './context.ts';

/** How long to ask an Application that does not name a Task yet, and how often. */
const patience = { forMilliseconds: 30_000, everyMilliseconds: 2_000 };

/**
 * When to ask an Application again that does not name a Task yet, where that began at `since`; undefined once it has
 * lasted too long. KubeVela writes what it applied at the end of its look, so a Task may be looked at before. All in
 * milliseconds since the epoch.
 */
export function againAt(since: number, now: number): number | undefined {
  return now - since < patience.forMilliseconds ? now + patience.everyMilliseconds : undefined;
}

/**
 * In a managed cluster the Application is on the hub. KubeVela looks at the Task from there by itself, and a run of a
 * workflow step continues to its own end.
 *
 * @param work reads or writes the Application
 * @returns what `work` returns; undefined where the Application is not here, or may not be touched
 * @throws ApiError when the API server could not be reached
 */
export async function ifHere<T>(
  application: ApplicationRef,
  { log }: ApplyContext,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!isNotFound(error) && !isForbidden(error)) throw error;
    log.debug({ application, error: error.message }, 'the Application is not here');
    return undefined;
  }
}
