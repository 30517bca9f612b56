/** What docs/reference/reasons.md says about a reason. */
import type { RunPhase } from '../../resources/index.ts';

export interface ReasonMeaning {
  /** Whose word it is: ours, or of the program whose reason is handed on. */
  readonly source: 'task-runs' | 'Kubernetes' | 'Kueue';
  /** Where it stands: a run's phase, or a step's, or another field of a status. */
  readonly with: readonly (RunPhase | 'Ready' | 'Stalled' | 'exitReason')[];
  readonly meaning: string;
  /** What to do about it; empty where nothing is wrong. */
  readonly remedy: string;
}
