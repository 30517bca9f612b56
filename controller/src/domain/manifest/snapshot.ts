import { createHash } from 'node:crypto';
import type { Snapshot, Task } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';

/** JSON with the keys of every object in order, so that equal values have equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`).join(',')}}`;
}

/** The first `length` hex digits of the SHA-256 of some text. */
export function hexHash(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}

function queueOf({ name, priorityClass }: NonNullable<Task['spec']['queue']>): NonNullable<Snapshot['queue']> {
  return compact({ name, priorityClass });
}

/**
 * What a run of this Task would run, with a hash that tells one content from another. A change of how often it is
 * retried, or of where it waits, is no other content.
 */
export function snapshotOf({ metadata, spec }: Task): Snapshot {
  const {
    template,
    templateRef,
    job,
    steps,
    items,
    matrix,
    nodes,
    maxParallel,
    failurePolicy,
    globals,
    retry,
    timeoutSeconds,
    queue,
    queueTimeoutSeconds,
    outputs,
  } = spec;
  const hash = hexHash(
    canonicalJson(steps ? { steps, globals } : { template, templateRef, job: job ?? {}, items, matrix, nodes }),
    16,
  );
  const rest = compact({
    template,
    templateRef,
    job: job && { ...job },
    steps,
    items,
    matrix,
    nodes,
    maxParallel,
    failurePolicy,
    globals: globals && { ...globals },
    retry,
    timeoutSeconds,
    queue: queue && queueOf(queue),
    queueTimeoutSeconds,
    outputs,
  });
  return { ...rest, generation: metadata.generation ?? 0, hash };
}
