/**
 * Carries out in memory what `decide` returned: the state that a Task has after an action. The plan and the worlds of
 * the tests all use it; the controller does the same with an API server (controllers/apply.ts). Nothing runs here:
 * Jobs, pods and clocks are played by whoever calls. Pure, except for `Outside`.
 */
import { labels, queueLabels, type Meta, type TaskRun } from '../resources/index.ts';
import { compact } from './lang/compact.ts';
import { rfc3339 } from './lang/rfc3339.ts';
import { withoutKey } from './lang/without.ts';
import {
  type Action,
  type ActionKind,
  actionKey,
  type ActionOf,
  type Adoption,
  type ClaimManifest,
  type JobManifest,
  type ManifestMeta,
  type TaskRunManifest,
} from './model/actions.ts';
import type { Memory, StepLook, TerminationMessage } from './model/memory.ts';
import { type Claim, isOwnedBy, type Job } from './model/objects.ts';
import { isFinished } from './model/phase.ts';
import { type Cluster, type TaskState, withCluster, withMemory } from './model/state.ts';
import { answeredByRun } from './model/trigger.ts';
import { retrySpec } from './policies/retry-of.ts';

/** What an action meets outside of the state. */
export interface Outside {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The UID of an object that is created. */
  readonly newUid: (kind: 'run' | 'job' | 'claim', name: string) => string;
  /** Whether the live API has the Job with that UID. */
  readonly hasJob: (uid: string) => boolean;
  /** What the pods of a complete Job left. */
  readonly terminationMessage: (jobUid: string) => TerminationMessage;
  /** What the Application says of a workflow step. */
  readonly lookAtStep: (step: ActionOf<'checkStep'>['step']) => Omit<StepLook, 'at'>;
}

/** Where no Job left a message, and each workflow step waits. */
export const quietOutside: Pick<Outside, 'hasJob' | 'terminationMessage' | 'lookAtStep'> = {
  hasJob: () => false,
  terminationMessage: () => ({}),
  lookAtStep: () => ({ known: true }),
};

/** @returns the state once the action was carried out, as if the API server had refused nothing */
export function carryOut(state: TaskState, action: Action, outside: Outside): TaskState {
  const change = inCluster[action.kind] as Change<Cluster> | undefined;
  const next = change ? withCluster(state, change(state.cluster, action, outside)) : state;
  const remembered = withMemory(next, remember(state.memory, action, outside));
  return action.kind === 'writeTaskStatus'
    ? { ...remembered, task: { ...state.task, status: action.status } }
    : remembered;
}

/** @returns what changes in the memory of the process that carried the action out */
export function remember(memory: Memory, action: Action, outside: Outside): Partial<Memory> {
  const change = inMemory[action.kind] as Change<Memory> | undefined;
  return { ...overcome(memory, action), ...change?.(memory, action, outside) };
}

/** What failed before has succeeded now; whether it lasts shows later. */
function overcome({ setbacks }: Memory, action: Action): Partial<Memory> {
  const key = actionKey(action);
  return setbacks.get(key)?.undoneUntil === undefined ? { setbacks: withoutKey(setbacks, key) } : {};
}

/** A TaskRun as the API server makes it. */
export function createdRun({ metadata, spec }: TaskRunManifest, outside: Outside): TaskRun {
  return { metadata: created('run', metadata, outside), spec, status: { phase: 'Pending' } };
}

/** A Job as the API server makes it and the caches keep it. */
export function createdJob({ metadata, spec }: JobManifest, outside: Outside): Job {
  const attempt = Number(metadata.labels[labels.attempt] ?? 0);
  return compact({
    metadata: created('job', metadata, outside),
    attempt: attempt === 0 ? undefined : attempt,
    step: metadata.labels[labels.step],
    queue: metadata.labels[queueLabels.queue],
    spec,
  });
}

/**
 * A person's TaskRun as a run of the Task.
 * @param before the run that it retries, if it does
 */
export function adoptedRun(orphan: TaskRun, adoption: Adoption, before: TaskRun | undefined): TaskRun {
  return {
    ...orphan,
    metadata: { ...orphan.metadata, labels: adoption.labels, ownerReferences: [adoption.ownerReference] },
    spec: { ...orphan.spec, ...adoption.spec, ...(before && retrySpec(before, orphan.spec.overrides)) },
  };
}

function createdClaim({ metadata }: ClaimManifest, outside: Outside): Claim {
  return { metadata: created('claim', metadata, outside) };
}

function created(kind: 'run' | 'job' | 'claim', metadata: ManifestMeta, { newUid, now }: Outside): Meta {
  return { ...metadata, uid: newUid(kind, metadata.name), creationTimestamp: rfc3339(new Date(now)) };
}

