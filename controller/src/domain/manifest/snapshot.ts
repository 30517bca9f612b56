import type { Snapshot, Task } from '../../resources/index.ts';
import { canonicalJson, hexHash } from '../lang/canonical-json.ts';
import { compact } from '../lang/compact.ts';

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
