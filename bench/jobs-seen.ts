import type { Job } from 'kubernetes-types/batch/v1.js';
import type { Client } from '../controller/src/kube/client.ts';
import type { Stored } from '../controller/src/kube/objects.ts';
import { jobs } from './objects.ts';
import { Seen } from './seen.ts';

/** Sees the Jobs of a namespace appear, or end, by one watch. */
export type JobsSeen = Seen<Job>;

/** Begins to watch; Jobs that are there already are not seen. With `ended` a Job is seen once it is complete. */
export function seeJobs(client: Client, namespace: string, { ended = false } = {}): Promise<JobsSeen> {
  return Seen.of(client, jobs, namespace, (job, change) =>
    (ended ? isComplete(job) : change === 'ADDED') ? job.metadata.name : undefined,
  );
}

function isComplete({ status }: Stored<Job>): boolean {
  return status?.conditions?.some(({ type, status: holds }) => type === 'Complete' && holds === 'True') ?? false;
}
