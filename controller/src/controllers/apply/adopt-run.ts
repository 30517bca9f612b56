/** Completes a run's spec: a person's TaskRun becomes a run of the Task, and templates are filled in. */
import type { ActionOf } from '../../domain/model/actions.ts';
import { withOverrides } from '../../domain/policies/allowed-overrides.ts';
import { retrySpec } from '../../domain/policies/retry-of.ts';
import { isConflict, isNotFound } from '../../kube/api-error.ts';
import type { TaskRun } from '../../resources/index.ts';
import { taskRuns } from '../../cluster/resource-types.ts';
import { refTo, type ApplyContext, type Result } from './context.ts';

/** Make a person's TaskRun a run of the Task, in one write; whatever the person adds meanwhile stays. */
export async function adoptRun(
  { name, uid, adoption, retryOf }: ActionOf<'adoptRun'>,
  context: ApplyContext,
): Promise<Result> {
  const { client, caches, log } = context;
  const { labels, ownerReference } = adoption;
  const again = retryOf ? await readRetry(retryOf, name, context) : {};
  if (!again) return 'stop';
  const spec = { ...adoption.spec, ...again };
  const patch = { metadata: { uid, labels, ownerReferences: [ownerReference] }, spec };
  try {
    caches.runs.observe(await client.patch(taskRuns, refTo(name, context), patch));
    log.info({ run: name, trigger: spec.trigger?.type }, 'run adopted');
    return 'done';
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
    caches.runs.forget(uid); // deleted, or created again: the watch reports the new one
    return 'stop';
  }
}

export async function fillTemplates(
  { name, uid, templates }: ActionOf<'fillTemplates'>,
  context: ApplyContext,
): Promise<Result> {
  const { client, caches, log } = context;
  try {
    caches.runs.observe(await client.patch(taskRuns, refTo(name, context), { metadata: { uid }, spec: { templates } }));
    log.info({ run: name, templates: Object.keys(templates) }, 'templates taken');
    return 'done';
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
    caches.runs.forget(uid);
    return 'stop';
  }
}

/**
 * The snapshot of the run that `name` retries, with its overrides; undefined if that run is gone. The caches do not
 * have complete finished runs.
 */
async function readRetry(
  { name: before, uid }: { name: string; uid: string },
  name: string,
  context: ApplyContext,
): Promise<Partial<TaskRun['spec']> | undefined> {
  const { client, caches, task } = context;
  try {
    const run = await client.get(taskRuns, refTo(before, context));
    if (run.metadata.uid === uid) {
      const { snapshot, ...rest } = retrySpec(run as TaskRun);
      const overrides = caches.runs.cache.get(task.metadata.namespace, name)?.spec.overrides;
      return { ...rest, ...(snapshot && { snapshot: withOverrides(snapshot, overrides) }) };
    }
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  caches.runs.forget(uid);
  return undefined;
}
