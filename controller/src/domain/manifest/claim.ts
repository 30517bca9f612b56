/**
 * The PersistentVolumeClaim of a run's workspace.
 */
import { labels, type Task } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { labelValue } from '../lang/names.ts';
import type { ClaimManifest } from '../model/actions.ts';
import { controlledBy } from '../model/objects.ts';
import type { RunView } from '../model/view.ts';
import { claimOf, defaults, workspaceOf } from '../shape/workspace.ts';
import { runLabels } from './meta.ts';

export function claimManifest({ record: run, name }: RunView, task: Task): ClaimManifest {
  const { size = '', storageClassName, accessModes } = { ...defaults, ...workspaceOf(run.spec) };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: claimOf(run) ?? name,
      namespace: run.metadata.namespace,
      labels: { ...runLabels(task), [labels.run]: labelValue(name) },
      ownerReferences: [controlledBy('Task', task.metadata)],
    },
    spec: compact({ accessModes, storageClassName, resources: { requests: { storage: size } } }),
  };
}
