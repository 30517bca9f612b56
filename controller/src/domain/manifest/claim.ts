/**
 * The PersistentVolumeClaim of a run's workspace.
 */
import { labels } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { labelValue } from '../lang/names.ts';
import type { ClaimManifest } from '../model/actions.ts';
import { controlledBy } from '../model/objects.ts';
import type { TaskState } from '../model/state.ts';
import type { RunView } from '../model/view.ts';
import { defaults, newClaimName, workspaceOf } from '../shape/workspace.ts';
import { runLabels } from './meta.ts';

export function claimManifest({ record: run, name }: RunView, state: TaskState): ClaimManifest {
  const { size = '', storageClassName, accessModes } = { ...defaults, ...workspaceOf(run.spec) };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: newClaimName(run, state),
      namespace: run.metadata.namespace,
      labels: { ...runLabels(state.task), [labels.run]: labelValue(name) },
      ownerReferences: [controlledBy('Task', state.task.metadata)],
    },
    spec: compact({ accessModes, storageClassName, resources: { requests: { storage: size } } }),
  };
}
