/**
 * What to do about one Task: the only place where that is decided. Pure: the same state and time give the same actions.
 */
import type { Task, TaskRun, TaskRunStatus } from '../resources/index.ts';
import type { Action, Deletion } from './model/actions.ts';
import { adoptRuns } from './steps/adopt-runs.ts';
import { agendaOf, missedEvents, type DueTime } from './schedule/agenda.ts';
import { classify, conditionOf, partsOf, type PartView, type RunView, type TaskView } from './view/classify.ts';
import { isFinished } from './model/phase.ts';
import { createJobs, isRefused } from './steps/create-jobs.ts';
import { lacksOutputs } from './status/job.ts';
import { runManifest, type RunRequest } from './manifest/manifests.ts';
import { beyondHistoryLimit } from './policies/history-limit.ts';
import { beyondKeepLast } from './policies/keep-last.ts';
import { nextQueueLook } from './policies/queue.ts';
import { runNames, scheduledRunNames } from './policies/name-suffix.ts';
import { nextAttempt } from './policies/retry.ts';
import { deadlineOf } from './policies/timeout-seconds.ts';
import { dueRuns } from './policies/trigger.ts';
import { beyondTtl } from './policies/ttl-seconds-after-finished.ts';
import { replacementOf } from './policies/unique.ts';
import { awaitsNode } from './shape/same-node.ts';
import { patientReasons } from './model/reasons.ts';
import { runStatus } from './status/run.ts';
import { sameJson } from './lang/same-json.ts';
import { canonicalJson, hexHash } from './lang/canonical-json.ts';
import { snapshotOf } from './manifest/snapshot.ts';
import { queueEvents } from './status/queue-events.ts';
import { standsStill } from './queue/idle.ts';
import { waitsInQueue } from './model/kueue.ts';
import { stepEvents } from './status/step-events.ts';
import type { TaskState } from './model/state.ts';
import { fillTemplates } from './shape/templates.ts';
import { nextMessageAt, stalledBy, taskStatus } from './status/task.ts';
import { pruneClaims } from './shape/workspace.ts';
import { applicationOf, checkSteps, nextStepLooks } from './policies/workflow-step.ts';

/**
 * @returns the next actions, in order. Each step waits until those before it have nothing left to do, so whoever
 * applies them
 *   decides again afterwards, until nothing is returned but `wakeAt`. A settled Task returns nothing at all.
 */
export function decide(state: TaskState, now: Date): readonly Action[] {
  if (state.task.metadata.deletionTimestamp !== undefined) return [];
  const view = classify(state);
  const steps = [
    adoptRuns,
    createRuns,
    fillTemplates,
    endSteps,
    createJobs,
    readOutputs,
    recordOutcomes,
    prune,
    report,
    nudge,
    checkSteps,
  ];
  for (const step of steps) {
    const actions = step(view, now);
    if (actions.length > 0) return actions;
  }
  return wake(view, now);
}

/** A TaskRun for every trigger that nothing has answered yet, oldest first. */
function createRuns(view: TaskView, now: Date): readonly Action[] {
  const { taken, refusals, runs } = view.state;
  const own = new Set(runs.map(({ metadata }) => metadata.name));
  const used = new Set([...taken.runs, ...own]);
  const actions: Action[] = [];
  for (const { request, names } of wantedRuns(view, now)) {
    // A name that somebody else took may be free again; our own run keeps its.
    const name =
      names.find((candidate) => !used.has(candidate)) ??
      names.find((candidate) => !own.has(candidate)) ??
      request.version.metadata.name;
    const refusal = refusals.find(({ object, run }) => object === 'TaskRun' && run === name);
    if (refusal?.final) continue;
    // Later ones wait: a run of a later generation would make this one look answered.
    if (isRefused(refusal, now)) break;
    actions.push({ kind: 'createRun', run: runManifest(request, name) });
    used.add(name);
  }
  return actions;
}

interface WantedRun {
  readonly request: RunRequest;
  /** The names that the run may take, the wanted one first. */
  readonly names: readonly string[];
}

function wantedRuns(view: TaskView, now: Date): readonly WantedRun[] {
  const { task, earlier, seenAt } = view.state;
  const deployed = dueRuns([...earlier, task], view.answered).map((request): WantedRun => {
    const seen = seenAt.get(request.version.metadata.generation ?? 0) ?? now;
    return { request, names: runNames(request.version, new Date(seen)) };
  });
  const due = agendaOf(view.state, now)?.due;
  return due ? [...deployed, scheduledRun(task, due)] : deployed;
}

