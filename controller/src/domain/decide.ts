/**
 * What to do about one Task: the only place where that is decided. Pure: the same state and time give the same actions.
 */
import type { TaskRunStatus } from '../resources/index.ts';
import { velaLabels } from '../resources/index.ts';
import type { Action } from './actions.ts';
import { classify, isFinished, type RunView, type TaskView } from './classify.ts';
import { jobManifest, runManifest } from './manifests.ts';
import { nameWithHash } from './names.ts';
import { beyondHistoryLimit } from './policies/history-limit.ts';
import { beyondKeepLast } from './policies/keep-last.ts';
import { runNames } from './policies/name-suffix.ts';
import { dueRuns } from './policies/trigger.ts';
import { beyondTtl } from './policies/ttl-seconds-after-finished.ts';
import { replacementOf, waitsForName } from './policies/unique.ts';
import { jobIdentity, runStatus } from './run-status.ts';
import { sameJson } from './same-json.ts';
import { canonicalJson, hexHash } from './snapshot.ts';
import type { Refusal, TaskState } from './state.ts';
import { nextMessageAt, stalledBy, taskStatus } from './task-status.ts';

/**
 * @returns the next actions, in order. Each step waits until those before it have nothing left to do, so whoever applies them
 *   decides again afterwards, until nothing is returned but `wakeAt`. A settled Task returns nothing at all.
 */
export function decide(state: TaskState, now: Date): readonly Action[] {
  if (state.task.metadata.deletionTimestamp !== undefined) return [];
  const view = classify(state);
  const steps = [createRuns, createJobs, recordOutcomes, prune, report, nudge];
  for (const step of steps) {
    const actions = step(view, now);
    if (actions.length > 0) return actions;
  }
  return wake(view, now);
}

/** A TaskRun for every trigger that nothing has answered yet, oldest first. */
function createRuns(view: TaskView, now: Date): readonly Action[] {
  const { task, earlier, taken, refusals, runs, seenAt } = view.state;
  const used = new Set([...taken.runs, ...runs.map(({ metadata }) => metadata.name)]);
  const actions: Action[] = [];
  for (const due of dueRuns([...earlier, task], view.answered)) {
    const candidates = runNames(due.version, new Date(seenAt.get(due.version.metadata.generation ?? 0) ?? now));
    const name = candidates.find((candidate) => !used.has(candidate)) ?? candidates[0] ?? task.metadata.name;
    const refusal = refusals.find(({ object, run }) => object === 'TaskRun' && run === name);
    if (refusal?.final) continue;
    // Later ones wait: a run of a later generation would make this one look answered.
    if (isRefused(refusal, now)) break;
    actions.push({ kind: 'createRun', run: runManifest(due, name) });
    used.add(name);
  }
  return actions;
}

/** A Job for every run that never had one. A run that had one which is missing is checked, never started again. */
function createJobs(view: TaskView, now: Date): readonly Action[] {
  const { taken, goneJobs } = view.state;
  return view.active
    .filter(({ jobExists }) => !jobExists)
    .flatMap((run): Action[] => {
      const identity = jobIdentity(run);
      if (identity) return goneJobs.has(identity.uid) ? [] : [{ kind: 'checkJob', name: identity.name, uid: identity.uid }];
      if (!mayStart(run, view, now)) return [];
      const wanted = run.run.spec.jobName ?? run.name;
      const name = taken.jobs.has(wanted) ? nameWithHash(wanted, run.run.metadata.uid) : wanted;
      return [{ kind: 'createJob', run: run.name, job: jobManifest(run.run, name) }];
    });
}

function mayStart(run: RunView, view: TaskView, now: Date): boolean {
  if (run.run.spec.snapshot === undefined || isRefused(run.refusal, now)) return false;
  return !replacementOf(run, view) && !waitsForName(run, view);
}

function isRefused(refusal: Refusal | undefined, now: Date): boolean {
  return refusal !== undefined && (refusal.final || refusal.retryAt > now.getTime());
}

/** Write what each unfinished run's status should say; what is finished is on record before anything is deleted. */
function recordOutcomes(view: TaskView, now: Date): readonly Action[] {
  return view.active.flatMap((run): Action[] => {
    const status = runStatus(run, view, now);
    if (sameJson(status, run.run.status ?? {}) || holdBackUntil(run, status) > now.getTime()) return [];
    const { name, uid } = run.run.metadata;
    return [{ kind: 'writeRunStatus', name, uid, status }, ...outcomeEvent(name, status)];
  });
}

function outcomeEvent(name: string, { phase = 'Pending', reason = phase, message, duration }: TaskRunStatus): Action[] {
  if (!isFinished(phase)) return [];
  const type = phase === 'Failed' ? 'Warning' : 'Normal';
  const time = duration === undefined ? '' : ` after ${duration}`;
  return [{ kind: 'event', type, reason, message: `${name} ${phase}${time}${message === undefined ? '' : `: ${message}`}` }];
}

