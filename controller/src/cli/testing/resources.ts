/** Tasks and runs with all that the API server fills in, so that each test shows only what matters. */
import type { TaskRunObject, TaskObject } from '../../cluster/resource-types.ts';
import { apiVersion, velaLabels } from '../../resources/index.ts';
import type { StoredRun, StoredTask } from '../find.ts';

/** The tests' current time: 2026-11-22 21:10 UTC. */
export const now = new Date('2026-11-22T21:10:00Z');
const stored = (name: string) => ({
  name,
  namespace: 'prod',
  uid: `uid-${name}`,
  resourceVersion: '1',
  creationTimestamp: '2026-11-22T20:10:00Z',
});

export function aTask({
  name = 'app-worker-mytask',
  spec = {},
  status,
  annotations,
}: {
  name?: string;
  spec?: Partial<TaskObject['spec']>;
  status?: TaskObject['status'];
  annotations?: Record<string, string>;
} = {}): StoredTask {
  return {
    apiVersion,
    kind: 'Task',
    metadata: {
      ...stored(name),
      labels: { [velaLabels.application]: 'app-worker', [velaLabels.component]: 'mytask' },
      ...(annotations && { annotations }),
    },
    spec: { template: {}, ...spec },
    ...(status && { status }),
  };
}

export function aRun({
  name = 'mytask-v3',
  spec = {},
  status,
}: { name?: string; spec?: Partial<TaskRunObject['spec']>; status?: TaskRunObject['status'] } = {}): StoredRun {
  return {
    apiVersion,
    kind: 'TaskRun',
    metadata: stored(name),
    spec: { taskRef: { name: 'app-worker-mytask' }, ...spec },
    ...(status && { status }),
  };
}
