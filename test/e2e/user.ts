/** What a user does and sees: Applications, their status, kubectl. Every test has a namespace of its own. */
import { randomBytes } from 'node:crypto';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Job } from 'kubernetes-types/batch/v1.js';
import { inject } from 'vitest';
import type { RunDetail } from '../../controller/src/api/schemas.ts';
import {
  applications,
  taskRuns,
  tasks,
  type TaskObject,
  type TaskRunObject,
} from '../../controller/src/cluster/resource-types.ts';
import { taskName } from '../../controller/src/domain/policies/task-name.ts';
import { isNotFound } from '../../controller/src/kube/api-error.ts';
import { createClient } from '../../controller/src/kube/client.ts';
import type { KubeObject, ResourceType, Stored } from '../../controller/src/kube/objects.ts';
import { jobs, namespaces } from '../../controller/src/kube/resources.ts';
import { podAnnotations } from '../../sandbox/src/programs/kwok-stages.ts';
import type { ApplicationSpec, ApplicationStatus, ServiceStatus } from '../../sandbox/src/kubevela/application.ts';
import { eventually } from '../support/eventually.ts';
import type { Ask } from '../support/rest.ts';
import { kubectlOf } from '../../scripts/kubectl.ts';

export const place = inject('place');
export const client = createClient({ kubeconfigPath: place.kubeconfig, userAgent: 'e2e' });
export const kubectl = kubectlOf(place.kubectl, place.kubeconfig);
const run = promisify(execFile);

let own: readonly string[] = [];

export interface ApplicationObject extends KubeObject {
  spec: ApplicationSpec;
  status?: ApplicationStatus;
}
type Properties = Record<string, unknown>;

/** A pod that prints and ends. The annotations say the same to simulated nodes. */
export const prints = (text: string, seconds = 0): Properties => ({
  image: 'busybox:1.36',
  cmd: ['sh', '-c', `echo ${text}; sleep ${seconds}`],
  annotations: { [podAnnotations.duration]: seconds === 0 ? '100ms' : `${seconds}s` },
  // The first process of a container ignores SIGTERM by default.
  podSpec: { terminationGracePeriodSeconds: 1 },
});

/** A pod that fails, without a second try. */
export const exits = (code: number): Properties => ({
  image: 'busybox:1.36',
  cmd: ['sh', '-c', `exit ${code}`],
  backoffLimit: 0,
  annotations: { [podAnnotations.duration]: '100ms', [podAnnotations.exitCode]: String(code) },
});

/** A namespace of its own for a test; it is deleted with what is in it when the file's tests are done. */
export async function aNamespace(topic: string): Promise<string> {
  const name = `${topic}-${randomBytes(3).toString('hex')}`;
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  own = [...own, name];
  // Pods are refused until it is there.
  await eventually(`the service account of ${name}`, () => kubectl(['get', 'serviceaccount', 'default', '-n', name]));
  return name;
}

/** Deletes the namespaces that were made since the last time, with what is in them. */
export async function removeNamespaces(): Promise<void> {
  const all = own;
  own = [];
  await Promise.all(all.map(removeNamespace));
}

/** Applications first: KubeVela needs the namespace to tidy up. */
async function removeNamespace(name: string): Promise<void> {
  await kubectl(['delete', 'applications.core.oam.dev', '--all', '-n', name, '--wait=false']);
  await eventually(`no Applications in ${name}`, async () => (await all(applications, name)).length === 0);
  await client.delete(namespaces, { name });
}

/** All objects of a kind in a namespace. */
export async function all<T extends KubeObject>(
  type: ResourceType<T>,
  namespace: string,
  labelSelector?: string,
): Promise<Stored<T>[]> {
  const found: Stored<T>[] = [];
  for await (const { items } of client.list(type, { namespace, labelSelector })) found.push(...items);
  return found;
}

/** As a user applies it: `kubectl apply`, `vela up`. */
export async function apply(
  namespace: string,
  name: string,
  spec: ApplicationSpec,
  annotations: Record<string, string> = {},
): Promise<void> {
  const application = {
    apiVersion: 'core.oam.dev/v1beta1',
    kind: 'Application',
    metadata: { name, namespace, annotations },
    spec,
  };
  await client.patch(applications, { namespace, name }, application, {
    type: 'apply',
    fieldManager: 'e2e',
    force: true,
  });
}

/** One Application with one component, of type task unless said otherwise. */
export class App {
  readonly namespace: string;
  readonly name: string;
  readonly component: string;

  constructor(namespace: string, name = 'app-worker', component = 'mytask') {
    this.namespace = namespace;
    this.name = name;
    this.component = component;
  }

