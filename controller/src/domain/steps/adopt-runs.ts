/**
 * A TaskRun that somebody made asks for a run by being there. It lacks what ours have: an owner, a snapshot and the
 * label.
 */
import type { RunTrigger, Task, TaskRun, TaskRunStatus } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { rfc3339 } from '../lang/rfc3339.ts';
import { runLabels } from '../manifest/meta.ts';
import { snapshotOf } from '../manifest/snapshot.ts';
import type { Action, Adoption } from '../model/actions.ts';
import { controlledBy, controllerOf } from '../model/objects.ts';
import { isFinished } from '../model/phase.ts';
import { reasons } from '../model/reasons.ts';
import { runNamed, type TaskState } from '../model/state.ts';
import type { TaskView } from '../model/view.ts';
import { withOverrides } from '../policies/allowed-overrides.ts';
import { retryProblem } from '../policies/retry-of.ts';
import { sharedJobName } from '../policies/unique.ts';
import { outcomeEvent } from '../status/events.ts';
import { finishedCondition } from '../status/run.ts';

/** Make runs of the Task out of the TaskRuns that people made for it, each with what the Task says now. */
export function adoptRuns({ state }: TaskView, now: Date): readonly Action[] {
  return state.cluster.orphans.flatMap((run): readonly Action[] => {
    if (statusComesUntil(run) > now.getTime()) return [];
    const problem = adoptionProblem(run, state.task);
    if (problem !== undefined) return notAdopted(run, problem, now);
    if (run.spec.snapshot) return [reclaim(run, state.task)];
    // One that has ended without having been adopted was refused as a run of this Task.
    return isFinished(run.status?.phase) ? [] : [adopt(run, state)];
  });
}

function adopt({ metadata: { name, uid }, spec }: TaskRun, state: TaskState): Action {
  const { task } = state;
  const { retryOf, overrides } = spec;
  const adoption = ownership(task);
  const jobName = sharedJobName(task);
  if (retryOf === undefined) {
    const trigger = spec.trigger ?? { type: 'Manual' as const };
    const snapshot = withOverrides(snapshotOf(task), overrides);
    return { kind: 'adoptRun', name, uid, adoption: { ...adoption, spec: compact({ trigger, jobName, snapshot }) } };
  }
  // What a person wrote stays: a run's trigger does not change.
  const trigger = spec.trigger ?? { type: 'Retry' as const, value: retryOf };
  const before = runNamed(state, retryOf);
  const isRetry = before !== undefined && retryProblem(retryOf, before) === undefined;
  return compact({
    kind: 'adoptRun' as const,
    name,
    uid,
    adoption: { ...adoption, spec: compact({ trigger, jobName }) },
    retryOf: isRetry ? { name: retryOf, uid: before.metadata.uid } : undefined,
  });
}

/** A run of the Task that lost its owner is given it back, and nothing else: what ran does not change. */
function reclaim({ metadata: { name, uid } }: TaskRun, task: Task): Action {
  return { kind: 'adoptRun', name, uid, adoption: { ...ownership(task), spec: {} } };
}

function ownership(task: Task): Pick<Adoption, 'labels' | 'ownerReference'> {
  return { labels: runLabels(task), ownerReference: controlledBy('Task', task.metadata) };
}

/**
 * Why a TaskRun is not made a run of the Task. Admission policies refuse most of it; what they would refuse is not
 * believed where they are missing.
 */
function adoptionProblem({ metadata, spec, status }: TaskRun, task: Task): string | undefined {
  const { taskRef, trigger, snapshot, jobName, templates } = spec;
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner)
    return `its controller is ${owner.kind} ${owner.name} of ${owner.apiVersion}, not Task ${task.metadata.name}`;
  if (wasRecorded(status)) return undefined;
  if (taskRef.uid !== undefined && taskRef.uid !== task.metadata.uid)
    return `it is of an earlier Task ${task.metadata.name} and came without its status, which says what became of it`;
  const brought = Object.entries({ snapshot, jobName, templates }).find(([, value]) => value !== undefined);
  if (brought) return `only the controller may write spec.${brought[0]}`;
  return trigger && !isPersons(trigger)
    ? 'only the controller creates runs for deployments and schedules (spec.trigger)'
    : undefined;
}

/** Whether the controller, who alone writes statuses, has said more of the run than that it cannot run. */
export function wasRecorded({ phase = 'Pending', reason, jobs }: TaskRunStatus = {}): boolean {
  if (reason === reasons.notAdoptable) return false;
  return phase !== 'Pending' || jobs !== undefined || (reason !== undefined && reason !== reasons.taskNotFound);
}

/** A restore tool writes the status right after the object. */
const statusComesMilliseconds = 30_000;

/**
 * Until when the status of a run that comes back from a backup may still be written, in milliseconds since the epoch:
 * until then the controller writes none. 0 for any other.
 */
export function statusComesUntil({ metadata, spec, status }: TaskRun): number {
  const comesBack = spec.snapshot !== undefined || spec.taskRef.uid !== undefined;
  return comesBack && !wasRecorded(status) ? Date.parse(metadata.creationTimestamp) + statusComesMilliseconds : 0;
}

/** As the admission policy has it. */
function isPersons({ type, generation, scheduledTime, revisionHash, superseded }: RunTrigger): boolean {
  const isOthers = generation ?? scheduledTime ?? revisionHash ?? superseded;
  return (type === 'Manual' || type === 'WorkflowStep') && isOthers === undefined;
}

function notAdopted({ metadata: { name, uid }, status }: TaskRun, problem: string, now: Date): readonly Action[] {
  if (isFinished(status?.phase)) return [];
  const message = `${problem}; delete this TaskRun, and create another one to run the task`;
  const verdict = { phase: 'Failed', reason: reasons.notAdoptable, message, completionTime: rfc3339(now) } as const;
  const failed: TaskRunStatus = { ...verdict, conditions: [finishedCondition(verdict)] };
  return [{ kind: 'writeRunStatus', name, uid, status: failed }, ...outcomeEvent(name, failed)];
}

/** Whether no Task owns the TaskRun yet, so that the one which it names may. */
export function isOrphan({ metadata }: Pick<TaskRun, 'metadata'>): boolean {
  return metadata.deletionTimestamp === undefined && controllerOf({ metadata }, 'Task') === undefined;
}
