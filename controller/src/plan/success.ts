/** What happens to a Task's runs when everything that has started succeeds. */
import { classify } from '../domain/view/classify.ts';
import { flowOf, gateOf, stepEnd } from '../domain/shape/arrange.ts';
import type { Action } from '../domain/model/actions.ts';
import type { TaskRun } from '../resources/index.ts';
import type { MemoryCluster } from './memory-cluster.ts';
import { rfc3339 } from '../domain/lang/rfc3339.ts';
import type { Job } from '../domain/model/objects.ts';
import type { StepEnd } from '../domain/model/flow.ts';
import type { FlowRun, RunView, StepView } from '../domain/model/view.ts';
import { jobName } from '../domain/manifest/job.ts';

/** Under concurrencyPolicy Queue runs start one at a time, so each waiting run needs a round. */
const mostRounds = 1_100;

/**
 * Lets everything that has started succeed, and what starts then, until nothing is active. @returns what the controller
 * did, in order
 */
export function succeedAll(cluster: MemoryCluster, now: Date): readonly Action[] {
  const done: Action[] = [];
  for (let round = 0; round < mostRounds; round += 1) {
    const started = classify(cluster.state).active.filter(({ began }) => began);
    if (started.length === 0) break;
    for (const run of started) succeed(run, cluster, now);
    done.push(...cluster.settle());
  }
  return done;
}

function succeed(run: RunView, cluster: MemoryCluster, now: Date): void {
  const needed = run.kind === 'flow' ? neededSteps(run) : new Set<string>();
  for (const step of run.kind === 'flow' ? run.parts : []) {
    if (needed.has(step.step.name) && step.jobs.length === 0)
      cluster.addJob(run.record, jobName(step.record, 0), step.step.name);
  }
  const { uid } = run.record.metadata;
  const { cluster: known } = cluster.state;
  const isOwn = ({ metadata }: Job) => metadata.ownerReferences?.some((owner) => owner.uid === uid) === true;
  cluster.change({
    jobs: known.jobs.map((job) => (isOwn(job) ? complete(job, now) : job)),
    pods: known.pods.filter(
      (pod) =>
        !known.jobs.some(
          (job) => isOwn(job) && pod.metadata.ownerReferences?.some((owner) => owner.uid === job.metadata.uid),
        ),
    ),
    runs: known.runs.map((one) => (one.metadata.uid === uid ? succeeded(one, now) : one)),
  });
}

function complete(job: Job, now: Date): Job {
  const time = rfc3339(now);
  return {
    ...job,
    status: {
      succeeded: 1,
      startTime: time,
      completionTime: time,
      conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: time }],
    },
  };
}

function succeeded({ status, ...run }: TaskRun, now: Date): TaskRun {
  const time = rfc3339(now);
  return {
    ...run,
    status: { ...status, phase: 'Succeeded', startTime: status?.startTime ?? time, completionTime: time },
  };
}

/** The steps that run if no step fails. */
export function neededSteps({ steps }: FlowRun): ReadonlySet<string> {
  const flow = flowOf(steps);
  const needed = new Set<string>();
  if ('problem' in flow) return needed;
  const ends = new Map<string, StepEnd | undefined>();
  for (const step of flow.order) {
    const gate = gateOf(step, new Map((flow.dependencies.get(step.name) ?? []).map((name) => [name, ends.get(name)])));
    if ('opens' in gate) needed.add(step.name);
    ends.set(
      step.name,
      stepEnd(step, 'opens' in gate ? { phase: 'Succeeded' } : { phase: 'Skipped', reason: gate.skip.reason }),
    );
  }
  return needed;
}

/** Each step's dependencies, by its name. */
export function dependenciesOf({ steps }: FlowRun): ReadonlyMap<string, readonly string[]> {
  const flow = flowOf(steps);
  return 'problem' in flow ? new Map() : flow.dependencies;
}

/** In the order in which they start. */
export function inOrder({ parts, steps }: FlowRun): readonly StepView[] {
  const arranged = flowOf(steps);
  if ('problem' in arranged) return parts;
  const byName = new Map(parts.map((view) => [view.step.name, view]));
  return arranged.order.flatMap(({ name }) => byName.get(name) ?? []);
}
