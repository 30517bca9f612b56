/** Reads what the caches do not have, for the next decision. */
import type { Job as BatchJob } from 'kubernetes-types/batch/v1.js';
import type { Pod as CorePod } from 'kubernetes-types/core/v1.js';
import type { ActionOf, JobManifest, TriedJob } from '../../domain/model/actions.ts';
import { isAboutObject, isNotFound } from '../../kube/api-error.ts';
import { controllerUid, type Stored } from '../../kube/objects.ts';
import { jobs, pods } from '../../kube/resources.ts';
import { applications } from '../../cluster/resource-types.ts';
import { refusalOf } from '../refusal.ts';
import { kept, noted } from '../task-memory.ts';
import { applies, lookAtStep } from '../../cluster/workflow-step.ts';
import { againAt, ifHere } from './application.ts';
import { refTo, type ApplyContext, type Result } from './context.ts';
import { labels } from '../../resources/index.ts';
import type { Problem, StepLook, TerminationMessage } from '../../domain/model/memory.ts';

/**
 * Only what the same object is always refused for counts: a quota or a policy may say something else when its turn
 * comes. The first refusal is enough.
 */
export async function tryJobs(
  { generation, templates, jobs: tried, problem: own }: ActionOf<'tryJobs'>,
  { client, memory, log }: ApplyContext,
): Promise<Result> {
  let problem: Problem | undefined = own;
  for (const one of tried) {
    problem = await problemOf(one, (job) => client.create(jobs, job as unknown as BatchJob, { dryRun: true }));
    if (problem) break;
  }
  memory.trial = { generation, templates, problem };
  if (problem) log.warn(problem, 'a Job would be refused');
  return 'done';
}

async function problemOf(
  { step, template, job }: TriedJob,
  create: (job: JobManifest) => Promise<unknown>,
): Promise<Problem | undefined> {
  try {
    await create(job);
    return undefined;
  } catch (error) {
    if (!isAboutObject(error)) throw error;
    const refusal = refusalOf(error, { object: 'Job', run: '', step });
    if (refusal?.final !== true) return undefined;
    const whose = step === undefined ? 'the Job of each run' : `the Job of step ${step}`;
    const remedy =
      template === undefined
        ? 'fix the Application and deploy it again'
        : `fix TaskTemplate ${template}, or the Application that uses it`;
    const message = `${whose} would be refused: ${error.serverMessage}; ${remedy}`;
    return { reason: refusal.reason, message };
  }
}

export async function checkJob({ name, uid }: ActionOf<'checkJob'>, context: ApplyContext): Promise<Result> {
  const { client, caches, memory } = context;
  try {
    const job = await client.get(jobs, refTo(name, context));
    // One without our label is not watched: whoever took that off took the Job away.
    if (job.metadata.uid === uid && job.metadata.labels?.[labels.run] !== undefined) {
      caches.jobs.observe(job);
      return 'done';
    }
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  memory.goneJobs = noted(memory.goneJobs, uid);
  return 'done';
}

interface Ended extends TerminationMessage {
  readonly at: string;
}

function endOf({ spec, status }: Stored<CorePod>, container: string | undefined): Ended | undefined {
  const terminated = status?.containerStatuses?.find(({ name }) => name === container)?.state?.terminated;
  return terminated && { at: terminated.finishedAt ?? '', text: terminated.message, nodeName: spec?.nodeName };
}

/** The kubelet's copy of what a container wrote; with several pods, that of the pod which ended last. */
export async function readTermination(
  { job, uid, container }: ActionOf<'readTermination'>,
  { client, task, memory, log }: ApplyContext,
): Promise<Result> {
  const ended: Ended[] = [];
  const selection = {
    namespace: task.metadata.namespace,
    labelSelector: `batch.kubernetes.io/controller-uid=${uid}`,
    fieldSelector: 'status.phase=Succeeded',
  };
  for await (const { items } of client.list(pods, selection)) {
    // Whoever may create pods may write the label; only the Job's own speak for it.
    const own = items.filter((pod) => controllerUid(pod) === uid);
    ended.push(...own.flatMap((pod) => endOf(pod, container) ?? []));
  }
  const last = ended.reduce<Ended | undefined>(
    (latest, one) => (latest && latest.at >= one.at ? latest : one),
    undefined,
  );
  memory.terminationMessages = kept(memory.terminationMessages, uid, { text: last?.text, nodeName: last?.nodeName });
  log.debug({ job, pods: ended.length }, 'outputs read');
  return 'done';
}

export async function checkStep(
  { run, application, step }: ActionOf<'checkStep'>,
  context: ApplyContext,
): Promise<Result> {
  const { client, caches, task, memory, now, log } = context;
  const created = caches.runs.cache.get(task.metadata.namespace, run)?.metadata.creationTimestamp;
  if (created === undefined) return 'stop';
  let look: Omit<StepLook, 'at'> = { known: true };
  const found = await ifHere(application, context, () => client.get(applications, application));
  const createdAt = Date.parse(created);
  if (found && applies(found, task.metadata)) look = lookAtStep(found, { step, createdAt }, now());
  else if (found && againAt(createdAt, now()) !== undefined) look = { known: false };
  else if (found) log.debug({ run, application }, 'the Application does not say that it applied this Task');
  memory.steps = kept(memory.steps, run, { at: now(), ...look });
  return 'done';
}
