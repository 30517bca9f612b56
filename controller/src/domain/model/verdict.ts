/**
 * Verdicts: each carries its reason and its words.
 */
import type { RunPhase, TaskRunStatus } from '../../resources/index.ts';

/** What the status should say about a run, or about a step. */
export interface Verdict {
  readonly phase: RunPhase;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly completionTime?: string | undefined;
  readonly outputs?: Readonly<Record<string, unknown>> | undefined;
}

/** Why a run does not start: for now, or, with phase Skipped, at all. */
export interface Hold {
  readonly phase: NonNullable<TaskRunStatus['phase']>;
  readonly reason: string;
  readonly message: string;
}

export type Ended = { readonly reason: string; readonly message: string };
