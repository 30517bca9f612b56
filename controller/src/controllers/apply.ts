/**
 * Carries out what `decide` returned: one handler an action kind. Each API call is a point at which the process may die; what
 * a call did is found again by the object's deterministic name and its owner's UID.
 */
import type { Job as BatchJob } from 'kubernetes-types/batch/v1.js';
import type { PersistentVolumeClaim, Pod as CorePod } from 'kubernetes-types/core/v1.js';
import type { Action, ActionKind, ActionOf, ClaimManifest, JobManifest, TaskRunManifest } from '../domain/actions.ts';
import { isFinished } from '../domain/phase.ts';
import { withOverrides } from '../domain/policies/allowed-overrides.ts';
import { retrySpec } from '../domain/policies/retry-of.ts';
import { waitsOver } from '../domain/queue-wait.ts';
import { startDelay } from '../domain/start-delay.ts';
import type { Refusal, StepLook, TerminationMessage } from '../domain/state.ts';
import { answeredByRun } from '../domain/trigger.ts';
import { isAlreadyExists, isConflict, isForbidden, isNamespaceTerminating, isNotFound } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import type { EventRecorder } from '../kube/event-recorder.ts';
import type { Logger } from 'pino';
import { controllerUid, type KubeObject, type Stored } from '../kube/objects.ts';
import { jobs, persistentVolumeClaims, pods } from '../kube/resources.ts';
import { labels, nudgeAnnotation, scheduledTimestampAnnotation, type RunTrigger, type TaskRun, type TaskRunStatus } from '../resources/index.ts';
import type { Caches } from './caches.ts';
import type { CachedRun, CachedTask } from './projections.ts';
import { refusalOf } from './refusal.ts';
import { applications, taskRuns, tasks, type TaskObject, type TaskRunObject } from './resource-types.ts';
import type { RunObserver } from './run-observer.ts';
import { TaskMemory } from './task-memory.ts';
import { lookAtStep } from './workflow-step.ts';

/** Everything an action may touch. */
export interface ApplyContext {
  readonly client: Client;
  readonly caches: Caches;
  readonly recorder: EventRecorder;
  readonly log: Logger;
  readonly task: CachedTask;
  readonly memory: TaskMemory;
  readonly now: () => number;
  readonly runObserver?: RunObserver | undefined;
}

/** `stop` leaves the rest of the list undone, because the state is another than the list was made for. */
type Result = 'done' | 'stop';
type Handlers = { readonly [K in ActionKind]: (action: ActionOf<K>, context: ApplyContext) => Promise<Result> };

const handlers: Handlers = {
  adoptRun,
  fillTemplates,
  createRun: ({ run }, context) => creating(context, { object: 'TaskRun', run: run.metadata.name }, () => createRun(run, context)),
  createJob: ({ run, step, job }, context) => creating(context, { object: 'Job', run, step }, () => createJob(run, job, context)),
  createClaim: ({ run, claim }, context) => creating(context, { object: 'PersistentVolumeClaim', run }, () => createClaim(claim, context)),
  deleteClaim: ({ name, uid, because }, context) =>
    deleting(context, `PersistentVolumeClaim ${name}`, because, context.caches.claims, uid, () =>
      context.client.delete(persistentVolumeClaims, refTo(name, context), { propagationPolicy: 'Background', uid }),
    ),
  checkJob,
  readTermination,
  checkStep,
  writeRunStatus,
  deleteJob: ({ name, uid, cause, because }, context) =>
    deleting(context, `Job ${name}`, because, context.caches.jobs, uid, async () => {
      await context.client.delete(jobs, refTo(name, context), { propagationPolicy: 'Background', uid });
      context.runObserver?.jobDeleted(cause);
    }),
  deleteRun: ({ name, uid, because }, context) =>
    deleting(context, `TaskRun ${name}`, because, context.caches.runs, uid, async () => {
      await context.client.delete(taskRuns, refTo(name, context), { propagationPolicy: 'Background', uid });
      context.runObserver?.recordDeleted();
    }),
  writeTaskStatus,
  event: ({ type, reason, message }, { recorder, task }) => {
    recorder.record(tasks, { metadata: task.metadata } as TaskObject, { type, reason, message });
    return Promise.resolve('done');
  },
  nudge,
  expectLook: ({ value }, { memory }) => {
    memory.nudged = value;
    return Promise.resolve('done');
  },
  wakeAt: () => Promise.resolve('done'),
};

