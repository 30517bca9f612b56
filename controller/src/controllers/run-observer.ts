import type { DeletionCause } from '../domain/model/actions.ts';
import type { TaskRunStatus } from '../resources/index.ts';
import type { CachedJob, CachedRun } from '../cluster/projections.ts';

/**
 * Is called with what this process does to runs, after the API server accepted it; for metrics and traces. Must not
 * throw.
 */
export interface RunObserver {
  /** The first Job of a scheduled run was created, this many seconds after its time. */
  scheduled(delaySeconds: number): void;
  /** A scheduled run's first Job has started, this many seconds after its time. */
  started(delaySeconds: number): void;
  /** A Job of a run was admitted from its queue, after this many seconds of waiting. */
  admitted(waitedSeconds: number): void;
  /**
   * The run's last status was written. `status` is complete; the cached run has less. `jobs` are the run's Jobs that
   * still exist.
   */
  finished(run: CachedRun, status: TaskRunStatus, jobs: readonly CachedJob[]): void;
  jobDeleted(cause: DeletionCause): void;
  /** A TaskRun beyond historyLimit was deleted. */
  recordDeleted(): void;
}
