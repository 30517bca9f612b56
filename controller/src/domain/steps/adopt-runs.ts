/**
 * A TaskRun that somebody made asks for a run by being there. It lacks what ours have: an owner, a snapshot and the
 * label.
 */
import type { TaskRun, TaskRunStatus } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { sameJson } from '../lang/same-json.ts';
import { controlledBy, runLabels } from '../manifest/meta.ts';
import { snapshotOf } from '../manifest/snapshot.ts';
import type { Action } from '../model/actions.ts';
import { isFinished } from '../model/phase.ts';
import { reasons } from '../model/reasons.ts';
import type { TaskView } from '../model/view.ts';
import { withOverrides } from '../policies/allowed-overrides.ts';
import { retryProblem } from '../policies/retry-of.ts';
import { sharedJobName } from '../policies/unique.ts';

/** Make runs of the Task out of the TaskRuns that people made for it, each with what the Task says now. */
export function adoptRuns({ state }: TaskView): readonly Action[] {
  // One that has ended without having been adopted was refused as a run of this Task.
  const orphans = state.cluster.orphans.filter(({ status }) => !isFinished(status?.phase));
  return orphans.map(({ metadata: { name, uid }, spec }): Action => {
    const { task } = state;
    const { retryOf, overrides } = spec;
    const adoption = { labels: runLabels(task), ownerReference: controlledBy('Task', task.metadata) };
    const jobName = sharedJobName(task);
    if (retryOf === undefined) {
      const trigger = spec.trigger ?? { type: 'Manual' as const };
      return {
        kind: 'adoptRun',
        name,
        uid,
        adoption: {
          ...adoption,
          spec: compact({ trigger, jobName, snapshot: withOverrides(snapshotOf(task), overrides) }),
        },
      };
    }
    // What a person wrote stays: a run's trigger does not change.
    const trigger = spec.trigger ?? { type: 'Retry' as const, value: retryOf };
    const before = state.cluster.runs.find(({ metadata }) => metadata.name === retryOf);
    const isRetry = before !== undefined && retryProblem(retryOf, before) === undefined;
    return compact({
      kind: 'adoptRun' as const,
      name,
      uid,
      adoption: { ...adoption, spec: compact({ trigger, jobName }) },
      retryOf: isRetry ? { name: retryOf, uid: before.metadata.uid } : undefined,
    });
  });
}

/** What to say of TaskRuns whose Task is not there. They wait: a Task may be applied after them. */
export function withoutTask(orphans: readonly TaskRun[]): readonly Action[] {
  return orphans.flatMap(({ metadata, spec, status }): Action[] => {
    if (isFinished(status?.phase)) return [];
    const { name, namespace, uid } = metadata;
    const message = `there is no Task ${spec.taskRef.name} in namespace ${namespace}; apply it, or delete this TaskRun`;
    const wanted: TaskRunStatus = { phase: 'Pending', reason: reasons.taskNotFound, message };
    return sameJson(wanted, status ?? {}) ? [] : [{ kind: 'writeRunStatus', name, uid, status: wanted }];
  });
}

/** Whether nobody owns the TaskRun yet, so that the Task which it names may. */
export function isOrphan({ metadata }: Pick<TaskRun, 'metadata'>): boolean {
  return (
    metadata.deletionTimestamp === undefined && !metadata.ownerReferences?.some(({ controller }) => controller === true)
  );
}
