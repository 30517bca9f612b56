/**
 * Reports what happened to runs: in their status, in the Task's status and in events; and makes KubeVela read the Task.
 */
import type { ActionOf } from '../../domain/model/actions.ts';
import { isFinished } from '../../domain/model/phase.ts';
import { waitsOver } from '../../domain/queue/wait.ts';
import { startDelay } from '../../records/start-delay.ts';
import { type ApiError, isNotFound, isStatusInvalid, isTooLarge } from '../../kube/api-error.ts';
import { nudgeAnnotation, type TaskRunStatus } from '../../resources/index.ts';
import type { CachedRun } from '../../cluster/projections.ts';
import { applications, taskRuns, tasks, type TaskObject } from '../../cluster/resource-types.ts';
import { applies } from '../../cluster/workflow-step.ts';
import { uidKey } from '../../kube/cache.ts';
import { keyOf } from '../../kube/objects.ts';
import { kept } from '../task-memory.ts';
import { ifHere } from './application.ts';
import { observeTask, refTo, type ApplyContext, type Result } from './context.ts';

export async function writeRunStatus(
  { name, uid, status }: ActionOf<'writeRunStatus'>,
  context: ApplyContext,
): Promise<Result> {
  const { client, caches, memory, now } = context;
  memory.written = kept(memory.written, name, now());
  try {
    const known = caches.runs.cache.byUid(uid);
    // A stale cache, for example of a new leader, must not make a finished run active again.
    const before = { op: 'test', path: '/status/phase', value: known?.status?.phase ?? 'Pending' };
    caches.runs.observe(
      await client.patchStatus(taskRuns, refTo(name, context), [before, ...statusPatch(uid, status)], { type: 'json' }),
    );
    observeCourse(known, status, context);
  } catch (error) {
    if (isTooLarge(error) || isStatusInvalid(error)) return lessNextTime(error, uid, context);
    if (!isNotFound(error)) throw error;
    caches.runs.forget(uid); // somebody deleted the run: nothing is left to report
    return 'stop';
  }
  if (isFinished(status.phase)) observeEnd(name, uid, status, context);
  return 'done';
}

function observeEnd(name: string, uid: string, status: TaskRunStatus, context: ApplyContext): void {
  const { caches, memory, log, runObserver } = context;
  memory.finished(name, uid);
  const run = caches.runs.cache.byUid(uid);
  if (run) runObserver?.finished(run, status, caches.jobs.cache.by('owner', uidKey(run.metadata, uid)));
  log.info({ run: name, phase: status.phase, reason: status.reason, duration: status.duration }, 'run finished');
}

/** @param run as it was before this status */
function observeCourse(run: CachedRun | undefined, status: TaskRunStatus, { runObserver }: ApplyContext): void {
  for (const seconds of waitsOver(run?.status, status)) runObserver?.admitted(seconds);
  const delay = run && startDelay(run, status);
  if (delay !== undefined) runObserver?.started(delay);
}

export async function writeTaskStatus({ status }: ActionOf<'writeTaskStatus'>, context: ApplyContext): Promise<Result> {
  const { client, caches, task } = context;
  const { name, uid } = task.metadata;
  try {
    const stored = await client.patchStatus(tasks, refTo(name, context), statusPatch(uid, status), { type: 'json' });
    observeTask(stored, context);
    return 'done';
  } catch (error) {
    if (isTooLarge(error) || isStatusInvalid(error)) return lessNextTime(error, uid, context);
    if (!isNotFound(error)) throw error;
    caches.tasks.forget(uid);
    return 'stop';
  }
}

/** The same status would be refused each time, and what else the Task has to do would wait for it. */
function lessNextTime(error: ApiError, uid: string, { memory, log, now }: ApplyContext): Result {
  memory.tooLarge(uid, now());
  log.warn({ error: error.message, refusals: memory.cuts.get(uid)?.refusals }, 'status is too large');
  return 'stop';
}

/** Replaces the whole status of exactly this object, not of another with the same name. */
function statusPatch(uid: string, status: object): object[] {
  return [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'add', path: '/status', value: status },
  ];
}

/** Nothing is written to an Application that does not say itself that it applied the Task: that is asked once. */
export async function nudge({ application, value }: ActionOf<'nudge'>, context: ApplyContext): Promise<Result> {
  const { client, memory, task, log } = context;
  memory.nudged = value;
  const key = keyOf(application);
  await ifHere(application, context, async () => {
    if (memory.appliedBy !== key) {
      if (!applies(await client.get(applications, application), task.metadata))
        return log.debug({ application }, 'not nudged: the Application does not say that it applied this Task');
      memory.appliedBy = key;
    }
    await client.patch(applications, application, { metadata: { annotations: { [nudgeAnnotation]: value } } });
  });
  return 'done';
}

export function event({ type, reason, message }: ActionOf<'event'>, { recorder, task }: ApplyContext): Promise<Result> {
  recorder.record(tasks, { metadata: task.metadata } as TaskObject, { type, reason, message });
  return Promise.resolve('done');
}