/**
 * Applies the actions in order.
 * @returns whether all of them were carried out
 * @throws ApiError when the API server could not be asked; nothing is lost, decide again later
 */
export async function applyActions(actions: readonly Action[], context: ApplyContext): Promise<boolean> {
  for (const action of actions) {
    const handle = handlers[action.kind] as (action: Action, context: ApplyContext) => Promise<Result>;
    if ((await handle(action, context)) === 'stop') return false;
  }
  return true;
}

/** Create an object; a refusal is remembered, so that it is told and tried again later. */
async function creating(context: ApplyContext, refused: Pick<Refusal, 'object' | 'run' | 'step'>, create: () => Promise<Result>): Promise<Result> {
  try {
    const result = await create();
    if (result === 'done') context.memory.accepted(refused.object, refused.run, refused.step);
    return result;
  } catch (error) {
    if (isNamespaceTerminating(error)) return 'stop'; // the Task is about to go, too
    const refusal = refusalOf(error, refused);
    if (!refusal) throw error;
    context.memory.refuse(refusal, context.now());
    context.log.warn({ run: refused.run, step: refused.step, reason: refusal.reason, message: refusal.message }, 'refused');
    return 'stop';
  }
}

/** Make a person's TaskRun a run of the Task, in one write; whatever the person adds meanwhile stays. */
async function adoptRun({ name, uid, adoption, retryOf }: ActionOf<'adoptRun'>, context: ApplyContext): Promise<Result> {
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
    caches.runs.forget(uid); // deleted, or made anew: the watch tells of the new one
    return 'stop';
  }
}

