/**
 * Creates TaskRuns, Jobs and claims. An existing object with the name was created before we died, or belongs to
 * somebody else.
 */
import type { Job as BatchJob } from 'kubernetes-types/batch/v1.js';
import type { PersistentVolumeClaim } from 'kubernetes-types/core/v1.js';
import type { ActionOf, ClaimManifest, JobManifest, TaskRunManifest } from '../../domain/model/actions.ts';
import { controllerOf } from '../../domain/model/objects.ts';
import { answeredByRun, isReturn } from '../../domain/model/trigger.ts';
import { isClaimOf } from '../../domain/shape/workspace.ts';
import { projectClaim } from '../../cluster/projections.ts';
import { isAlreadyExists, isNamespaceTerminating } from '../../kube/api-error.ts';
import type { Stored } from '../../kube/objects.ts';
import { jobs, persistentVolumeClaims } from '../../kube/resources.ts';
import { labels, scheduledTimestampAnnotation, type RunTrigger } from '../../resources/index.ts';
import { refusalOf, type Refused } from '../refusal.ts';
import { taskRuns, type TaskRunObject } from '../../cluster/resource-types.ts';
import { noted, type TaskMemory } from '../task-memory.ts';
import { ownerOf, type ApplyContext, type Result } from './context.ts';
import type { Refusal } from '../../domain/model/memory.ts';

export function createRun({ run }: ActionOf<'createRun'>, context: ApplyContext): Promise<Result> {
  const record = isReturn(run.spec.trigger) && { isReturn: true };
  return creating(context, { object: 'TaskRun', run: run.metadata.name, ...record }, () => createTaskRun(run, context));
}

export function createJob({ run, step, job }: ActionOf<'createJob'>, context: ApplyContext): Promise<Result> {
  return creating(context, { object: 'Job', run, step }, () => createJobOf({ run, step }, job, context));
}

/** Not asked of the API server: there is nothing to ask about. */
export function refuseJob({ refusal }: ActionOf<'refuseJob'>, { memory, log, now }: ApplyContext): Promise<Result> {
  memory.refuse(refusal, now());
  log.error(refusal, 'a Job could not be made');
  return Promise.resolve('done');
}

export function createClaim({ run, claim }: ActionOf<'createClaim'>, context: ApplyContext): Promise<Result> {
  return creating(context, { object: 'PersistentVolumeClaim', run }, () => createWorkspace(run, claim, context));
}

/** Create an object. A refusal is remembered, so that it is reported and retried later. */
async function creating(context: ApplyContext, refused: Refused, create: () => Promise<Result>): Promise<Result> {
  try {
    const result = await create();
    if (result === 'done') context.memory.accepted(refused.object, refused.run, refused.step);
    return result;
  } catch (error) {
    const refusal = refusalOf(error, refused);
    if (!refusal) throw error;
    context.memory.refuse(refusal, context.now());
    const { reason, message } = refusal;
    // In a namespace that is being deleted the Task goes, too.
    context.log[isNamespaceTerminating(error) ? 'debug' : 'warn']({ ...refused, reason, message }, 'refused');
    return 'stop';
  }
}

async function createTaskRun(run: TaskRunManifest, context: ApplyContext): Promise<Result> {
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
    if (
      controllerOf(existing, 'Task') === task.metadata.uid &&
      existing.spec.taskRef.uid === task.metadata.uid &&
      isSameTrigger(existing.spec.trigger, run.spec.trigger)
    ) {
      caches.runs.observe(existing); // created before we died, or by the leader before us
      return 'done';
    }
    // A run of the Task that the caches do not have yet: it has its name and its trigger, and later ones follow it.
    if (controllerOf(existing, 'Task') === task.metadata.uid && !caches.runs.cache.byUid(existing.metadata.uid)) {
      caches.runs.observe(existing);
      return 'stop';
    }
    if (memory.takenRuns.has(name)) throw error;
    memory.takenRuns = noted(memory.takenRuns, name);
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

async function createJobOf(of: JobOwner, job: JobManifest, context: ApplyContext): Promise<Result> {
  const { client, caches, log } = context;
  const { name, namespace } = job.metadata;
  try {
    caches.jobs.observe(await client.create(jobs, job as unknown as BatchJob));
    log.info({ run: of.run, job: name }, 'job created');
    observeDelay(job, context);
    return 'done';
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const existing = await client.get(jobs, { name, namespace });
    if (controllerOf(existing, 'TaskRun') === job.metadata.ownerReferences[0]?.uid && isSameAttempt(existing, job)) {
      caches.jobs.observe(existing);
      return 'done';
    }
    return nameTaken(of, existing, context, error);
  }
}

/** Names of steps may meet: attempt 1 of step `a` and step `a-r1`, or long ones that are cut and hashed. */
function isSameAttempt({ metadata: { labels: existing = {} } }: Stored<BatchJob>, { metadata }: JobManifest): boolean {
  return [labels.step, labels.attempt].every((label) => existing[label] === metadata.labels[label]);
}

/** Where the name is that of another claim, also of another run's, this one takes another name. */
async function createWorkspace(
  run: string,
  claim: ClaimManifest,
  { client, caches, memory, log }: ApplyContext,
): Promise<Result> {
  const { name, namespace } = claim.metadata;
  try {
    caches.claims.observe(await client.create(persistentVolumeClaims, claim as unknown as PersistentVolumeClaim));
    log.info({ claim: name }, 'workspace created');
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const existing = await client.get(persistentVolumeClaims, { name, namespace });
    const isOfTask = controllerOf(existing, 'Task') === claim.metadata.ownerReferences[0]?.uid;
    const record = caches.runs.cache.get(namespace, run);
    if (!isOfTask || !record || !isClaimOf(projectClaim(existing), record)) {
      if (memory.takenClaims.has(name)) throw error;
      memory.takenClaims = noted(memory.takenClaims, name);
      log.info({ claim: name, namespace, owner: ownerOf(existing) }, 'name is taken');
      return 'stop';
    }
    caches.claims.observe(existing); // created before we died, or by the leader before us
  }
  return 'done';
}

function observeDelay({ metadata }: JobManifest, { runObserver, now }: ApplyContext): void {
  const due = metadata.annotations?.[scheduledTimestampAnnotation];
  if (due !== undefined && !(labels.attempt in metadata.labels))
    runObserver?.scheduled((now() - Date.parse(due)) / 1000);
}

type JobOwner = Pick<Refusal, 'run' | 'step'>;

/** As often the name of another run's Job is waited for, about a minute: a finalizer may keep it for ever. */
const mostNameWaits = 5;

/**
 * Another run of the same Task will soon release the name; another step of this run and any other owner keep it, and we
 * take another name.
 */
function nameTaken(
  { run, step }: JobOwner,
  existing: Stored<BatchJob>,
  { caches, memory, log, task, now }: ApplyContext,
  error: Error,
): Result {
  const { name, namespace } = existing.metadata;
  const owner = caches.runs.cache.byUid(controllerOf(existing, 'TaskRun') ?? '');
  const mayGo = owner !== undefined && owner.metadata.name !== run && controllerOf(owner, 'Task') === task.metadata.uid;
  if ((mayGo && memory.attemptsOf('Job', run, step) < mostNameWaits) || memory.takenJobs.has(name)) throw error;
  memory.takenJobs = noted(memory.takenJobs, name);
  log.info({ job: name, namespace, owner: ownerOf(existing), at: now() }, 'name is taken');
  return 'stop';
}
