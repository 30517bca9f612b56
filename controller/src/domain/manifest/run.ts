/**
 * The TaskRun that answers a trigger.
 */
import { apiVersion, type RunTrigger, type Snapshot, type Task } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import type { TaskRunManifest } from '../model/actions.ts';
import { controlledBy } from '../model/objects.ts';
import { deploymentOf } from '../model/trigger.ts';
import { runLabels } from './meta.ts';

/** What a run is created for. */
export interface RunRequest {
  readonly version: Task;
  /** Left out for a record of deployments that nobody saw. */
  readonly snapshot?: Snapshot;
  readonly trigger: RunTrigger;
}

/** The names that a run's manifest carries. */
export interface RunNames {
  readonly name: string;
  /** The Job's name that all runs of the Task share; left out where each run has its own. */
  readonly jobName?: string | undefined;
}

export function runManifest({ version, snapshot, trigger }: RunRequest, { name, jobName }: RunNames): TaskRunManifest {
  const { metadata } = version;
  return {
    apiVersion,
    kind: 'TaskRun',
    metadata: {
      name,
      namespace: metadata.namespace,
      labels: runLabels(version),
      ownerReferences: [controlledBy('Task', metadata)],
    },
    spec: {
      taskRef: { name: metadata.name, uid: metadata.uid },
      trigger,
      ...(jobName !== undefined && { jobName }),
      ...(snapshot && { snapshot }),
    },
  };
}

/** The trigger of a run that a version of the Task asks for: a deployment, or a step of the Application's workflow. */
export function versionTrigger(version: Task): RunTrigger {
  const { step, id } = version.spec.trigger ?? {};
  const fromStep = step !== undefined && id !== undefined;
  return compact({
    type: fromStep ? ('WorkflowStep' as const) : ('Revision' as const),
    ...deploymentOf(version),
    generation: version.metadata.generation ?? 0,
    step: fromStep ? { name: step, id } : undefined,
  });
}
