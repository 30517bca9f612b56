/**
 * What of a run is kept in memory, where decisions are made.
 */
import type { TaskRun } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { isFinished } from './phase.ts';

/**
 * A finished run needs only the hash of its snapshot and templates. The Jobs of a cancelled run are needed until their
 * pods are gone, and the steps of a flow are shown.
 */
export function remembered<R extends TaskRun>({ metadata, spec, status }: R): TaskRun & Pick<R, 'metadata'> {
  if (!isFinished(status?.phase)) return compact({ metadata, spec, status });
  const { phase, reason, message, startTime, completionTime, duration, outputs, workspace, jobs } = status ?? {};
  const { snapshot, overrides: _overrides, templates: _templates, ...rest } = spec;
  return {
    metadata,
    spec: compact({
      ...rest,
      snapshot: snapshot && compact({ template: {}, generation: snapshot.generation, hash: snapshot.hash }),
    }),
    status: compact({
      phase,
      reason,
      message,
      startTime,
      completionTime,
      duration,
      outputs,
      workspace,
      jobs: phase === 'Cancelled' || jobs?.[0]?.step !== undefined ? jobs : undefined,
    }),
  };
}
