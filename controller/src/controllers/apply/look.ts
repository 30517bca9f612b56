/** Reads what the caches do not have, for the next decision. */
import type { Pod as CorePod } from 'kubernetes-types/core/v1.js';
import type { ActionOf } from '../../domain/model/actions.ts';
import { isNotFound } from '../../kube/api-error.ts';
import type { Stored } from '../../kube/objects.ts';
import { jobs, pods } from '../../kube/resources.ts';
import { applications } from '../../cluster/resource-types.ts';
import { TaskMemory } from '../task-memory.ts';
import { applies, lookAtStep } from '../../cluster/workflow-step.ts';
import { ifHere } from './application.ts';
import { refTo, type ApplyContext, type Result } from './context.ts';
import { labels } from '../../resources/index.ts';
import type { StepLook, TerminationMessage } from '../../domain/model/memory.ts';

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
    ended.push(...items.flatMap((pod) => endOf(pod, container) ?? []));
  }
  const last = ended.reduce<Ended | undefined>(
    (latest, one) => (latest && latest.at >= one.at ? latest : one),
    undefined,
  );
  TaskMemory.keep(memory.terminationMessages, uid, { text: last?.text, nodeName: last?.nodeName });
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
  if (found && applies(found, task.metadata)) look = lookAtStep(found, { step, createdAt: Date.parse(created) }, now());
  else if (found) log.debug({ run, application }, 'the Application does not say that it applied this Task');
  TaskMemory.keep(memory.steps, run, { at: now(), ...look });
  return 'done';
}
