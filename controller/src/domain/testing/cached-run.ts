/**
 * What the controller's cache keeps of a run: see projectRun, which the domain may not know.
 */
import type { TaskRun } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { isFinished } from '../model/phase.ts';

/** Little of a finished one. */
export function cached(run: TaskRun): TaskRun {
  if (!isFinished(run.status?.phase)) return run;
  const { snapshot, overrides: _overrides, templates: _templates, ...spec } = run.spec;
  const { phase, reason, message, startTime, completionTime, duration, outputs, workspace, jobs } = run.status ?? {};
  return {
    metadata: run.metadata,
    spec: compact({
      ...spec,
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
