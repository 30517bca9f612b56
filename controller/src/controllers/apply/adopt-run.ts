/** Completes a run's spec: a person's TaskRun becomes a run of the Task, and templates are filled in. */
import type { ActionOf } from '../../domain/model/actions.ts';
import { oneLine } from '../../domain/lang/words.ts';
import type { Refusal } from '../../domain/model/memory.ts';
import { retrySpec } from '../../domain/policies/retry-of.ts';
import { isNotFound } from '../../kube/api-error.ts';
import { listAll } from '../../kube/list-all.ts';
import type { TaskRun } from '../../resources/index.ts';
import { taskRuns, tasks } from '../../cluster/resource-types.ts';
import { refusalOf } from '../refusal.ts';
import { writeRunStatus } from './report.ts';
import { observeTask, refTo, type ApplyContext, type Result } from './context.ts';

/** Make a person's TaskRun a run of the Task, in one write; whatever the person adds meanwhile stays. */
export async function adoptRun(
  { name, uid, adoption, retryOf }: ActionOf<'adoptRun'>,
  context: ApplyContext,
): Promise<Result> {
  const { client, caches, log } = context;
  const { labels, ownerReference } = adoption;
  // A run that only gets its owner back has run, and its outcome stays what it is.
  const isNew = adoption.spec.trigger !== undefined;
  const again = isNew ? await readRetry(retryOf, name, context) : await ifTaskStays(context);
  if (!again) return 'stop';
  const spec = { ...adoption.spec, ...again };
  const patch = { metadata: { uid, labels, ownerReferences: [ownerReference] }, spec };
  try {
    caches.runs.observe(await client.patch(taskRuns, refTo(name, context), patch));
    log.info({ run: name, trigger: spec.trigger?.type }, 'run adopted');
    return 'done';
  } catch (error) {
    const refusal = refusalOf(error, { object: 'TaskRun', run: name });
    if (isNew && refusal?.final === true) return endUnadopted(name, uid, refusal, context);
    if (!isNotFound(error)) throw error; // a conflict too: if it was created again, the watch is about to say so
    caches.runs.forget(uid);
    return 'stop';
  }
}

/**
 * Undefined where the Task does not stay. Who deletes a Task without its runs has their owner taken off while the Task
 * is still there, and the cache of Tasks may be behind that of runs: with an owner again they would be deleted, too.
 */
async function ifTaskStays(context: ApplyContext): Promise<object | undefined> {
  const { client, caches, task } = context;
  const { namespace, name, uid } = task.metadata;
  // The controller may list Tasks, and needs no right to get one.
  const named = await listAll(client, tasks, { namespace, fieldSelector: `metadata.name=${name}` });
  const now = named.find(({ metadata }) => metadata.uid === uid);
  if (now) observeTask(now, context);
  else caches.tasks.forget(uid);
  return now !== undefined && now.metadata.deletionTimestamp === undefined ? {} : undefined;
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
    const refusal = refusalOf(error, { object: 'Job', run: name });
    if (refusal?.final === true) context.memory.refuse(refusal, context.now());
    else if (!isNotFound(error)) throw error;
    else caches.runs.forget(uid);
    return 'stop';
  }
}

/** With what it would run, a person's TaskRun is always refused: it ends, and says why. */
function endUnadopted(
  name: string,
  uid: string,
  { reason, message }: Pick<Refusal, 'reason' | 'message'>,
  context: ApplyContext,
): Promise<Result> {
  const completionTime = new Date(context.now()).toISOString();
  const status = { phase: 'Failed' as const, reason, message: oneLine(message), completionTime };
  return writeRunStatus({ kind: 'writeRunStatus', name, uid, status }, context);
}

/**
 * The snapshot of the run that `name` retries, if it does retry one, with its overrides; undefined if that run is gone.
 * The caches do not have complete finished runs.
 */
async function readRetry(
  retryOf: { readonly name: string; readonly uid: string } | undefined,
  name: string,
  context: ApplyContext,
): Promise<Partial<TaskRun['spec']> | undefined> {
  if (!retryOf) return {};
  const { name: before, uid } = retryOf;
  const { client, caches, task } = context;
  try {
    const run = await client.get(taskRuns, refTo(before, context));
    if (run.metadata.uid === uid) {
      return retrySpec(run as TaskRun, caches.runs.cache.get(task.metadata.namespace, name)?.spec.overrides);
    }
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  caches.runs.forget(uid);
  return undefined;
}
