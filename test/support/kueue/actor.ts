/**
 * Acts as the recorded Kueue does (test/recordings/kueue-0.19.2), with its words, its updates and under its name, on a
 * small model of quota: the tests' Kueue wherever there is no real one.
 */
import type { Job } from 'kubernetes-types/batch/v1.js';
import {
  ApiError,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isGone,
  isNotFound,
  isUnavailable,
} from '../../../controller/src/kube/api-error.ts';
import { createClient, type Client } from '../../../controller/src/kube/client.ts';
import { Informer } from '../../../controller/src/kube/informer.ts';
import { keyOf, refOf, type KubeObject, type ResourceType, type Stored } from '../../../controller/src/kube/objects.ts';
import { done, WorkQueue, type Outcome } from '../../../controller/src/kube/queue.ts';
import { jobs } from '../../../controller/src/kube/resources.ts';
import { conditionOf, holds, said, withConditions, type Changes } from './conditions.ts';
import { endOf, isAtRest, resetStartTime, restore, start, suspend, workloadOf } from './job-changes.ts';
import {
  clusterQueues,
  labels,
  localQueues,
  resourceFlavors,
  resourceInUse,
  workloadPriorityClasses,
  workloads,
  type Workload,
} from './kinds.ts';
import { cycle, type Verdict } from './quota.ts';
import { afterEviction, nextConditions, waitsForQuota, type Queues } from './workload-state.ts';

export interface KueueActor {
  /** What the API server refused, conflicts and what was deleted meanwhile aside. */
  readonly refusals: readonly string[];
  /** @throws Error naming what the API server refused while it ran */
  stop(): Promise<void>;
}

/**
 * So many times in a row somebody else may be faster, which is a conflict, pods may take their time to end, or the API
 * server may be down.
 */
const mostRetries = 20;
const mostRefusals = 50;

/**
 * Starts the actor; Kueue's kinds must be there.
 * @param kubeconfig of the account that Kueue has, so that admission policies see Kueue
 */
export async function startKueueActor(kubeconfig: string): Promise<KueueActor> {
  const actor = new Actor(createClient({ kubeconfigPath: kubeconfig, userAgent: 'kueue' }));
  await actor.start();
  return actor;
}

class Actor implements KueueActor {
  readonly refusals: string[] = [];
  readonly #client: Client;
  readonly #jobs;
  readonly #workloads;
  readonly #localQueues;
  readonly #clusterQueues;
  readonly #flavors;
  readonly #priorityClasses;
  readonly #owners;
  readonly #quota;
  #stopping = false;

