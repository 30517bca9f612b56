import { taskRuns, type TaskObject, type TaskRunObject } from '../../controller/src/cluster/resource-types.ts';
import { listAll } from '../../controller/src/kube/list-all.ts';
import { events, namespaces } from '../../controller/src/kube/resources.ts';
import type { KubeObject, ResourceType, Stored } from '../../controller/src/kube/objects.ts';
import { apiVersion } from '../../controller/src/resources/index.ts';
import { ServedTypes } from '../../sandbox/src/kubevela/served-types.ts';
import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { typeOf, type Manifest } from './manifest.ts';
import { deploy, finishedTask, taskWhere, type Deployment } from './deploy.ts';

type InRoom = Omit<Deployment, 'namespace'>;

/** A namespace of a test's own, and what the test does in it. */
export class Room {
  readonly namespace: string;
  readonly #cluster: Cluster;
  readonly #types: ServedTypes;

  private constructor(cluster: Cluster, namespace: string) {
    this.#cluster = cluster;
    this.#types = new ServedTypes(cluster.client);
    this.namespace = namespace;
  }

  static async open(cluster: Cluster, name: string): Promise<Room> {
    await cluster.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    return new Room(cluster, name);
  }

  deploy(deployment: InRoom): Promise<Stored<TaskObject>> {
    return deploy(this.#cluster.client, { ...deployment, namespace: this.namespace });
  }

  /** Deploys, and waits until what runs has ended. */
  async finish(deployment: InRoom): Promise<Stored<TaskObject>> {
    return this.finished(await this.deploy(deployment));
  }

  finished(task: Stored<TaskObject>): Promise<Stored<TaskObject>> {
    return finishedTask(this.#cluster.client, task);
  }

  /** Deploys, and waits until it runs. */
  async run(deployment: InRoom): Promise<Stored<TaskObject>> {
    return this.where(await this.deploy(deployment), 'runs', ({ phase }) => phase === 'Running');
  }

  /** The Task, once its status speaks of this generation and `holds`. */
  where(
    task: Stored<TaskObject>,
    what: string,
    holds: (status: NonNullable<TaskObject['status']>) => boolean,
  ): Promise<Stored<TaskObject>> {
    return taskWhere(this.#cluster.client, task, what, holds);
  }

  /** Oldest first. */
  async list<T extends KubeObject>(type: ResourceType<T>): Promise<Stored<T>[]> {
    const found = await listAll(this.#cluster.client, type, { namespace: this.namespace });
    return found.sort((a, b) => Date.parse(a.metadata.creationTimestamp) - Date.parse(b.metadata.creationTimestamp));
  }

  /** In the order of the alphabet. */
  async names(type: ResourceType): Promise<string[]> {
    return (await this.list(type)).map(({ metadata }) => metadata.name).sort();
  }

  /** The runs as `name phase`, and the reason if there is one. */
  async runs(): Promise<string[]> {
    return (await this.list(taskRuns))
      .map(({ metadata, status = {} }) => [metadata.name, status.phase, status.reason].filter(Boolean).join(' '))
      .sort();
  }

  /** The events of the Tasks, as `reason: message`. */
  async events(): Promise<string[]> {
    const told = (await this.list(events)).filter(({ involvedObject }) => involvedObject.kind === 'Task');
    return told.map(({ reason, message }) => `${reason}: ${message}`);
  }

  get<T extends KubeObject>(type: ResourceType<T>, name: string): Promise<Stored<T>> {
    return this.#cluster.client.get(type, { namespace: this.namespace, name });
  }

  delete(type: ResourceType, name: string): Promise<unknown> {
    return this.#cluster.client.delete(type, { namespace: this.namespace, name });
  }

  /** A person's TaskRun of the Task app-mytask. */
  ask(name: string, spec: Partial<TaskRunObject['spec']> = {}): Promise<Stored> {
    return this.apply({
      apiVersion,
      kind: 'TaskRun',
      metadata: { name },
      spec: { taskRef: { name: 'app-mytask' }, ...spec },
    });
  }

  /** The run, once its status `holds`. */
  runWhere(
    name: string,
    what: string,
    holds: (status: NonNullable<TaskRunObject['status']>) => boolean,
  ): Promise<Stored<TaskRunObject>> {
    return eventually(`TaskRun ${name} ${what}`, async () => {
      const run = await this.get(taskRuns, name);
      if (!holds(run.status ?? {})) throw new Error(JSON.stringify(run.status));
      return run;
    });
  }

  /** Creates an object in this namespace as cluster admin. */
  async apply(object: Manifest): Promise<Stored> {
    const type = await typeOf(this.#types, object);
    const metadata = { ...object.metadata, namespace: this.namespace };
    return this.#cluster.client.create(type, { ...object, metadata });
  }

  /** Writes a status as the controller, whom nobody else may speak for. */
  record<T extends KubeObject>(type: ResourceType<T>, name: string, status: object | null): Promise<Stored<T>> {
    return this.#cluster.asController.patchStatus(type, { namespace: this.namespace, name }, { status });
  }

  /** Lets the Job of a queued run go, in the name of Kueue. */
  async admit(job: string): Promise<void> {
    const account = 'system:serviceaccount:kueue-system:kueue-controller-manager';
    await this.kubectl(
      'create',
      'rolebinding',
      'kueue',
      '--clusterrole=edit',
      '--serviceaccount=kueue-system:kueue-controller-manager',
    );
    await this.kubectl('patch', 'job', job, '--type=merge', '-p', '{"spec":{"suspend":false}}', `--as=${account}`);
  }

  /** A token of an account that has one of the cluster's roles in this namespace, and is called like it. */
  async tokenOf(role: string): Promise<string> {
    const metadata = { name: role };
    await this.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    await this.apply({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', name: role, namespace: this.namespace }],
    });
    return (await this.kubectl('create', 'token', role)).trim();
  }

  /** Patches a status as cluster admin. Rejects with what the API server says. */
  patchStatus<T extends KubeObject>(
    type: ResourceType<T>,
    name: string,
    status: object | undefined,
  ): Promise<Stored<T>> {
    return this.#cluster.client.patchStatus(type, { namespace: this.namespace, name }, { status });
  }

  kubectl(...args: string[]): Promise<string> {
    return this.#cluster.kubectl([...args, '-n', this.namespace]);
  }
}