function scheduledRun(task: Task, { time, trigger }: DueTime): WantedRun {
  return { request: { version: task, snapshot: snapshotOf(task), trigger }, names: scheduledRunNames(task, time) };
}

/** The Jobs of steps that are on record as ended before their Jobs were, while their run goes on. */
function endSteps({ active }: TaskView): readonly Action[] {
  const ended = active.flatMap(({ flow = [] }) => flow.filter(({ finished }) => finished));
  return ended.flatMap((step) => {
    if (step.phase === 'Cancelled')
      return deleteJobs(step, { cause: 'cancelled', because: step.row?.message ?? 'cancelled' });
    return waitsForNothing(step) ? deleteJobs(step, notAdmitted(step)) : [];
  });
}

/** Whether a queue might still start a Job of what is on record as failed. */
function waitsForNothing({ finished, phase, job, jobExists }: PartView): boolean {
  return finished && phase === 'Failed' && jobExists && job !== undefined && waitsInQueue(job);
}

function notAdmitted({ name, run }: PartView): Deletion {
  return { cause: 'notAdmitted', because: run.status?.message ?? `${name} was not admitted` };
}

/** The outputs of each Job that is complete, before its run is called finished. */
function readOutputs(view: TaskView): readonly Action[] {
  return view.active.flatMap((run) =>
    partsOf(run).flatMap((part): readonly Action[] => {
      if (
        !part.job ||
        part.finished ||
        !(lacksOutputs(part, view.state) || (awaitsNode(run.run) && lacksNode(part, view.state)))
      )
        return [];
      return [
        {
          kind: 'readTermination',
          job: part.job.metadata.name,
          uid: part.job.metadata.uid,
          container: firstContainer(part.run.spec.snapshot?.template),
        },
      ];
    }),
  );
}

/** Whether it is to be asked where the pod ran, which is known no more once it succeeded. */
function lacksNode({ job, pods }: PartView, { terminationMessages }: TaskState): boolean {
  return (
    job !== undefined &&
    conditionOf(job, 'Complete') !== undefined &&
    !terminationMessages.has(job.metadata.uid) &&
    pods.length === 0
  );
}

function firstContainer(template: object | undefined): string | undefined {
  const { spec } = (template ?? {}) as {
    readonly spec?: { readonly containers?: readonly { readonly name?: string }[] };
  };
  return spec?.containers?.[0]?.name;
}

/** Write what each unfinished run's status should say; what is finished is on record before anything is deleted. */
function recordOutcomes(view: TaskView, now: Date): readonly Action[] {
  return view.active.flatMap((run): Action[] => {
    const status = runStatus(run, view, now);
    if (sameJson(status, run.run.status ?? {}) || holdBackUntil(run, status, view.state, now) !== undefined) return [];
    const { name, uid } = run.run.metadata;
    return [
      { kind: 'writeRunStatus', name, uid, status },
      ...(run.flow ? [] : queueEvents(name, run.run.status, status)),
      ...stepEvents(name, run.run.status, status),
      ...outcomeEvent(name, status),
    ];
  });
}

function outcomeEvent(name: string, { phase = 'Pending', reason = phase, message, duration }: TaskRunStatus): Action[] {
  if (!isFinished(phase)) return [];
  const type = phase === 'Failed' ? 'Warning' : 'Normal';
  const time = duration === undefined ? '' : ` after ${duration}`;
  return [
    { kind: 'event', type, reason, message: `${name} ${phase}${time}${message === undefined ? '' : `: ${message}`}` },
  ];
}

/** A run that has just begun has more news coming: its first seconds are told in one write. */
const settleMilliseconds = 1_500;

/** A status of many rows is written at most every so many milliseconds a row: each write takes them all. */
const rowMilliseconds = 1;
const manyRows = 50;

/** Until when, in milliseconds since the epoch. */
function holdBackUntil(run: RunView, status: TaskRunStatus, state: TaskState, now: Date): number | undefined {
  return holdTaskBackUntil(run, status, state, now) ?? requeuedUntil(run, status, state, now);
}

/** The same, for as long as the Task is not told of its runs either. */
function holdTaskBackUntil(run: RunView, status: TaskRunStatus, state: TaskState, now: Date): number | undefined {
  return settlesAt(run, status, now) ?? spacedUntil(run, status, state, now);
}

/** What a run waits for in a queue may be said anew with every other run there. */
const wordsMilliseconds = 10_000;