  constructor(client: Client) {
    this.#client = client;
    const observer = {
      failed: (_type: ResourceType, error: unknown) => this.#watchFailed(error),
      handlerFailed: (_type: ResourceType, error: unknown) => this.#refused(error),
    };
    const informer = <T extends KubeObject>(type: ResourceType<T>) =>
      new Informer<T>({ client, type, project: (object) => object, observer });
    this.#jobs = new Informer({ client, type: jobs, project: (job) => job, labelSelector: labels.queueName, observer });
    this.#workloads = new Informer({
      client,
      type: workloads,
      project: (workload) => workload,
      indexers: { job: (workload) => ownerKey(workload) },
      observer,
    });
    this.#localQueues = informer(localQueues);
    this.#clusterQueues = informer(clusterQueues);
    this.#flavors = informer(resourceFlavors);
    this.#priorityClasses = informer(workloadPriorityClasses);
    this.#owners = this.#queue('jobs', 4, (key) => this.#lookAt(key));
    this.#quota = this.#queue('quota', 1, () => this.#giveQuota());
  }

  async start(): Promise<void> {
    this.#jobs.onEvent(({ object }) => this.#owners.add(keyOf(object.metadata)));
    this.#workloads.onEvent(({ object }) => {
      for (const key of ownerKey(object)) this.#owners.add(key);
      this.#quota.add('all');
    });
    for (const informer of [this.#localQueues, this.#clusterQueues, this.#flavors, this.#priorityClasses])
      informer.onEvent(() => this.#lookAtAll());
    await Promise.all(this.#informers().map((informer) => informer.start()));
    this.#owners.start();
    this.#quota.start();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([this.#owners.stop(), this.#quota.stop()]);
    await Promise.all(this.#informers().map((informer) => informer.stop()));
    await this.#client.close();
    if (this.refusals.length > 0)
      throw new Error(`the API server refused what the Kueue actor did: ${this.refusals.join('; ')}`);
  }

  #informers() {
    return [this.#jobs, this.#workloads, this.#localQueues, this.#clusterQueues, this.#flavors, this.#priorityClasses];
  }

  #lookAtAll(): void {
    for (const job of this.#jobs.cache.values()) this.#owners.add(keyOf(job.metadata));
    this.#quota.add('all');
  }

  #queue(name: string, workers: number, look: (key: string) => Promise<void>): WorkQueue {
    const process = async (key: string): Promise<Outcome> => {
      try {
        await look(key);
        return done;
      } catch (error) {
        // Deleted meanwhile: the watch says so too.
        return isNotFound(error) ? done : { type: 'failed', error };
      }
    };
    const failed = (_queue: string, _key: string, error: unknown, failures: number) => {
      const passes = isConflict(error) || isTemplateHeld(error) || lacksRole(error) || isUnavailable(error);
      if (!passes || failures > mostRetries) this.#refused(error);
    };
    return new WorkQueue({ name, workers, process, backoff: { firstMs: 5, longestMs: 2_000 }, observer: { failed } });
  }

  #refused(error: unknown): void {
    if (!this.#stopping && this.refusals.length < mostRefusals)
      this.refusals.push(error instanceof Error ? error.message : String(error));
  }

  /**
   * A watch that ends, or whose start is too old, is opened again; so is one that an API server refuses which was just
   * started: it does not know all roles yet, has no store for a CRD yet (429), or has not found etcd (5xx). Without its
   * rights the actor would never have begun.
   */
  #watchFailed(error: unknown): void {
    const isOpenedAgain = isUnavailable(error) || isForbidden(error) || isGone(error);
    if (!isOpenedAgain) this.#refused(error);
  }

  /** One step for a Job and its Workload; what it writes leads to the next look. */
  async #lookAt(key: string): Promise<void> {
    const { namespace, name } = refOf(key);
    const job = this.#jobs.cache.get(namespace, name);
    const [workload] = this.#workloads.cache.by('job', key);
    if (job === undefined || job.metadata.deletionTimestamp !== undefined) {
      if (workload) await this.#letGo(workload);
    } else if (workload === undefined) await this.#takeUp(job);
    else if (workload.metadata.deletionTimestamp !== undefined) {
      await this.#stopJob(job, workload);
      await this.#release(workload);
    } else if (holds(workload, 'Finished')) await this.#release(workload);
    else await this.#lookAtBoth(job, workload);
  }

  /** The Workload of a Job that is gone. */
  async #letGo(workload: Stored<Workload>): Promise<void> {
    const finished = said('Finished', 'True', 'OwnerNotFound', "The workload's owner no longer exists");
    const ended = workload.metadata.deletionTimestamp !== undefined || holds(workload, 'Finished');
    await this.#release(ended ? workload : ((await this.#say(workload, [finished])) ?? workload));
  }

  async #takeUp(job: Stored<Job>): Promise<void> {
    if (endOf(job)) return;
    if (!isAtRest(job)) await this.#stopJob(job, undefined);
    if ((job.status?.active ?? 0) > 0) return;
    const className = job.metadata.labels?.[labels.priorityClass];
    if (className === undefined) return this.#createWorkload(workloadOf(job));
    const priorityClass = this.#priorityClasses.cache.get(undefined, className);
    // Kueue tries again until the class exists, and says nothing where people look.
    if (priorityClass) await this.#createWorkload(workloadOf(job, priorityClass));
  }

  async #createWorkload(workload: Workload): Promise<void> {
    try {
      this.#workloads.observe(await this.#client.create(workloads, workload));
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }

  async #lookAtBoth(job: Stored<Job>, workload: Stored<Workload>): Promise<void> {
    const target = conditionOf(workload, 'DeactivationTarget');
    if (target?.status === 'True' && workload.spec.active !== false) return this.#deactivate(workload);
    const said = await this.#say(workload, nextConditions(workload, this.#queuesOf(workload)));
    if (said) return; // and the next look follows
    const end = endOf(job);
    if (end) return this.#finish(workload, end);
    if (holds(workload, 'Evicted')) return this.#evict(job, workload);
    if (!isAtRest(job)) return holds(workload, 'Admitted') ? undefined : void (await this.#stopJob(job, workload));
    if (holds(workload, 'Admitted')) return this.#startJob(job, workload);
    return this.#followQueue(job, workload);
  }

  #queuesOf({ metadata, spec }: Workload): Queues {
    const localQueue = this.#localQueues.cache.get(metadata.namespace, spec.queueName ?? '');
    const clusterQueueName = localQueue?.spec.clusterQueue;
    return {
      localQueueExists: localQueue !== undefined,
      clusterQueueName,
      clusterQueue:
        clusterQueueName === undefined ? undefined : this.#clusterQueues.cache.get(undefined, clusterQueueName),
    };
  }

  async #deactivate(workload: Stored<Workload>): Promise<void> {
    this.#workloads.observe(
      await this.#client.replace(workloads, { ...workload, spec: { ...workload.spec, active: false } }),
    );
  }

  async #finish(
    workload: Stored<Workload>,
    { succeeded, message }: { succeeded: boolean; message: string },
  ): Promise<void> {
    await this.#say(workload, [said('Finished', 'True', succeeded ? 'Succeeded' : 'Failed', message)]);
  }

  async #evict(job: Stored<Job>, workload: Stored<Workload>): Promise<void> {
    const stopped = await this.#stopJob(job, workload);
    if ((stopped.status?.active ?? 0) > 0 || !holds(workload, 'QuotaReserved')) return;
    const { admission: _given, ...status } = workload.status ?? {};
    await this.#say({ ...workload, status }, afterEviction(workload));
  }

  async #startJob(job: Stored<Job>, workload: Stored<Workload>): Promise<void> {
    const names = new Set(
      workload.status?.admission?.podSetAssignments.flatMap(({ flavors }) => Object.values(flavors)),
    );
    const flavors = [...names].flatMap((name) => this.#flavors.cache.get(undefined, name) ?? []);
    await this.#patch(job, start(workload, flavors));
  }

  /** A waiting Job may be moved to another queue by its label. */
  async #followQueue(job: Stored<Job>, workload: Stored<Workload>): Promise<void> {
    const queueName = job.metadata.labels?.[labels.queueName] ?? '';
    if (workload.spec.queueName !== queueName)
      this.#workloads.observe(
        await this.#client.replace(workloads, { ...workload, spec: { ...workload.spec, queueName } }),
      );
  }

  /**
   * In up to three updates: suspended, without a start time, and with the template as it was. One that is at rest
   * already needs none.
   */
  async #stopJob(job: Stored<Job>, workload: Stored<Workload> | undefined): Promise<Stored<Job>> {
    if (isAtRest(job)) return job;
    let now =
      job.metadata.annotations?.['kueue.x-k8s.io/stopping'] === 'true' && job.spec?.suspend
        ? job
        : await this.#patch(job, suspend);
    if (now.status?.startTime !== undefined) now = await this.#patch(now, resetStartTime, 'status');
    return this.#patch(now, restore(now, workload));
  }

  /** Lets the API server delete the Workload. */
  async #release(workload: Stored<Workload>): Promise<void> {
    const { finalizers = [], ...metadata } = workload.metadata;
    if (!finalizers.includes(resourceInUse)) return;
    const released = await this.#client.replace(workloads, {
      ...workload,
      metadata: { ...metadata, finalizers: finalizers.filter((name) => name !== resourceInUse) },
    });
    if (released.metadata.deletionTimestamp === undefined) this.#workloads.observe(released);
  }

  /** Who waits gets what is free, queue by queue. */
  async #giveQuota(): Promise<void> {
    const all = [...this.#workloads.cache.values()];
    for (const queue of this.#clusterQueues.cache.values()) {
      const holding = all.filter(
        (workload) => workload.status?.admission?.clusterQueue === queue.metadata.name && !holds(workload, 'Finished'),
      );
      const waiting = all.filter((workload) => {
        const queues = this.#queuesOf(workload);
        return queues.clusterQueueName === queue.metadata.name && waitsForQuota(workload, queues);
      });
      for (const verdict of cycle(queue, holding, waiting)) await this.#carryOut(verdict);
    }
  }

  async #carryOut({ workload, changes, status }: Verdict): Promise<void> {
    const { resourceRequests: _before, ...kept } = workload.status ?? {};
    try {
      await this.#say(status ? { ...workload, status: { ...kept, ...status } } : workload, changes);
    } catch (error) {
      if (!isNotFound(error)) throw error; // one that was deleted meanwhile does not hold up those behind it
    }
  }

  /** Writes the conditions where they are new; undefined where they are not. */
  async #say(workload: Stored<Workload>, changes: Changes): Promise<Stored<Workload> | undefined> {
    const next = withConditions(workload, changes, new Date().toISOString().replace(/\.\d+Z$/, 'Z'));
    if (!next) return undefined;
    const written = await this.#client.replaceStatus(workloads, next);
    this.#workloads.observe(written);
    return written;
  }

  async #patch(job: Stored<Job>, patch: object, subresource?: 'status'): Promise<Stored<Job>> {
    const { namespace, name, resourceVersion } = job.metadata;
    const { metadata } = patch as { metadata?: object };
    // Only if nobody else has changed it since.
    const written = await this.#client.patch(
      jobs,
      { namespace, name },
      { ...patch, metadata: { ...metadata, resourceVersion } },
      { subresource },
    );
    this.#jobs.observe(written);
    return written;
  }
}

/** An API server that was just started does not know all roles yet; a policy forbids in other words. */
function lacksRole(error: unknown): boolean {
  return isForbidden(error) && / cannot \w+ resource /.test(error.serverMessage);
}

/** From Kubernetes 1.36 on a template is not restored while the Job has active pods: Kueue is refused, and retries. */
function isTemplateHeld(error: unknown): boolean {
  return error instanceof ApiError && error.details.some(({ field }) => field === 'spec.template');
}

/** By name, as Kueue finds them. */
function ownerKey({ metadata }: Workload): string[] {
  const owner = metadata.ownerReferences?.find(({ controller, kind }) => controller && kind === 'Job');
  return owner ? [keyOf({ namespace: metadata.namespace, name: owner.name })] : [];
}
