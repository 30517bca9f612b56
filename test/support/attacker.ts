/**
 * Somebody with a role in a namespace, who does to an object what one request can do: changes any field, deletes,
 * copies or evicts it, writes its status, claims things about it in an event.
 */
import { ApiError } from '../../controller/src/kube/api-error.ts';
import type { Client } from '../../controller/src/kube/client.ts';
import { apiVersionOf, type KubeObject, type ResourceType, type Stored } from '../../controller/src/kube/objects.ts';
import { events } from '../../controller/src/kube/resources.ts';
import { fieldsOfKind, patchOf, valuesOf } from './object-fields.ts';
import { pick, type Random } from './random.ts';

/** The kind of an object, and the object as the attacker has read it. */
export interface Target {
  readonly type: ResourceType;
  readonly object: Stored<KubeObject>;
}

/** What was done, for whoever reads a failure, and whether the API server took it. */
export interface Deed {
  readonly what: string;
  readonly isAccepted: boolean;
}

export interface AttackerOptions {
  /** Such as its role. */
  readonly name: string;
  readonly client: Client;
  /** Who may read schemas. */
  readonly reader: Client;
  readonly random: Random;
}

type Blow = readonly [what: string, request: () => Promise<unknown>];

export class Attacker {
  readonly #options: AttackerOptions;
  #events = 0;

  constructor(options: AttackerOptions) {
    this.#options = options;
  }

  /**
   * @param newName what a copy may be called
   * @throws ApiError when there was no answer
   */
  async strike(target: Target, newName: string): Promise<Deed> {
    const { name, random } = this.#options;
    const choices = [
      ...Array.from({ length: 6 }, () => () => this.#change(target)),
      ...Array.from({ length: 4 }, () => () => this.#knownChange(target)),
      () => this.#delete(target),
      () => this.#copy(target, newName),
      () => this.#status(target),
      () => this.#subresource(target),
      () => this.#event(target),
    ];
    const [what, request] = await pick(random, choices)();
    const isAccepted = await request().then(() => true, wasRefused);
    const { type, object } = target;
    return { what: `${name}: ${type.kind} ${object.metadata.name}: ${what}`, isAccepted };
  }

  /** Any field that the kind has, with a value that fits its schema, or none. */
  async #change({ type, object }: Target): Promise<Blow> {
    const { client, reader, random } = this.#options;
    const fields = (await fieldsOfKind(reader, type)).filter(({ path }) => path[0] !== 'status');
    const isPresent = (path: readonly string[]) => valueAt(object, path) !== undefined;
    // Fields that are there are changed as often as the many that are not.
    const present = fields.filter(({ path }) => isPresent(path));
    const field = pick(random, random() < 0.5 && present.length > 0 ? present : fields);
    const value = pick(random, valuesOf(field, object));
    const patch = patchOf(field.path, value, object);
    return [`${field.path.join('.')} = ${json(value)}`, () => client.patch(type, refOf(object), patch)];
  }

  /** What is likely to do harm. */
  #knownChange({ type, object }: Target): Blow {
    const { client, random } = this.#options;
    const changes = [...metadataChanges(object), ...(specChanges[type.plural] ?? [])];
    const change = pick(random, changes);
    return [json(change), () => client.patch(type, refOf(object), change)];
  }

  #delete({ type, object }: Target): Blow {
    const { client, random } = this.#options;
    const propagationPolicy = pick(random, ['Background', 'Foreground', 'Orphan'] as const);
    return [`deleted (${propagationPolicy})`, () => client.delete(type, refOf(object), { propagationPolicy })];
  }

  /** With or without what says to whom it belongs. */
  #copy({ type, object }: Target, name: string): Blow {
    const { client, random } = this.#options;
    const { namespace, labels, annotations, ownerReferences } = object.metadata;
    const isNamesake = random() < 0.5;
    const metadata = {
      namespace,
      name,
      annotations,
      ...(!isNamesake && { labels, ownerReferences }),
    };
    const copy = { metadata, spec: specToCopy(object) };
    return [
      `copied to ${name}${isNamesake ? ' without labels and owners' : ''}`,
      () => client.create(type, copy as never),
    ];
  }

  #status({ type, object }: Target): Blow {
    const { client, random } = this.#options;
    const status = pick(random, [
      null,
      { phase: 'Succeeded' },
      { phase: 'Failed', reason: 'Forged', message: 'forged' },
      { active: 0, succeeded: 1, conditions: [{ type: 'Complete', status: 'True' }] },
      { observedGeneration: 99, observedTrigger: { generation: 99 } },
    ]);
    return [`status = ${json(status)}`, () => client.patchStatus(type, refOf(object), { status })];
  }

  #subresource({ type, object }: Target): Blow {
    const { client, random } = this.#options;
    const subresource = pick(random, ['scale', 'ephemeralcontainers', 'resize', 'eviction', 'finalizers', 'approval']);
    const containers = [{ name: 'debugger', image: 'busybox' }];
    const patch = { spec: { replicas: 0, ephemeralContainers: containers, finalizers: [] } };
    return [`/${subresource}`, () => client.patch(type, refOf(object), patch, { subresource })];
  }

  #event({ type, object }: Target): Blow {
    const { client, random, name } = this.#options;
    const { namespace = '', uid } = object.metadata;
    const reason = pick(random, ['FailedCreate', 'FailedScheduling', 'Failed', 'BackOff', 'ExceededGracePeriod']);
    const forged = {
      metadata: { name: `forged-${name}-${(this.#events += 1)}`, namespace },
      involvedObject: {
        apiVersion: apiVersionOf(type),
        kind: type.kind,
        namespace,
        name: object.metadata.name,
        uid,
      },
      reason,
      type: pick(random, ['Warning', 'Normal']),
      message: pick(random, ['forged', 'x'.repeat(1_000), 'Error creating: \u202egpj.exe']),
      source: { component: pick(random, ['job-controller', 'kubelet', 'default-scheduler']) },
    };
    return [`event ${reason}`, () => client.create(events, forged)];
  }
}