/** A run that has just begun has more news coming: its first seconds are told in one write. */
const settleMilliseconds = 1_500;

function holdBackUntil({ run }: RunView, { phase, reason }: TaskRunStatus): number {
  if (isFinished(phase) || reason !== undefined) return 0;
  return Date.parse(run.metadata.creationTimestamp) + settleMilliseconds;
}

/** Delete Jobs, and records, that no policy keeps. Everything here is finished, and recorded as such. */
function prune(view: TaskView, now: Date): readonly Action[] {
  const { ttlSecondsAfterFinished: ttl } = view.policy;
  const because = new Map<RunView, string>();
  for (const run of beyondTtl(view, now).expired) because.set(run, `ttlSecondsAfterFinished: ${ttl}`);
  for (const { view: run, because: reason } of beyondKeepLast(view)) because.set(run, reason);
  for (const run of view.kept) {
    const replacement = replacementOf(run, view);
    if (replacement) because.set(run, `replaced by ${replacement.name}`);
  }
  const jobs = [...because].flatMap(([{ job }, reason]): Action[] =>
    job ? [{ kind: 'deleteJob', name: job.metadata.name, uid: job.metadata.uid, because: reason }] : [],
  );
  const records = beyondHistoryLimit(view).map(({ run }): Action => {
    const { name, uid } = run.metadata;
    return { kind: 'deleteRun', name, uid, because: `historyLimit: ${view.policy.historyLimit}` };
  });
  return [...jobs, ...records];
}

/** Write the Task's status when it says something new, and let KubeVela know. */
function report(view: TaskView, now: Date): readonly Action[] {
  const { task } = view.state;
  if (settlesAt(view, now) !== undefined) return [];
  const status = taskStatus(view, now);
  if (sameJson(status, task.status ?? {})) return [];
  return [{ kind: 'writeTaskStatus', status }, ...stalledEvent(view)];
}

/** Until when news of a run that has just begun is held back, and the Task's with it. */
function settlesAt(view: TaskView, now: Date): number | undefined {
  const times = view.active.map((run) => holdBackUntil(run, runStatus(run, view, now)));
  const until = Math.max(0, ...times);
  return until > now.getTime() ? until : undefined;
}

function stalledEvent(view: TaskView): Action[] {
  const stalled = stalledBy(view);
  const before = view.state.task.status?.conditions?.find(({ type }) => type === 'Stalled');
  if (!stalled || before?.reason === stalled.reason) return [];
  const run = view.current?.name ?? view.state.task.metadata.name;
  return [{ kind: 'event', type: 'Warning', reason: stalled.reason, message: `${run}: ${stalled.message}` }];
}

/** KubeVela looks at a component that is not healthy yet about every second at first; only later does it need to be told. */
const polledMilliseconds = 3_000;
/** After a restart nobody knows what was told: what changed within this time is told again. */
const recentMilliseconds = 60_000;

/** Tell KubeVela of a status that it has not read yet. */
function nudge(view: TaskView, now: Date): readonly Action[] {
  const { task, nudged } = view.state;
  const { labels = {}, namespace } = task.metadata;
  const name = labels[velaLabels.application];
  const { observedGeneration, phase, message } = task.status ?? {};
  const value = hexHash(canonicalJson([observedGeneration, phase, message]), 12);
  if (!name || value === nudged || isPolled(view, now) || (nudged === undefined && !isRecent(view, now))) return [];
  return [{ kind: 'nudge', application: { name, namespace: labels[velaLabels.applicationNamespace] || namespace }, value }];
}

/** Not with healthyWhen Started: once its component is healthy, KubeVela looks no more. */
function isPolled({ current, policy }: TaskView, now: Date): boolean {
  const born = current ? Date.parse(current.run.metadata.creationTimestamp) : 0;
  return policy.healthyWhen === 'Succeeded' && now.getTime() - born < polledMilliseconds;
}

function isRecent({ current, state }: TaskView, now: Date): boolean {
  const { startTime, completionTime } = current?.run.status ?? {};
  const changes = [startTime, completionTime, ...(state.task.status?.conditions ?? []).map((c) => c.lastTransitionTime)];
  return changes.some((at) => at !== undefined && now.getTime() - Date.parse(at) < recentMilliseconds);
}

/** The next moment at which time alone makes a difference. */
function wake(view: TaskView, now: Date): readonly Action[] {
  const times = [
    beyondTtl(view, now).nextAt,
    nextMessageAt(view, now),
    settlesAt(view, now),
    ...view.state.refusals.filter(({ final }) => !final).map(({ retryAt }) => retryAt),
  ].filter((at) => at !== undefined && at > now.getTime());
  return times.length > 0 ? [{ kind: 'wakeAt', at: Math.min(...(times as number[])) }] : [];
}
