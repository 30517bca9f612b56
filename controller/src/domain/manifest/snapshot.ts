import type { Snapshot, Task } from '../../resources/index.ts';
import { canonicalJson, hexHash } from '../lang/canonical-json.ts';
import { compact } from '../lang/compact.ts';

/** What a run takes from its Task. */
type Taken = Omit<Snapshot, 'generation' | 'hash' | 'kept'>;

/** Each field is to be named, so that the compiler asks for one that snapshots have gained. */
type EachTaken = { readonly [Field in keyof Required<Taken>]: Taken[Field] | undefined };

/** What a run of this Task would run, with a hash that tells one content from another. */
export function snapshotOf({ metadata, spec }: Task): Snapshot {
  return { ...takenFrom(spec), generation: metadata.generation ?? 0, hash: contentHash(spec) };
}

function takenFrom(spec: Task['spec']): Taken {
  const taken: EachTaken = {
    template: spec.template,
    templateRef: spec.templateRef,
    job: spec.job && { ...spec.job },
    steps: spec.steps,
    items: spec.items,
    matrix: spec.matrix,
    nodes: spec.nodes,
    maxParallel: spec.maxParallel,
    failurePolicy: spec.failurePolicy,
    globals: spec.globals && { ...spec.globals },
    retry: spec.retry,
    timeoutSeconds: spec.timeoutSeconds,
    queue: spec.queue && queueOf(spec.queue),
    queueTimeoutSeconds: spec.queueTimeoutSeconds,
    outputs: spec.outputs,
  };
  return compact(taken);
}

function queueOf({ name, priorityClass }: NonNullable<Task['spec']['queue']>): NonNullable<Snapshot['queue']> {
  return compact({ name, priorityClass });
}

/** How often a run is retried, or where it waits, does not change its content. */
function contentHash({ template, templateRef, job = {}, steps, globals, items, matrix, nodes }: Task['spec']): string {
  const content = steps ? { steps, globals } : { template, templateRef, job, items, matrix, nodes };
  return hexHash(canonicalJson(content), 16);
}
