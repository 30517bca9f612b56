/**
 * Why a Job waits in a queue, from what Kueue says in its Workload's conditions: a word for programs, and a sentence
 * with the remedy.
 *
 * Kueue tells some of it by its message alone, in words that were seen with v0.19 (test/recordings). A message that is
 * not known here is handed on as it is. How much more of a resource is needed is left out: it changes with every other
 * run, and each change is a write.
 */
import type { Workload } from '../model/kueue.ts';
import { anyCondition, type JobCondition, trueCondition } from '../model/objects.ts';
import { reasons } from '../model/reasons.ts';

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
  readonly say: (found: RegExpMatchArray, workload: Workload, place: Place) => string;
}

const sayings: readonly Saying[] = [
  {
    pattern: /LocalQueue (\S+) doesn't exist/,
    say: ([, name], _, { namespace }) =>
      `queue ${name} does not exist: create a LocalQueue of that name in namespace ${namespace}, or name another one in queue.name`,
  },
  {
    pattern: /ClusterQueue (\S+) doesn't exist/,
    say: ([, name], _, { queue }) => `queue ${queue} stands for ClusterQueue ${name}, which does not exist`,
  },
  {
    pattern: /(ClusterQueue|LocalQueue) (\S+) is inactive/,
    say: ([, kind, name]) => `${kind} ${name} is stopped or not ready; the run starts once it admits again`,
  },
  {
    pattern: /insufficient unused quota for/,
    say: ({ input = '' }, workload, place) => `waits for ${wanted(input, workload)} in ${nameOf(place)}`,
  },
];

/** What is said where there is no more to say. */
export function simplyWaits(queue: string): Waiting {
  return { reason: reasons.pending, message: `waits in queue ${queue}` };
}

/** Why a Workload that is active has not been admitted. */
export function wordsOf(workload: Workload, place: Place): Waiting {
  const quota = anyCondition(workload, 'QuotaReserved');
  const evicted = trueCondition(workload, 'Evicted');
  const waiting =
    quota?.status === 'True' ? reserved(workload, place, evicted !== undefined) : unreserved(quota, workload, place);
  return evicted ? { ...waiting, message: `evicted (${evicted.reason}), ${waiting.message}` } : waiting;
}

/**
 * Where Kueue tells the reasons apart, a queue that is stopped is `Suspended`; that is our word for a Job that somebody
 * suspended.
 */
const stopped = 'Suspended';

function unreserved(quota: JobCondition | undefined, workload: Workload, place: Place): Waiting {
  const { reason: said = reasons.pending, message = '' } = quota ?? {};
  const never = neverFits(message, place);
  if (never) return never;
  const reason = said === stopped ? reasons.inadmissible : said;
  for (const saying of sayings) {
    const found = saying.pattern.exec(message);
    if (found) return { reason, message: saying.say(found, workload, place) };
  }
  const waits = simplyWaits(place.queue).message;
  return { reason, message: message === '' ? waits : `${waits}: ${message}` };
}

/**
 * A resource that is too much for each flavor. Where all that a flavor lacks is unused quota, the run may fit there
 * once others have ended.
 */
function neverFits(message: string, place: Place): Waiting | undefined {
  const tooMuch = [
    ...message.matchAll(
      /insufficient quota for (\S+) in flavor ([^\s,]+), .*?current podset request \(([^)]*)\) > maximum capacity \(([^)]*)\)/g,
    ),
  ];
  const [first] = tooMuch;
  if (!first) return undefined;
  const tooSmall = new Set(tooMuch.map(([, , flavor]) => flavor));
  const full = [...message.matchAll(/insufficient unused quota for \S+ in flavor ([^\s,]+)/g)];
  if (full.some(([, flavor]) => !tooSmall.has(flavor))) return undefined;
  const [, resource, , asked, most] = first;
  return {
    reason: reasons.exceedsMaxQuota,
    message: `asks for ${asked} ${resource}, and ${nameOf(place)} never has more than ${most}: ask for less, or have its quota raised`,
  };
}

/**
 * With its quota it may still wait for admission checks; one that was just evicted has its quota until its pods are
 * gone.
 */
function reserved(workload: Workload, { queue }: Place, isEvicted: boolean): Waiting {
  if (isEvicted) return simplyWaits(queue);
  const { status, reason = '', message = '' } = anyCondition(workload, 'Admitted') ?? {};
  if (status === 'True')
    return { reason: reasons.pending, message: `is admitted from queue ${queue} and about to start` };
  const isOfBefore = reason.startsWith('NoReservation');
  return {
    reason: reasons.pending,
    message: `has its quota in queue ${queue} and waits for admission checks${message === '' || isOfBefore ? '' : `: ${message}`}`,
  };
}

/** What it asks for of each resource that there is not enough of: 600m cpu and 2Gi memory. */
function wanted(message: string, { requests = {} }: Workload): string {
  const resources = new Set(
    [...message.matchAll(/insufficient unused quota for (\S+) in flavor/g)].map(([, resource = '']) => resource),
  );
  return [...resources]
    .map((resource) => (requests[resource] === undefined ? resource : `${requests[resource]} ${resource}`))
    .join(' and ');
}

function nameOf({ queue, clusterQueue }: Place): string {
  return clusterQueue ?? `queue ${queue}`;
}
