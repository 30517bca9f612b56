/**
 * executionPolicy.healthyWhen: when the Application's component counts as healthy. Succeeded: once the run did. Started: as
 * soon as its pods run, for work that a deployment need not wait for. A Task that has nothing to run is healthy.
 */
import type { TaskStatus } from '../../resources/index.ts';
import type { CompletePolicy } from '../execution-policy.ts';

export function isHealthy(phase: TaskStatus['phase'], { healthyWhen }: CompletePolicy): boolean {
  return phase === 'Succeeded' || phase === 'Idle' || (healthyWhen === 'Started' && phase === 'Running');
}