/** @throws what is no answer */
function wasRefused(error: unknown): false {
  if (!(error instanceof ApiError) || error.status === 0) throw error;
  return false;
}

const json = (value: unknown): string => (JSON.stringify(value) ?? 'none').slice(0, 160);
const refOf = ({ metadata: { namespace, name } }: Stored<KubeObject>) => ({ namespace, name });
const valueAt = (object: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>> | undefined | null)?.[key], object);

/** Without what the API server itself writes into Jobs and pods. */
function specToCopy(object: Stored<KubeObject>): unknown {
  const { spec } = object as { readonly spec?: Readonly<Record<string, unknown>> };
  const { selector: _selector, nodeName: _node, volumeName: _volume, ...rest } = spec ?? {};
  const { template } = rest as { readonly template?: { readonly metadata?: object; readonly spec?: object } };
  return object.kind === 'Job' || template?.metadata === undefined
    ? { ...rest, ...(template && { template: { spec: template.spec } }) }
    : rest;
}

const uidOfNobody = '00000000-0000-0000-0000-000000000009';
const owners = (uid: string, name: string): readonly object[] => [
  { apiVersion: 'task.oam.dev.evil/v1', kind: 'Task', name, uid, controller: true },
  { apiVersion: 'task.oam.dev/v1alpha1', kind: 'TaskRun', name, uid: uidOfNobody, controller: true },
  { apiVersion: 'v1', kind: 'ConfigMap', name, uid, controller: true },
  { apiVersion: 'task.oam.dev/v1alpha1', kind: 'Task', name, uid },
];
const ourLabels = ['task', 'run', 'step', 'attempt'].map((name) => `task.oam.dev/${name}`);
const othersLabels = [
  'app.oam.dev/name',
  'app.oam.dev/namespace',
  'app.oam.dev/component',
  'kueue.x-k8s.io/queue-name',
];

/** What somebody may want in the metadata of an object of ours. */
function metadataChanges({ metadata }: Stored<KubeObject>): readonly object[] {
  return [
    { ownerReferences: null },
    ...owners(metadata.uid, metadata.name).flatMap((owner) => [
      { ownerReferences: [owner] },
      { ownerReferences: [...(metadata.ownerReferences ?? []), owner] },
    ]),
    { labels: null },
    ...ourLabels.flatMap((label) => [{ labels: { [label]: 'other' } }, { labels: { [label]: null } }]),
    ...othersLabels.map((label) => ({ labels: { [label]: 'victim' } })),
    { annotations: { note: 'x'.repeat(100_000), 'batch.kubernetes.io/cronjob-scheduled-timestamp': 'never' } },
    { annotations: { 'app.oam.dev/shared-by': 'vela-system/addon-task-runs', 'task.oam.dev/restored': 'true' } },
    { finalizers: ['example.org/stays'] },
    { finalizers: null },
  ].map((change) => ({ metadata: change }));
}

const inSpec = (changes: readonly object[]): readonly object[] => changes.map((spec) => ({ spec }));
const specChanges: Readonly<Record<string, readonly object[]>> = {
  taskruns: inSpec([
    { cancel: true },
    { cancelReason: 'cluster-admin: because' },
    { retryOf: 'ask-1' },
    { resume: true },
    { overrides: { args: ['--other'] } },
    { trigger: { type: 'Schedule', scheduledTime: '2026-03-20T12:00:00Z' } },
    { trigger: { type: 'Manual', value: 'cluster-admin' } },
    { snapshot: null },
    { templates: {} },
    { jobName: 'other' },
    { taskRef: { name: 'other' } },
  ]),
  jobs: inSpec([
    { suspend: true },
    { parallelism: 0 },
    { activeDeadlineSeconds: 1 },
    { ttlSecondsAfterFinished: 0 },
    { backoffLimit: 9 },
  ]),
  pods: inSpec([{ activeDeadlineSeconds: 1_000 }, { containers: [{ name: 'plain', image: 'other' }] }]),
  events: [{ message: 'forged' }, { involvedObject: { kind: 'Job' } }, { reason: 'FailedCreate', type: 'Warning' }],
};
