/**
 * What statuses leave out so that the API server takes them: outputs have a limit, and a status that is refused as too
 * large is cut further with each refusal, until the run ends without a record of its Jobs.
 */
import { memo } from '../lang/memo.ts';
import type { JobRow, TaskRunStatus, TaskStatus } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { named, oneLine } from '../lang/words.ts';
import type { TaskState } from '../model/state.ts';
import { reasons } from '../model/reasons.ts';
import type { Outputs } from '../shape/declared-outputs.ts';

/** All outputs of a run's steps, items or nodes together, as JSON in bytes; the same again for the run's own. */
export const mostOutputBytes = 256 * 1024;
/** The limit after each refusal of a status that was too large. */
const outputLimits = [mostOutputBytes, mostOutputBytes / 4, 0];
/** After so many refusals rows say only what the controller goes on from. */
const bareRowsAfter = outputLimits.length;
/** After so many refusals nothing is left to cut: the run ends, and the Task says only what it must. */
export const mostCuts = bareRowsAfter + 1;

/** How often the status of the run or Task with that UID was refused as too large. */
export function cutsOf(uid: string, { memory: { cuts } }: TaskState): number {
  return cuts.get(uid)?.refusals ?? 0;
}

/** When the next write may be tried, in milliseconds since the epoch, where even the smallest status was refused. */
export function cutRetryAt(uid: string, { memory: { cuts } }: TaskState): number {
  return cuts.get(uid)?.retryAt ?? 0;
}

/** What is left of the limit for outputs, while rows are written in their order. */
export class OutputRoom {
  #left: number;

  /**
   * @param recorded outputs that are on record already, and stay
   * @param cuts how often the status was refused as too large
   */
  constructor(recorded: readonly (object | undefined)[], cuts: number) {
    this.#left = limitAfter(cuts) - recorded.reduce((sum, outputs) => sum + bytesOf(outputs), 0);
  }

  /** Whether these outputs still have room; they take it then. */
  takes(outputs: object | undefined): boolean {
    const bytes = bytesOf(outputs);
    if (bytes > this.#left && bytes > emptyBytes) return false;
    this.#left -= bytes;
    return true;
  }
}

function limitAfter(cuts: number): number {
  return outputLimits[cuts] ?? 0;
}

/** `{}`, of a step that wrote none of its outputs. */
const emptyBytes = 2;

function bytesOf(outputs: object | undefined): number {
  return outputs === undefined ? 0 : jsonBytes(outputs);
}

/** Remembered: each decision asks it of all rows of a run on record. */
const jsonBytes = memo((outputs: object) => new TextEncoder().encode(JSON.stringify(outputs)).length);

/** The row of a step whose outputs have no room: later steps of a flow would take over nothing, so it has failed. */
export function failedForOutputs({ outputs: _outputs, ...row }: JobRow): JobRow {
  const message = `its outputs do not fit: ${outputLimit}; write large results to a volume, and hand on where they are`;
  return { ...row, phase: 'Failed', reason: reasons.outputsInvalid, message };
}

const outputLimit = `all outputs of a run together may have ${mostOutputBytes / 1024} KiB`;

/** Those of the run's own outputs that have room, in their order, and the names of the others. */
export function fitting(
  outputs: Outputs,
  cuts: number,
): { readonly outputs: Outputs; readonly left: readonly string[] } {
  const room = new OutputRoom([], cuts);
  const kept = Object.entries(outputs).filter(([name, value]) => room.takes({ [name]: value }));
  const names = new Set(kept.map(([name]) => name));
  return { outputs: Object.fromEntries(kept), left: Object.keys(outputs).filter((name) => !names.has(name)) };
}

/** The outputs of a, b and 3 more are left out: ...; undefined where there are none of that kind. */
export function leftOutNote(whose: string, names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : `${whose}${named(names)} left out: ${outputLimit}`;
}

/** The run's status after so many refusals. */
export function cutRunStatus(status: TaskRunStatus, cuts: number, now: string): TaskRunStatus {
  if (cuts >= mostCuts) return ended(status, now);
  return cuts < bareRowsAfter ? status : compact({ ...status, jobs: status.jobs?.map(bareRow) });
}

function bareRow({
  step,
  node,
  run,
  name,
  uid,
  phase,
  attempt,
  reason,
  startTime,
  completionTime,
  outputs,
}: JobRow): JobRow {
  return compact({ step, node, run, name, uid, phase, attempt, reason, startTime, completionTime, outputs });
}

function ended({ startTime }: TaskRunStatus, now: string): TaskRunStatus {
  const message =
    'the record of this run is larger than the API server takes, so the run ends without it; its Jobs stay as they are; make the Task smaller: fewer or shorter items, steps and scripts';
  const conditions = [
    { type: 'Failed', status: 'True' as const, reason: reasons.tooLarge, message, lastTransitionTime: now },
  ];
  return compact({
    phase: 'Failed' as const,
    reason: reasons.tooLarge,
    message,
    startTime,
    completionTime: now,
    conditions,
  });
}

/** The Task's status after so many refusals: first without what its runs say as well, then with the least. */
export function cutTaskStatus(status: TaskStatus, cuts: number): TaskStatus {
  if (cuts === 0) return status;
  const { outputs: _outputs, steps: _steps, ...rest } = status;
  if (cuts === 1) return rest;
  const { observedGeneration, observedTrigger, phase, message, totals, lastScheduleTime, conditions } = status;
  return compact({
    observedGeneration,
    observedTrigger,
    phase,
    message: message && oneLine(message),
    totals,
    lastScheduleTime,
    conditions,
  });
}
