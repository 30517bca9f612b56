/**
 * Why a Job waits in a queue, from what Kueue says in its Workload's conditions: a word for programs, and a sentence with the remedy.
 *
 * Kueue tells some of it by its message alone, in words that were seen with v0.19 (test/recordings). A message that is not known here is
 * handed on as it is. How much more of a resource is needed is left out: it changes with every other run, and each change is a write.
 */
import { reasons } from './reasons.ts';
import { anyCondition, type Workload } from './queueing.ts';
import type { JobCondition } from './state.ts';

export interface Waiting {
  readonly reason: string;
  readonly message: string;
}

/** Where a Job waits. */
export interface Place {
  /** The LocalQueue. */
  readonly queue: string;
  readonly namespace: string;
  /** The ClusterQueue that it stands for, where that is known. */
  readonly clusterQueue: string | undefined;
}

/** What is known of a sentence of Kueue's: how it begins, and what to say instead. */
interface Saying {
  readonly pattern: RegExp;
  readonly reason?: string;
  readonly say: (found: RegExpMatchArray, workload: Workload, place: Place) => string;
}

const sayings: readonly Saying[] = [
  {
    pattern: /LocalQueue (\S+) doesn't exist/,
    say: ([, name], _, { namespace }) => `queue ${name} does not exist: create a LocalQueue of that name in namespace ${namespace}, or name another one in queue.name`,
  },
  { pattern: /ClusterQueue (\S+) doesn't exist/, say: ([, name], _, { queue }) => `queue ${queue} stands for ClusterQueue ${name}, which does not exist` },
  { pattern: /(ClusterQueue|LocalQueue) (\S+) is inactive/, say: ([, kind, name]) => `${kind} ${name} is stopped or not ready; the run starts once it admits again` },
  {
    pattern: /insufficient quota for (\S+) in flavor \S+?, .*current podset request \(([^)]*)\) > maximum capacity \(([^)]*)\)/,
    reason: reasons.exceedsMaxQuota,
    say: ([, resource, asked, most], _, place) => `asks for ${asked} ${resource}, and ${nameOf(place)} never has more than ${most}: ask for less, or have its quota raised`,
  },
  { pattern: /insufficient unused quota for/, say: ({ input = '' }, workload, place) => `waits for ${wanted(input, workload)} in ${nameOf(place)}` },
];

/** Why a Workload that is active has not been admitted. */
export function wordsOf(workload: Workload, place: Place): Waiting {
  const quota = anyCondition(workload, 'QuotaReserved');
  if (!quota) return { reason: reasons.pending, message: `waits in queue ${place.queue}` };
  return withEviction(quota.status === 'True' ? reserved(workload, place) : unreserved(quota, workload, place), workload);
}

function unreserved({ reason = reasons.pending, message = '' }: JobCondition, workload: Workload, place: Place): Waiting {
  for (const saying of sayings) {
    const found = saying.pattern.exec(message);
    if (found) return { reason: saying.reason ?? reason, message: saying.say(found, workload, place) };
  }
  return { reason, message: message === '' ? `waits in queue ${place.queue}` : `waits in queue ${place.queue}: ${message}` };
}

/** With its quota it may still wait for admission checks. */
function reserved(workload: Workload, { queue }: Place): Waiting {
  const { status, message = '' } = anyCondition(workload, 'Admitted') ?? {};
  if (status === 'True') return { reason: reasons.pending, message: `is admitted from queue ${queue} and about to start` };
  return { reason: reasons.pending, message: `has its quota in queue ${queue} and waits for admission checks${message === '' ? '' : `: ${message}`}` };
}

/** One that ran before: what took its place away comes first. */
function withEviction({ reason, message }: Waiting, workload: Workload): Waiting {
  const evicted = anyCondition(workload, 'Evicted');
  return evicted?.status === 'True' ? { reason, message: `evicted (${evicted.reason}), ${message}` } : { reason, message };
}

/** What it asks for of each resource that there is not enough of: 600m cpu and 2Gi memory. */
function wanted(message: string, { requests = {} }: Workload): string {
  const resources = new Set([...message.matchAll(/insufficient unused quota for (\S+) in flavor/g)].map(([, resource = '']) => resource));
  return [...resources].map((resource) => (requests[resource] === undefined ? resource : `${requests[resource]} ${resource}`)).join(' and ');
}

function nameOf({ queue, clusterQueue }: Place): string {
  return clusterQueue ?? `queue ${queue}`;
}
