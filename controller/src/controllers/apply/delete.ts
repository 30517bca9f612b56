/** Deletes objects by UID, and never another object with the same name. */
import type { ActionOf } from '../../domain/model/actions.ts';
import { isNotFound } from '../../kube/api-error.ts';
import type { KubeObject, Stored } from '../../kube/objects.ts';
import { jobs, persistentVolumeClaims } from '../../kube/resources.ts';
import { taskRuns } from '../../cluster/resource-types.ts';
import { refTo, type ApplyContext, type Result } from './context.ts';

export function deleteClaim({ name, uid, because }: ActionOf<'deleteClaim'>, context: ApplyContext): Promise<Result> {
  return deleting(context, `PersistentVolumeClaim ${name}`, because, context.caches.claims, uid, async () => {
    await context.client.delete(persistentVolumeClaims, refTo(name, context), { propagationPolicy: 'Background', uid });
    // One that a pod still uses is held for a while, and no run may use it any more.
    return undefined;
  });
}

export function deleteJob(
  { name, uid, podsFirst, cause, because }: ActionOf<'deleteJob'>,
  context: ApplyContext,
): Promise<Result> {
  return deleting(context, `Job ${name}`, because, context.caches.jobs, uid, async () => {
    const propagationPolicy = podsFirst ? 'Foreground' : 'Background';
    const left = await context.client.delete(jobs, refTo(name, context), { propagationPolicy, uid });
    if (!podsFirst) context.runObserver?.jobDeleted(cause);
    return left;
  });
}

export function deleteRun({ name, uid, because }: ActionOf<'deleteRun'>, context: ApplyContext): Promise<Result> {
  return deleting(context, `TaskRun ${name}`, because, context.caches.runs, uid, async () => {
    const left = await context.client.delete(taskRuns, refTo(name, context), { propagationPolicy: 'Background', uid });
    context.runObserver?.recordDeleted();
    return left;
  });
}

/** @param remove returns the object where something still holds it */
async function deleting<T extends KubeObject>(
  { log }: ApplyContext,
  what: string,
  because: string,
  cache: { forget(uid: string): void; observe(object: Stored<T>): void },
  uid: string,
  remove: () => Promise<Stored<T> | undefined>,
): Promise<Result> {
  try {
    const left = await remove();
    log.info({ what, because, held: left?.metadata.finalizers }, 'deleted');
    // The watch may have reported it before, and reports nothing more as long as it is held.
    if (left?.metadata.uid === uid && left.metadata.deletionTimestamp !== undefined) {
      cache.observe(left);
      return 'done';
    }
  } catch (error) {
    // A conflict says that another object has its name, or only that something was busy: the watch knows which.
    if (!isNotFound(error)) throw error;
  }
  cache.forget(uid);
  return 'done';
}
