/**
 * executionPolicy.healthyWhen: when the Application's component counts as healthy. Succeeded: once the run did.
 * Started: as soon as its pods run, for work that a deployment need not wait for. A Task that no deployment runs is
 * healthy as it is, as a CronJob is, whatever becomes of its runs: a failure tonight does not make a deployment fail.
 */
import type { TaskStatus } from '../../resources/index.ts';
import type { CompletePolicy } from '../model/execution-policy.ts';

export function isHealthy(phase: TaskStatus['phase'], { healthyWhen, trigger }: CompletePolicy): boolean {
  return (
    trigger === 'Manual' ||
    phase === 'Succeeded' ||
    phase === 'Idle' ||
    (healthyWhen === 'Started' && phase === 'Running')
  );
}
