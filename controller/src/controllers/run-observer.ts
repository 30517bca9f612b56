import type { DeletionCause } from '../domain/model/actions.ts';
import type { TaskRunStatus } from '../resources/index.ts';
import type { CachedJob, CachedRun } from '../cluster/projections.ts';

/** Sees what this process does to runs, each once the API server took it; for metrics and traces. Must not throw. */
export interface RunObserver {
  /** The first Job of a scheduled run was created, so many seconds after its time. */
  scheduled(delaySeconds: number): void;
  /** A scheduled run's first Job has started, so many seconds after its time. */
  started(delaySeconds: number): void;
  /** A Job of a run was admitted from its queue, where it had waited for so many seconds this time. */
  admitted(waitedSeconds: number): void;
  /**
   * The run's last status was written. `status` is whole; the cached run keeps less of it. `jobs` are those of the run
   * that are still there.
   */
  finished(run: CachedRun, status: TaskRunStatus, jobs: readonly CachedJob[]): void;
  jobDeleted(cause: DeletionCause): void;
  /** A TaskRun beyond historyLimit was deleted. */
  recordDeleted(): void;
}
