import type { DeletionCause } from '../domain/actions.ts';
import type { TaskRunStatus } from '../resources/index.ts';
import type { CachedRun } from './projections.ts';

/** Sees what this process does to runs, each once the API server took it; for metrics and traces. Must not throw. */
export interface RunObserver {
  /** The first Job of a scheduled run was created, so many seconds after its time. */
  scheduled(delaySeconds: number): void;
  /** The run's last status was written. `status` is whole, with its Jobs; the cached run keeps less of it. */
  finished(run: CachedRun, status: TaskRunStatus): void;
  jobDeleted(cause: DeletionCause): void;
  /** A TaskRun beyond historyLimit was deleted. */
  recordDeleted(): void;
}
