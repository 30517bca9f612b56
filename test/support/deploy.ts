/** What KubeVela does at a deployment, as far as the controller sees it: it creates the Task, or changes its spec. */
import { tasks, type TaskObject } from '../../controller/src/cluster/resource-types.ts';
import { taskName } from '../../controller/src/domain/policies/task-name.ts';
import { isNotFound } from '../../controller/src/kube/api-error.ts';
import type { Client } from '../../controller/src/kube/client.ts';
import type { Stored } from '../../controller/src/kube/objects.ts';
import { velaLabels, type TaskSpec } from '../../controller/src/resources/index.ts';
import { podAnnotations } from '../../sandbox/src/programs/kwok-stages.ts';
import { eventually } from './eventually.ts';
import type { FlowStep } from '../../controller/src/domain/model/flow.ts';

export interface Deployment {
  readonly namespace: string;
  readonly application?: string;
  readonly component?: string;
  /** The 3 of the revision app-v3. */
  readonly revision: number;
  /** What the simulated node does with the pods. */
  readonly pods?: Partial<Record<keyof typeof podAnnotations, string>>;
  readonly command?: string;
  readonly policy?: TaskSpec['executionPolicy'];
  readonly job?: TaskSpec['job'];
  /** Merged into the pod's spec. */
  readonly podSpec?: Readonly<Record<string, unknown>>;
  /** Further fields of the Task's spec. */
  readonly spec?: Partial<TaskSpec>;
  /** A flow in place of one Job. */
  readonly steps?: readonly StepOf[];
}

/** A step of a flow, and what the simulated node does with its pod. */
export interface StepOf extends Omit<FlowStep, 'template'>, Pick<Deployment, 'pods' | 'command' | 'podSpec'> {
  readonly args?: readonly string[];
}

/** The Task that the definition renders for this deployment. */
export function taskOf({
  namespace,
  application = 'app',
  component = 'mytask',
  revision,
  pods,
  command,
  policy,
  job,
  podSpec,
  spec,
  steps,
}: Deployment): TaskObject {
  return {
    apiVersion: 'task.oam.dev/v1alpha1',
    kind: 'Task',
    metadata: {
      name: taskName(application, component),
      namespace,
      labels: { [velaLabels.application]: application, [velaLabels.component]: component },
    },
    spec: {
      trigger: { appRevision: `${application}-v${revision}` },
      ...(policy && { executionPolicy: policy }),
      ...(steps
        ? { steps: steps.map(flowStep) }
        : { job: { backoffLimit: 0, ...job }, template: templateOf(component, { pods, command }, podSpec) }),
      ...spec,
    },
  };
}

function flowStep({ pods, command, podSpec, args, ...step }: StepOf): FlowStep {
  return { job: { backoffLimit: 0 }, ...step, template: templateOf(step.name, { pods, command, args }, podSpec) };
}

type Does = { readonly [K in 'pods' | 'command' | 'args']?: StepOf[K] | undefined };

function templateOf(
  name: string,
  { pods, command = 'true', args }: Does,
  podSpec: object = {},
): Record<string, unknown> {
  const behaviour = Object.entries({ duration: '50ms', ...pods }).map(([key, value]) => [
    podAnnotations[key as keyof typeof podAnnotations],
    value,
  ]);
  return {
    metadata: { annotations: Object.fromEntries(behaviour) as Record<string, string> },
    spec: {
      restartPolicy: 'Never',
      containers: [{ name, image: 'busybox', command: [command], ...(args && { args }) }],
      ...podSpec,
    },
  };
}

/** Creates the Task, or puts the new spec in the place of the old. */
export async function deploy(client: Client, deployment: Deployment): Promise<Stored<TaskObject>> {
  const task = taskOf(deployment);
  const at = { namespace: deployment.namespace, name: task.metadata.name ?? '' };
  try {
    return await client.patch(tasks, at, [{ op: 'add', path: '/spec', value: task.spec }], { type: 'json' });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return client.create(tasks, task);
  }
}

/** The Task, once its status speaks of this generation and `holds`. */
export function taskWhere(
  client: Client,
  task: Stored<TaskObject>,
  what: string,
  holds: (status: NonNullable<TaskObject['status']>) => boolean,
  wait: { seconds?: number; everyMs?: number } = {},
): Promise<Stored<TaskObject>> {
  const { namespace, name, generation = 0 } = task.metadata;
  return eventually(
    `Task ${namespace}/${name} ${what}`,
    async () => {
      const now = await client.get(tasks, { namespace, name });
      if ((now.status?.observedGeneration ?? 0) < generation || !holds(now.status ?? {}))
        throw new Error(JSON.stringify(now.status));
      return now;
    },
    wait,
  );
}

/** The Task, once what it runs has ended. */
export function finishedTask(client: Client, task: Stored<TaskObject>, wait = {}): Promise<Stored<TaskObject>> {
  return taskWhere(
    client,
    task,
    'has finished',
    ({ phase = '', totals }) => ['Succeeded', 'Failed', 'Cancelled'].includes(phase) && totals?.active === 0,
    wait,
  );
}