async function fillTemplates({ name, uid, templates }: ActionOf<'fillTemplates'>, context: ApplyContext): Promise<Result> {
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

/** What the run ran that `name` is a retry of, with that one's overrides, unless it is gone; the caches have no finished run whole. */
async function readRetry({ name: before, uid }: { name: string; uid: string }, name: string, context: ApplyContext): Promise<Partial<TaskRun['spec']> | undefined> {
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

async function createRun(run: TaskRunManifest, context: ApplyContext): Promise<Result> {
  const { client, caches, memory, log, task } = context;
  const { name, namespace } = run.metadata;
  try {
    caches.runs.observe(await client.create(taskRuns, run as unknown as TaskRunObject));
    remember(run, memory);
    log.info({ run: name, trigger: run.spec.trigger?.value }, 'run created');
    return 'done';
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const existing = await client.get(taskRuns, { name, namespace });
    if (controllerUid(existing) === task.metadata.uid && isSameTrigger(existing.spec.trigger, run.spec.trigger)) {
      caches.runs.observe(existing); // created before we died, or by the leader before us
      return 'done';
    }
    if (memory.takenRuns.has(name)) throw error;
    TaskMemory.note(memory.takenRuns, name);
    log.info({ run: name, owner: ownerOf(existing) }, 'name is taken');
    return 'stop';
  }
}

/** The run may be deleted before the caches or the Task's status know of it. */
function remember(run: TaskRunManifest, memory: TaskMemory): void {
  const [answered] = answeredByRun(run);
  if (answered) memory.answered = answered;
  memory.lastScheduled = run.spec.trigger?.scheduledTime ?? memory.lastScheduled;
}

function isSameTrigger(a: RunTrigger | undefined, b: RunTrigger | undefined): boolean {
  return a?.generation === b?.generation && a?.scheduledTime === b?.scheduledTime;
}

async function createJob(run: string, job: JobManifest, context: ApplyContext): Promise<Result> {
  const { client, caches, log } = context;
  const { name, namespace } = job.metadata;
  try {
    caches.jobs.observe(await client.create(jobs, job as unknown as BatchJob));
    log.info({ run, job: name }, 'job created');
    observeDelay(job, context);
    return 'done';
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const existing = await client.get(jobs, { name, namespace });
    if (controllerUid(existing) === job.metadata.ownerReferences[0]?.uid) {
      caches.jobs.observe(existing);
      return 'done';
    }
    return nameTaken(existing, context, error);
  }
}

/** A claim of somebody else's under this name would hold the run up for ever: the refusal says so. */
async function createClaim(claim: ClaimManifest, { client, caches, log }: ApplyContext): Promise<Result> {
  const { name, namespace } = claim.metadata;
  try {
    caches.claims.observe(await client.create(persistentVolumeClaims, claim as unknown as PersistentVolumeClaim));
    log.info({ claim: name }, 'workspace created');
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const existing = await client.get(persistentVolumeClaims, { name, namespace });
    if (controllerUid(existing) !== claim.metadata.ownerReferences[0]?.uid) throw error;
    caches.claims.observe(existing);
  }
  return 'done';
}

function observeDelay({ metadata }: JobManifest, { runObserver, now }: ApplyContext): void {
  const due = metadata.annotations?.[scheduledTimestampAnnotation];
  if (due !== undefined && !(labels.attempt in metadata.labels)) runObserver?.scheduled((now() - Date.parse(due)) / 1000);
}

/** Another run of the same Task will soon give the name free; anybody else keeps it, and we take another. */
function nameTaken(existing: Stored<BatchJob>, { caches, memory, log, task, now }: ApplyContext, error: Error): Result {
  const { name, namespace } = existing.metadata;
  const owner = caches.runs.cache.byUid(controllerUid(existing) ?? '');
  const ours = owner?.metadata.ownerReferences?.some(({ uid }) => uid === task.metadata.uid);
  if (ours || memory.takenJobs.has(name)) throw error;
  TaskMemory.note(memory.takenJobs, name);
  log.info({ job: name, namespace, owner: ownerOf(existing), at: now() }, 'name is taken');
  return 'stop';
}

async function checkJob({ name, uid }: ActionOf<'checkJob'>, context: ApplyContext): Promise<Result> {
  const { client, caches, memory } = context;
  try {
    const job = await client.get(jobs, refTo(name, context));
    if (job.metadata.uid === uid) {
      caches.jobs.observe(job);
      return 'done';
    }
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  TaskMemory.note(memory.goneJobs, uid);
  return 'done';
}

interface Ended extends TerminationMessage {
  readonly at: string;
}

function endOf({ spec, status }: Stored<CorePod>, container: string | undefined): Ended | undefined {
  const terminated = status?.containerStatuses?.find(({ name }) => name === container)?.state?.terminated;
  return terminated && { at: terminated.finishedAt ?? '', text: terminated.message, nodeName: spec?.nodeName };
}

/** The kubelet's copy of what a container wrote; of several pods, that of the one which ended last. */
async function readTermination({ job, uid, container }: ActionOf<'readTermination'>, { client, task, memory, log }: ApplyContext): Promise<Result> {
  const ended: Ended[] = [];
  const selection = { namespace: task.metadata.namespace, labelSelector: `batch.kubernetes.io/controller-uid=${uid}`, fieldSelector: 'status.phase=Succeeded' };
  for await (const { items } of client.list(pods, selection)) {
    ended.push(...items.flatMap((pod) => endOf(pod, container) ?? []));
  }
  const last = ended.reduce<Ended | undefined>((latest, one) => (latest && latest.at >= one.at ? latest : one), undefined);
  TaskMemory.keep(memory.terminationMessages, uid, { text: last?.text, nodeName: last?.nodeName });
  log.debug({ job, pods: ended.length }, 'outputs read');
  return 'done';
}

async function checkStep({ run, application, step }: ActionOf<'checkStep'>, { client, caches, task, memory, now, log }: ApplyContext): Promise<Result> {
  const created = caches.runs.cache.get(task.metadata.namespace, run)?.metadata.creationTimestamp;
  if (created === undefined) return 'stop';
  let look: Omit<StepLook, 'at'> = { known: true };
  try {
    look = lookAtStep(await client.get(applications, application), { step, createdAt: Date.parse(created) }, now());
  } catch (error) {
    // In a managed cluster the Application lives on the hub: there a step's run goes on to its own end.
    if (!isNotFound(error) && !isForbidden(error)) throw error;
    log.debug({ run, application }, 'the Application of a workflow step is not here');
  }
  TaskMemory.keep(memory.steps, run, { at: now(), ...look });
  return 'done';
}

async function writeRunStatus({ name, uid, status }: ActionOf<'writeRunStatus'>, context: ApplyContext): Promise<Result> {
  const { client, caches, memory, log, now } = context;
  TaskMemory.keep(memory.written, name, now());
  try {
    const known = caches.runs.cache.byUid(uid);
    // A cache that lags behind, as a new leader's may, must not bring a finished run back.
    const before = { op: 'test', path: '/status/phase', value: known?.status?.phase ?? 'Pending' };
    caches.runs.observe(await client.patchStatus(taskRuns, refTo(name, context), [before, ...statusPatch(uid, status)], { type: 'json' }));
    observeCourse(known, status, context);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    caches.runs.forget(uid); // somebody deleted the run: nothing is left to say
    return 'stop';
  }
  if (isFinished(status.phase)) {
    memory.finished(name, uid);
    const run = caches.runs.cache.byUid(uid);
    if (run) context.runObserver?.finished(run, status, caches.jobs.cache.by('owner', uid));
    log.info({ run: name, phase: status.phase, reason: status.reason, duration: status.duration }, 'run finished');
  }
  return 'done';
}

/** @param run as it was before this status */
function observeCourse(run: CachedRun | undefined, status: TaskRunStatus, { runObserver }: ApplyContext): void {
  for (const seconds of waitsOver(run?.status, status)) runObserver?.admitted(seconds);
  const delay = run && startDelay(run, status);
  if (delay !== undefined) runObserver?.started(delay);
}

async function writeTaskStatus({ status }: ActionOf<'writeTaskStatus'>, context: ApplyContext): Promise<Result> {
  const { client, caches, task } = context;
  const { name, uid } = task.metadata;
  try {
    caches.tasks.observe(await client.patchStatus(tasks, refTo(name, context), statusPatch(uid, status), { type: 'json' }));
    return 'done';
  } catch (error) {
    if (!isNotFound(error)) throw error;
    caches.tasks.forget(uid);
    return 'stop';
  }
}

/** Replaces the whole status, of this very object and no namesake. */
function statusPatch(uid: string, status: object): object[] {
  return [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'add', path: '/status', value: status },
  ];
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
    // Gone, or another object under its name: either way the one that we meant is no more.
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
  cache.forget(uid);
  return 'done';
}

async function nudge({ application, value }: ActionOf<'nudge'>, { client, memory, log }: ApplyContext): Promise<Result> {
  memory.nudged = value;
  try {
    await client.patch(applications, application, { metadata: { annotations: { [nudgeAnnotation]: value } } });
  } catch (error) {
    // In a managed cluster the Application lives on the hub, which polls instead.
    if (!isNotFound(error) && !isForbidden(error)) throw error;
    log.debug({ application, error: error.message }, 'not nudged');
  }
  return 'done';
}

function refTo(name: string, { task }: ApplyContext): { name: string; namespace: string } {
  return { name, namespace: task.metadata.namespace };
}

function ownerOf(object: KubeObject): string {
  const owner = object.metadata?.ownerReferences?.find(({ controller }) => controller === true);
  return owner ? `${owner.kind} ${owner.name}` : 'nobody';
}
