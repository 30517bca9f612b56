/** Deletes objects by UID, and never another object with the same name. */
import type { ActionOf } from '../../domain/model/actions.ts';
import { isNotFound } from '../../kube/api-error.ts';
import { jobs, persistentVolumeClaims } from '../../kube/resources.ts';
import { taskRuns } from '../../cluster/resource-types.ts';
import { refTo, type ApplyContext, type Result } from './context.ts';

export function deleteClaim({ name, uid, because }: ActionOf<'deleteClaim'>, context: ApplyContext): Promise<Result> {
  return deleting(context, `PersistentVolumeClaim ${name}`, because, context.caches.claims, uid, () =>
    context.client.delete(persistentVolumeClaims, refTo(name, context), { propagationPolicy: 'Background', uid }),
  );
}

export function deleteJob(
  { name, uid, cause, because }: ActionOf<'deleteJob'>,
  context: ApplyContext,
): Promise<Result> {
  return deleting(context, `Job ${name}`, because, context.caches.jobs, uid, async () => {
    await context.client.delete(jobs, refTo(name, context), { propagationPolicy: 'Background', uid });
    context.runObserver?.jobDeleted(cause);
  });
}

export function deleteRun({ name, uid, because }: ActionOf<'deleteRun'>, context: ApplyContext): Promise<Result> {
  return deleting(context, `TaskRun ${name}`, because, context.caches.runs, uid, async () => {
    await context.client.delete(taskRuns, refTo(name, context), { propagationPolicy: 'Background', uid });
    context.runObserver?.recordDeleted();
  });
}

async function deleting(
  { log }: ApplyContext,
  what: string,
  because: string,
  cache: { forget(uid: string): void },
  uid: string,
  remove: () => Promise<unknown>,
): Promise<Result> {
  try {
    await remove();
    log.info({ what, because }, 'deleted');
  } catch (error) {
    // A conflict says that another object has its name, or only that something was busy: the watch knows which.
    if (!isNotFound(error)) throw error;
  }
  cache.forget(uid);
  return 'done';
}
