/** Kubernetes' Job controller, its kubelet and Kueue, as far as Jobs go on here when they are told to. */
import type { MemoryApi, Whole } from './memory-api.ts';

export type Progress = 'start' | 'complete' | 'fail' | 'admit';

interface JobParts {
  readonly spec: { readonly suspend?: boolean; readonly template: { metadata: { labels: object }; spec: object } };
  readonly status?: { readonly startTime?: string; readonly conditions?: unknown };
}

/** Whether it ended or is going. */
export function hasEnded(job: Whole): boolean {
  return (job as unknown as JobParts).status?.conditions !== undefined || job.metadata.deletionTimestamp !== undefined;
}

/** Whether it starts no pods. */
export function waits(job: Whole): boolean {
  return (job as unknown as JobParts).spec.suspend === true;
}

export class JobController {
  /** How each Job ended, by its UID. */
  readonly outcomes = new Map<string, 'Succeeded' | 'Failed'>();
  readonly #api: MemoryApi;
  readonly #now: () => number;
  #pods = 0;

  /** @param now in milliseconds since the epoch */
  constructor(api: MemoryApi, now: () => number) {
    this.#api = api;
    this.#now = now;
  }

  /** Brings a Job a step further; one that waits in a queue only once it is admitted. */
  progress(job: Whole, step: Progress): void {
    if (hasEnded(job)) return;
    const { spec } = job as unknown as JobParts;
    if (step === 'admit') this.#api.write('jobs', { ...job, spec: { ...spec, suspend: false } });
    else if (!waits(job)) this.#goOn(job, step);
  }

  #goOn(job: Whole, step: 'start' | 'complete' | 'fail'): void {
    const { status } = job as unknown as JobParts;
    const at = new Date(this.#now()).toISOString();
    const started = { startTime: at, ...status, active: 1, ready: 1 };
    if (status?.startTime === undefined) this.#startPod(job);
    if (step === 'start') return void this.#api.write('jobs', { ...job, status: started });
    this.#endPods(job, step, at);
    this.outcomes.set(job.metadata.uid, step === 'complete' ? 'Succeeded' : 'Failed');
    const end = {
      complete: {
        succeeded: 1,
        completionTime: at,
        conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: at }],
      },
      fail: {
        failed: 1,
        conditions: [
          { type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'limit', lastTransitionTime: at },
        ],
      },
    }[step];
    this.#api.write('jobs', { ...job, status: { ...started, active: 0, ready: 0, ...end } });
  }

  #startPod(job: Whole): void {
    this.#pods += 1;
    const { template } = (job as unknown as JobParts).spec;
    const { name, uid } = job.metadata;
    this.#api.create('pods', {
      kind: 'Pod',
      metadata: {
        name: `${name}-${this.#pods}`,
        labels: { ...template.metadata.labels, 'batch.kubernetes.io/controller-uid': uid },
        ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true }],
      },
      spec: { ...template.spec, nodeName: 'eu' },
      status: { phase: 'Running' },
    });
  }

  #endPods({ metadata: { uid } }: Whole, step: 'complete' | 'fail', at: string): void {
    const [phase, exitCode, reason] = step === 'complete' ? ['Succeeded', 0, 'Completed'] : ['Failed', 1, 'Error'];
    const terminated = { exitCode, reason, message: '{"version":"1"}', finishedAt: at };
    const status = { phase, containerStatuses: [{ name: 'mytask', state: { terminated } }] };
    for (const one of this.#api.all('pods'))
      if (one.metadata.ownerReferences?.some((owner) => owner.uid === uid)) this.#api.write('pods', { ...one, status });
  }
}