  deploy(
    properties: Properties,
    {
      annotations = {},
      traits,
      type = 'task',
    }: { annotations?: Record<string, string>; traits?: { type: string; properties: object }[]; type?: string } = {},
  ): Promise<void> {
    const component = { name: this.component, type, properties, ...(traits && { traits }) };
    return apply(this.namespace, this.name, { components: [component] } as ApplicationSpec, annotations);
  }

  async status(): Promise<ApplicationStatus> {
    return ((await client.get(applications, this)) as ApplicationObject).status ?? {};
  }

  /** What the Application's status says of the component, once it says something like this. */
  says(what: RegExp, wait: { seconds?: number; everyMs?: number } = {}): Promise<ServiceStatus> {
    return eventually(
      `${this.namespace}/${this.name} says ${what}`,
      async () => {
        const status = await this.status();
        const service = status.services?.find(
          ({ name, message = '' }) => name === this.component && what.test(message),
        );
        if (service === undefined)
          throw new Error(JSON.stringify([status.status, status.services, status.workflow?.steps]));
        return service;
      },
      wait,
    );
  }

  /** What the workflow's step for the component says, once it says something like this. */
  step(what: RegExp): Promise<string> {
    return eventually(`a step of ${this.namespace}/${this.name} says ${what}`, async () => {
      const messages = (await this.status()).workflow?.steps?.map(({ message = '' }) => message) ?? [];
      const message = messages.find((one) => what.test(one));
      if (message === undefined) throw new Error(JSON.stringify(messages));
      return message;
    });
  }

  task(): Promise<Stored<TaskObject>> {
    return client.get(tasks, { namespace: this.namespace, name: taskName(this.name, this.component) });
  }

  /** Oldest first. */
  async runs(): Promise<Stored<TaskRunObject>[]> {
    const found = (await all(taskRuns, this.namespace)).filter(
      ({ spec }) => spec.taskRef?.name === taskName(this.name, this.component),
    );
    return found.sort((a, b) => (a.spec.trigger?.generation ?? 0) - (b.spec.trigger?.generation ?? 0));
  }

  async runNames(): Promise<string[]> {
    return (await this.runs()).map(({ metadata }) => metadata.name);
  }

  /** The run of that number, from 1, once it has succeeded. */
  succeeded(nth: number, seconds = 60): Promise<Stored<TaskRunObject>> {
    return eventually(
      `run ${nth} of ${this.namespace}/${this.name} succeeds`,
      async () => {
        const runs = await this.runs();
        const found = runs[nth - 1];
        if (found?.status?.phase !== 'Succeeded')
          throw new Error(JSON.stringify(runs.map(({ metadata, status }) => [metadata.name, status])));
        return found;
      },
      { seconds },
    );
  }

  jobs(): Promise<Stored<Job>[]> {
    return all(jobs, this.namespace);
  }

  delete(): Promise<unknown> {
    return client.delete(applications, this);
  }
}

/** What all pods of a run printed. */
export function output(namespace: string, runName: string): Promise<string> {
  return kubectl(['logs', '-n', namespace, '-l', `task.oam.dev/run=${runName}`, '--tail=-1']);
}

/** Runs KubeVela's command line. */
export async function vela(...args: string[]): Promise<string> {
  const { stdout } = await run(place.vela ?? 'vela', args, { env: { ...process.env, KUBECONFIG: place.kubeconfig } });
  return stdout;
}

/** Whether an object is gone. */
export async function isGone(type: ResourceType, namespace: string, name: string): Promise<boolean> {
  return client.get(type, { namespace, name }).then(
    () => false,
    (error: unknown) => {
      if (isNotFound(error)) return true;
      throw error;
    },
  );
}

/** A token of somebody who may do all in a namespace. */
export async function tokenOfAdmin(namespace: string): Promise<string> {
  await kubectl(['create', 'serviceaccount', 'person', '-n', namespace]);
  const person = `--serviceaccount=${namespace}:person`;
  await kubectl(['create', 'rolebinding', 'person', '--clusterrole=admin', person, '-n', namespace]);
  return (await kubectl(['create', 'token', 'person', '-n', namespace])).trim();
}

/** @param run its path in the REST API */
export function isArchived(ask: Ask, run: string): Promise<boolean> {
  return eventually(`the log of ${run} is archived`, async () => {
    const { logs } = (await ask(run)).json as RunDetail;
    if (!logs.some(({ archived }) => archived)) throw new Error(JSON.stringify(logs));
    return true;
  });
}