type Change<T> = (before: T, action: Action, outside: Outside) => Partial<T>;
/** Those that change nothing are left out. */
type Changes<T> = { readonly [K in ActionKind]?: (before: T, action: ActionOf<K>, outside: Outside) => Partial<T> };

const inCluster: Changes<Cluster> = {
  createRun: ({ runs }, { run }, outside) => ({ runs: [...runs, createdRun(run, outside)] }),
  adoptRun: ({ runs, orphans }, { uid, adoption, retryOf }) => {
    const before = runs.find(({ metadata }) => metadata.uid === retryOf?.uid);
    const [orphan] = orphans.filter(({ metadata }) => metadata.uid === uid);
    return {
      orphans: orphans.filter((other) => other !== orphan),
      runs: orphan ? [...runs, adoptedRun(orphan, adoption, before)] : runs,
    };
  },
  fillTemplates: ({ runs }, { uid, templates }) => ({
    runs: withRun(runs, uid, (run) => ({
      ...run,
      spec: { ...run.spec, templates: templates as NonNullable<TaskRun['spec']['templates']> },
    })),
  }),
  createClaim: ({ claims }, { claim }, outside) => ({ claims: [...claims, createdClaim(claim, outside)] }),
  deleteClaim: ({ claims }, { uid }) => ({ claims: claims.filter(({ metadata }) => metadata.uid !== uid) }),
  createJob: ({ jobs }, { job }, outside) => ({ jobs: [...jobs, createdJob(job, outside)] }),
  writeRunStatus: ({ runs }, { uid, status }) => ({ runs: withRun(runs, uid, (run) => ({ ...run, status })) }),
  deleteJob: ({ jobs, pods }, { uid }) => ({
    jobs: jobs.filter(({ metadata }) => metadata.uid !== uid),
    pods: pods.filter((pod) => !isOwnedBy(pod, uid)),
  }),
  deleteRun: ({ runs, jobs }, { uid }) => ({
    runs: runs.filter(({ metadata }) => metadata.uid !== uid),
    jobs: jobs.filter((job) => !isOwnedBy(job, uid)),
  }),
};

const inMemory: Changes<Memory> = {
  createRun: ({ answered, lastScheduled, refusals }, { run }) => ({
    answered: answeredByRun(run)[0] ?? answered,
    lastScheduled: run.spec.trigger?.scheduledTime ?? lastScheduled,
    refusals: refusals.filter(({ object }) => object !== 'TaskRun'),
  }),
  createJob: ({ refusals }, { run, step }) => ({
    refusals: refusals.filter((one) => one.object !== 'Job' || one.run !== run || one.step !== step),
  }),
  refuseJob: ({ refusals }, { refusal }, { now }) => ({ refusals: [...refusals, { ...refusal, retryAt: now }] }),
  tryJobs: (_memory, { generation, templates, problem }) => ({ trial: { generation, templates, problem } }),
  checkJob: ({ goneJobs }, { uid }, { hasJob }) => (hasJob(uid) ? {} : { goneJobs: new Set([...goneJobs, uid]) }),
  readTermination: ({ terminationMessages }, { uid }, { terminationMessage }) => ({
    terminationMessages: new Map([...terminationMessages, [uid, terminationMessage(uid)]]),
  }),
  checkStep: ({ steps }, { run, step }, { now, lookAtStep }) => ({
    steps: new Map([...steps, [run, { at: now, ...lookAtStep(step) }]]),
  }),
  writeRunStatus: (memory, { name, uid, status }, { now }) => {
    const written = new Map([...memory.written, [name, now]]);
    return isFinished(status.phase) ? forgetRun({ ...memory, written }, name, uid) : { written };
  },
  nudge: (_memory, { value }) => ({ nudged: value }),
  keepName: () => ({ nameKept: true }),
  mark: (_memory, { value, nudge }) => ({ marked: value, nudged: nudge }),
  expectLook: (_memory, { value }) => ({ nudged: value }),
};

/** What was remembered for the sake of a run that is finished. */
function forgetRun(memory: Memory, name: string, uid: string): Partial<Memory> {
  return {
    steps: withoutKey(memory.steps, name),
    written: withoutKey(memory.written, name),
    cuts: withoutKey(memory.cuts, uid),
    refusals: memory.refusals.filter(({ object, run }) => object === 'TaskRun' || run !== name),
    deletedJobs: memory.deletedJobs.filter((job) => !isOwnedBy(job, uid)),
  };
}

function withRun(runs: readonly TaskRun[], uid: string, change: (run: TaskRun) => TaskRun): readonly TaskRun[] {
  return runs.map((run) => (run.metadata.uid === uid ? change(run) : run));
}
