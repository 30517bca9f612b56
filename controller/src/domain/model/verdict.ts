/**
 * Verdicts: each carries its reason and its words.
 */
import type { RunPhase, TaskRunStatus } from '../../resources/index.ts';

/** What is to be said of a run, or of a step. */
export interface Verdict {
  readonly phase: RunPhase;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly completionTime?: string | undefined;
  readonly outputs?: Readonly<Record<string, unknown>> | undefined;
}

/** Why a run does not start: for now, or, with phase Skipped, for good. */
export interface Hold {
  readonly phase: NonNullable<TaskRunStatus['phase']>;
  readonly reason: string;
  readonly message: string;
}

export type Ended = { readonly reason: string; readonly message: string };