function requeuedUntil(
  { name, run }: RunView,
  status: TaskRunStatus,
  { written }: TaskState,
  now: Date,
): number | undefined {
  const { phase, reason } = run.status ?? {};
  const last = written.get(name) ?? 0;
  if (phase !== 'Queued' || status.phase !== phase || status.reason !== reason || last > now.getTime())
    return undefined;
  return last + wordsMilliseconds > now.getTime() && !sameJson(status, run.status ?? {})
    ? last + wordsMilliseconds
    : undefined;
}

function spacedUntil(
  { name, run }: RunView,
  status: TaskRunStatus,
  { written }: TaskState,
  now: Date,
): number | undefined {
  const { jobs = [] } = status;
  if (jobs.length <= manyRows || isUrgent(run, status)) return undefined;
  const last = written.get(name) ?? 0;
  const isSpaced = last <= now.getTime() && last + jobs.length * rowMilliseconds > now.getTime();
  return isSpaced && !sameJson(status, run.status ?? {}) ? last + jobs.length * rowMilliseconds : undefined;
}

/** What ends the run, names nodes, or lets other steps start is not held back. */
function isUrgent(run: TaskRun, { phase, jobs }: TaskRunStatus): boolean {
  return isFinished(phase) || namesNodes(run, jobs) || run.spec.snapshot?.steps !== undefined;
}

/**
 * Until when, in milliseconds since the epoch; not where steps wait for the end of others to be on record. A run that
 * seems to be of the future was there before the clock was set back.
 */
function settlesAt({ run }: RunView, { phase, reason, jobs, nodeName }: TaskRunStatus, now: Date): number | undefined {
  const age = now.getTime() - Date.parse(run.metadata.creationTimestamp);
  const isNews =
    namesNodes(run, jobs) ||
    nodeName !== run.status?.nodeName ||
    leavesQueue(run, phase) ||
    hasTrouble(phase, reason) ||
    [phase, ...(jobs ?? []).map((row) => row.phase)].some(isFinished);
  const isHeld = !isNews && age >= 0 && age < settleMilliseconds;
  return isHeld ? now.getTime() - age + settleMilliseconds : undefined;
}

function hasTrouble(phase: TaskRunStatus['phase'], reason: string | undefined): boolean {
  return reason !== undefined && !(phase === 'Queued' && patientReasons.has(reason));
}

/** Whether what is on record as waiting in a queue waits there no more. */
function leavesQueue({ status }: TaskRun, phase: TaskRunStatus['phase']): boolean {
  return status?.phase === 'Queued' && phase !== 'Queued';
}

/** Whether the status tells of nodes that are not on record, before which nothing starts there. */
function namesNodes({ spec, status }: TaskRun, jobs: TaskRunStatus['jobs']): boolean {
  return spec.snapshot?.nodes !== undefined && (jobs?.length ?? 0) > (status?.jobs?.length ?? 0);
}

/** Delete Jobs, and records, that no policy keeps. Everything here is finished, and recorded as such. */
function prune(view: TaskView, now: Date): readonly Action[] {
  const { ttlSecondsAfterFinished: ttl } = view.policy;
  const isHeld = ({ run }: RunView): boolean => view.state.held.has(run.metadata.uid);
  const because = new Map<RunView, Deletion>();
  for (const run of beyondTtl(view, now).expired)
    if (!isHeld(run))
      because.set(run, { cause: 'ttlSecondsAfterFinished', because: `ttlSecondsAfterFinished: ${ttl}` });
  for (const { view: run, ...deletion } of beyondKeepLast(view)) if (!isHeld(run)) because.set(run, deletion);
  // Whoever waits for a Job to be gone does not wait for its readers.
  for (const run of view.kept) {
    const replacement = replacementOf(run, view);
    if (replacement) because.set(run, { cause: 'replaced', because: `replaced by ${replacement.name}` });
    if (run.phase === 'Cancelled') because.set(run, { cause: 'cancelled', because: `${run.name} was cancelled` });
    if (partsOf(run).some(waitsForNothing)) because.set(run, notAdmitted(run));
  }
  const jobs = [...because].flatMap(([run, deletion]) => deleteJobs(run, deletion));
  const records = beyondHistoryLimit(view)
    .filter((run) => !isHeld(run))
    .map(({ run }): Action => {
      const { name, uid } = run.metadata;
      return { kind: 'deleteRun', name, uid, because: `historyLimit: ${view.policy.historyLimit}` };
    });
  return [...jobs, ...records, ...pruneClaims(view)];
}

