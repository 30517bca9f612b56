/**
 * A TaskRun for every trigger that nothing has answered yet.
 */
import type { Task } from '../../resources/index.ts';
import { runManifest, type RunRequest } from '../manifest/run.ts';
import { snapshotOf } from '../manifest/snapshot.ts';
import type { Action } from '../model/actions.ts';
import { eventReasons } from '../model/events.ts';
import { isPutOff } from '../model/state.ts';
import { isOfEarlier, isReturn } from '../model/trigger.ts';
import type { TaskView } from '../model/view.ts';
import { runNames, scheduledRunNames } from '../policies/name-suffix.ts';
import { runsAgainBecause } from '../policies/ran-before.ts';
import { supersededName } from '../policies/superseded.ts';
import { dueRuns } from '../policies/trigger.ts';
import { sharedJobName } from '../policies/unique.ts';
import { agendaOf, type DueTime } from '../schedule/agenda.ts';
import { isRefused } from './create-jobs.ts';

/** A TaskRun for every trigger that nothing has answered yet, oldest first. */
export function createRuns(view: TaskView, now: Date): readonly Action[] {
  const { cluster, memory } = view.state;
  const { taken, refusals } = memory;
  const { runs } = cluster;
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
    const jobName = request.snapshot && sharedJobName(request.version);
    const run = runManifest(request, { name, jobName });
    const action = { kind: 'createRun', run } as const;
    if (isPutOff(action, view.state, now)) break;
    actions.push(action, ...againEvent(request));
    used.add(name);
  }
  return actions;
}

function againEvent({ trigger: { again } }: RunRequest): readonly Action[] {
  return again === undefined
    ? []
    : [{ kind: 'event', type: 'Warning', reason: eventReasons.runsAgain, message: again }];
}

interface WantedRun {
  readonly request: RunRequest;
  /** The names that the run may take, the wanted one first. */
  readonly names: readonly string[];
}

function wantedRuns(view: TaskView, now: Date): readonly WantedRun[] {
  const { task, memory } = view.state;
  const { earlier, seenAt, before } = memory;
  const isMissed = (from: number, to: number): boolean => someMissed(view, from, to);
  const again = view.answered ? undefined : before;
  const deployed = dueRuns([...earlier, task], view.answered, isMissed).map((due): WantedRun => {
    const request = withAgain(due, runsAgainBecause(due.version, again));
    const seen = seenAt.get(request.version.metadata.generation ?? 0) ?? now;
    const names = runNames(request.version, new Date(seen));
    return {
      request,
      names: request.trigger.superseded ? names.map((name) => supersededName(name, request.version)) : names,
    };
  });
  const due = agendaOf(view.state, now)?.due;
  return due ? [...deployed, scheduledRun(task, due)] : deployed;
}

/** Whether a version between two generations was neither seen by this process nor by one that left a record of it. */
function someMissed({ state: { task, memory }, runs }: TaskView, from: number, to: number): boolean {
  const returns = runs.flatMap(({ record }) => {
    const { trigger } = record.spec;
    return isReturn(trigger) && !isOfEarlier(record, task) ? [trigger?.generation ?? 0] : [];
  });
  const known = Math.max(from, ...returns);
  const seen = [...memory.seenAt.keys()].filter((generation) => known < generation && generation < to);
  return to - known - 1 > seen.length;
}

function withAgain(request: RunRequest, again: string | undefined): RunRequest {
  return again === undefined || !request.snapshot ? request : { ...request, trigger: { ...request.trigger, again } };
}

function scheduledRun(task: Task, { time, trigger }: DueTime): WantedRun {
  return { request: { version: task, snapshot: snapshotOf(task), trigger }, names: scheduledRunNames(task, time) };
}
