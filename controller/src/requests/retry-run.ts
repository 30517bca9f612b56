import type { TaskRunObject } from '../cluster/resource-types.ts';
import type { Stored } from '../kube/objects.ts';
import { apiVersion, velaLabels } from '../resources/index.ts';
import { nameOf } from './manual-run.ts';

/** The TaskRun that retries a run which failed or was cancelled. */
export function retryRun({ metadata, spec }: Stored<TaskRunObject>, name?: string): TaskRunObject {
  return {
    apiVersion,
    kind: 'TaskRun',
    metadata: {
      ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
      ...nameOf(metadata.labels?.[velaLabels.component] ?? spec.taskRef.name, name),
    },
    spec: { taskRef: { name: spec.taskRef.name }, retryOf: metadata.name },
  };
}