function deleteJobs({ jobs }: PartView, deletion: Deletion): readonly Action[] {
  const there = jobs.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return there.map(({ metadata: { name, uid } }) => ({ kind: 'deleteJob', name, uid, ...deletion }));
}

/** Write the Task's status when it says something new, and let KubeVela know. */
function report(view: TaskView, now: Date): readonly Action[] {
  const { task } = view.state;
  if (view.active.some((run) => holdTaskBackUntil(run, runStatus(run, view, now), view.state, now) !== undefined))
    return [];
  const status = taskStatus(view, now);
  if (sameJson(status, task.status ?? {})) return [];
  return [{ kind: 'writeTaskStatus', status }, ...stalledEvent(view, now), ...missedEvents(view.state, now)];
}

/** Until when news of runs is held back. */
function settleTimes(view: TaskView, now: Date): readonly number[] {
  return view.active.flatMap((run) => holdBackUntil(run, runStatus(run, view, now), view.state, now) ?? []);
}

function stalledEvent(view: TaskView, now: Date): Action[] {
  const stalled = stalledBy(view, now);
  const before = view.state.task.status?.conditions?.find(({ type }) => type === 'Stalled');
  if (!stalled || before?.reason === stalled.reason) return [];
  const run = view.current?.name ?? view.state.task.metadata.name;
  return [{ kind: 'event', type: 'Warning', reason: stalled.reason, message: `${run}: ${stalled.message}` }];
}

/**
 * KubeVela looks at a component that is not healthy yet about every second at first; only later does it need to be
 * told. What is written within `sure` it surely finds by itself before `until`.
 */
const polledMilliseconds = { sure: 2_500, until: 4_000 };
/** After a restart nobody knows what was told: what changed within this time is told again. */
const recentMilliseconds = 60_000;

/** Tell KubeVela of a status that it has not read yet. */
function nudge(view: TaskView, now: Date): readonly Action[] {
  const { task, nudged } = view.state;
  const application = applicationOf(task);
  const { observedGeneration, phase, message } = task.status ?? {};
  const value = hexHash(canonicalJson([observedGeneration, phase, message]), 12);
  if (!application || value === nudged || (nudged === undefined && !isRecent(view, now))) return [];
  const age = polledAge(view, now);
  if (age < polledMilliseconds.sure) return [{ kind: 'expectLook', value }];
  return age < polledMilliseconds.until ? [] : [{ kind: 'nudge', application, value }];
}

/**
 * For how long KubeVela has looked by itself: once its component is healthy it looks no more, with healthyWhen Started,
 * and where no deployment asked for the run.
 */
function polledAge({ current, policy }: TaskView, now: Date): number {
  if (!current || policy.healthyWhen === 'Started' || current.run.spec.trigger?.type !== 'Revision') return Infinity;
  const age = now.getTime() - Date.parse(current.run.metadata.creationTimestamp);
  return age >= 0 ? age : Infinity;
}

function isRecent({ current, state }: TaskView, now: Date): boolean {
  const { startTime, completionTime } = current?.run.status ?? {};
  const changes = [
    startTime,
    completionTime,
    ...(state.task.status?.conditions ?? []).map((c) => c.lastTransitionTime),
  ];
  return changes.some((at) => at !== undefined && now.getTime() - Date.parse(at) < recentMilliseconds);
}

/** The next moment at which time alone makes a difference. */
function wake(view: TaskView, now: Date): readonly Action[] {
  const times = [
    beyondTtl(view, now).nextAt,
    nextMessageAt(view, now),
    ...settleTimes(view, now),
    agendaOf(view.state, now)?.next?.getTime(),
    ...view.active.flatMap(partsOf).map((part) => (part.finished ? undefined : nextAttempt(part, now)?.at)),
    ...view.active.map((run) =>
      run.flow && !standsStill(run.run.status?.jobs ?? []) ? deadlineOf(run, now) : undefined,
    ),
    ...view.active.flatMap(partsOf).flatMap((part) => nextQueueLook(part, view.state.queueing)),
    ...nextStepLooks(view),
    ...view.state.refusals.filter(({ final }) => !final).map(({ retryAt }) => retryAt),
  ].filter((at) => at !== undefined && at > now.getTime());
  return times.length > 0 ? [{ kind: 'wakeAt', at: Math.min(...(times as number[])) }] : [];
}
