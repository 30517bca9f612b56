/**
 * Which field of which object which role may change, asked of a real API server with the addon's policies: each field
 * alone, by a patch that is not carried out (dryRun). The answer is a table that people can review; a change of a role,
 * a policy or a schema shows there: `npx vitest run --project api test/api/fields.test.ts -u` writes it again.
 */
import pLimit from 'p-limit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { taskRuns, tasks, taskTemplates } from '../../controller/src/cluster/resource-types.ts';
import { isAboutObject } from '../../controller/src/kube/api-error.ts';
import type { Client } from '../../controller/src/kube/client.ts';
import type { KubeObject, ResourceType, Stored } from '../../controller/src/kube/objects.ts';
import { events, jobs, persistentVolumeClaims, pods } from '../../controller/src/kube/resources.ts';
import { sameJson } from '../../controller/src/domain/lang/same-json.ts';
import type { OwnerReference } from '../../controller/src/resources/index.ts';
import { defaultKubernetes, projectsKubernetes } from '../../sandbox/src/kubernetes-releases.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { fieldsOfKind, patchOf, type Field, valuesOf } from '../support/object-fields.ts';
import { Room } from '../support/room.ts';

let cluster: Cluster;
let room: Room;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 'simulated' });
  room = await Room.open(cluster, 'fields');
});
afterAll(() => cluster?.stop());

const template = { metadata: {}, spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] } };

/** An object of each kind as it is while a run is under way. */
async function objects(): Promise<ReadonlyMap<ResourceType, Stored<KubeObject>>> {
  const { asController, client } = cluster;
  const at = { namespace: room.namespace };
  const task = await client.create(tasks, { metadata: { ...at, name: 'app-mytask' }, spec: { template } });
  const ofTask = ownerOf('task.oam.dev/v1alpha1', 'Task', task);
  const run = await asController.create(taskRuns, {
    metadata: { ...at, name: 'mytask-v1', labels: { 'task.oam.dev/task': 'app-mytask' }, ownerReferences: [ofTask] },
    spec: {
      taskRef: { name: 'app-mytask', uid: task.metadata.uid },
      trigger: { type: 'Revision', value: 'app-v1', generation: 1 },
      snapshot: { hash: 'abc', template },
    },
  } as never);
  const labels = { 'task.oam.dev/task': 'app-mytask', 'task.oam.dev/run': 'mytask-v1', 'task.oam.dev/step': 'a' };
  const metadata = { ...at, labels };
  const job = await asController.create(jobs, {
    metadata: { ...metadata, name: 'mytask-v1', ownerReferences: [ownerOf('task.oam.dev/v1alpha1', 'TaskRun', run)] },
    spec: { template: { metadata: { labels }, spec: { ...template.spec, schedulerName: 'nobody' } } },
  });
  const claim = await asController.create(persistentVolumeClaims, {
    metadata: { ...metadata, name: 'mytask-v1-workspace', ownerReferences: [ofTask] },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  const common = await client.create(taskTemplates, {
    metadata: { ...at, name: 'common' },
    spec: { template },
  });
  const { name, namespace = '', uid } = job.metadata;
  const event = await client.create(events, {
    metadata: { ...at, name: 'mytask-v1.refused' },
    involvedObject: { apiVersion: 'batch/v1', kind: 'Job', name, namespace, uid },
    reason: 'FailedCreate',
    type: 'Warning',
    message: 'Error creating: no',
    source: { component: 'job-controller' },
  });
  const pod = await eventually('the pod is there', async () => (await room.list(pods))[0]);
  return new Map<ResourceType, Stored<KubeObject>>([
    [tasks, task],
    [taskRuns, run],
    [taskTemplates, common],
    [jobs, job],
    [pods, pod],
    [persistentVolumeClaims, claim],
    [events, event],
  ]);
}

function ownerOf(apiVersion: string, kind: string, { metadata: { name, uid } }: Stored<KubeObject>): OwnerReference {
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** A client of an account that has this ClusterRole in the whole cluster. */
async function accountIn(namespace: string, name: string, role: string): Promise<Client> {
  const { kubectl } = cluster;
  await kubectl(['create', 'namespace', namespace]).catch(() => undefined);
  await kubectl(['create', 'serviceaccount', name, '-n', namespace]);
  await kubectl([
    'create',
    'clusterrolebinding',
    name,
    `--clusterrole=${role}`,
    `--serviceaccount=${namespace}:${name}`,
  ]);
  return cluster.asController.as((await kubectl(['create', 'token', name, '-n', namespace])).trim());
}

/**
 * yes, or who says no: the role, a policy of ours, or the API server and its schemas for everybody. kept: it is taken,
 * and the field stays as it is.
 */
type Answer = 'yes' | 'policy' | 'schema' | 'kept' | '';

async function ask(
  client: Client,
  type: ResourceType,
  before: Stored<KubeObject>,
  patch: object,
  isStatus: boolean,
): Promise<Answer> {
  const { name, namespace } = before.metadata;
  const options = { dryRun: true, ...(isStatus && { subresource: 'status' }) };
  try {
    const after = await client.patch(type, { name, namespace }, patch, options);
    return sameJson(contentOf(after, isStatus), contentOf(before, isStatus)) ? 'kept' : 'yes';
  } catch (error) {
    return whoRefused(error);
  }
}

/** @throws what is no answer about the field */
function whoRefused(error: unknown): Answer {
  if (!isAboutObject(error)) throw error;
  if (error.serverMessage.includes('ValidatingAdmissionPolicy')) return 'policy';
  return /cannot (patch|get) resource/.test(error.serverMessage) ? '' : 'schema';
}

/** The part that was written, without what each write changes. */
function contentOf(object: Stored<KubeObject>, isStatus: boolean): unknown {
  const { resourceVersion: _version, generation: _generation, managedFields: _managers, ...metadata } = object.metadata;
  const { status, ...rest } = object as { readonly status?: unknown };
  return isStatus ? status : { ...rest, metadata };
}

const strongest: readonly Answer[] = ['yes', 'policy', 'schema', 'kept', ''];

/** What becomes of the field by itself, with the value among several that gets furthest. */
async function answerFor(
  client: Client,
  type: ResourceType,
  object: Stored<KubeObject>,
  field: Field,
): Promise<Answer> {
  const answers: Answer[] = [];
  for (const value of valuesOf(field, object)) {
    const patch = patchOf(field.path, value, object) as object;
    answers.push(await ask(client, type, object, patch, field.path[0] === 'status'));
    if (answers.at(-1) === 'yes') break;
  }
  return strongest.find((answer) => answers.includes(answer)) ?? '';
}

interface Row {
  readonly path: readonly string[];
  readonly cells: readonly Answer[];
}

/** What is below a field and has the same answers is counted, not listed. */
function table(kind: string, roles: readonly string[], rows: readonly Row[]): string {
  const isBelow = (row: Row, other: Row) =>
    row.path.length > other.path.length && other.path.every((key, index) => row.path[index] === key);
  const same = (row: Row, other: Row) => row.cells.join() === other.cells.join();
  const lines: string[] = [];
  let rest = rows;
  for (let first = rest[0]; first !== undefined; first = rest[0]) {
    const top = first;
    const below = rest.filter((row) => isBelow(row, top));
    const isWhole = below.length > 0 && below.every((row) => same(row, top));
    lines.push(
      `| \`${top.path.join('.')}\`${isWhole ? ` and ${below.length} below` : ''} | ${top.cells.join(' | ')} |`,
    );
    rest = rest.slice(isWhole ? 1 + below.length : 1);
  }
  return [
    `## ${kind}`,
    '',
    `| field | ${roles.join(' | ')} |`,
    `|---|${roles.map(() => '---|').join('')}`,
    ...lines,
    '',
  ].join('\n');
}

// Another release has other fields.
const isOfTable = defaultKubernetes() === projectsKubernetes;
it.runIf(isOfTable)(
  'each role may change the fields that the table says, and no others',
  { timeout: 300_000 },
  async () => {
    const found = await objects();
    const accounts: Readonly<Record<string, Client>> = {
      'task-runs-run': await accountIn(room.namespace, 'runner', 'task-runs-run'),
      'task-runs-edit': await accountIn(room.namespace, 'editor', 'task-runs-edit'),
      view: await accountIn(room.namespace, 'viewer', 'view'),
      edit: await accountIn(room.namespace, 'namespace-editor', 'edit'),
      Kueue: await accountIn('kueue-system', 'kueue-controller-manager', 'cluster-admin'),
      KubeVela: await accountIn('vela-system', 'kubevela-vela-core', 'cluster-admin'),
    };
    await eventually('the roles are aggregated', async () =>
      (await cluster.kubectl(['get', 'clusterrole', 'edit', '-o', 'json'])).includes('taskruns'),
    );
    const atOnce = pLimit(24);
    const tables: string[] = [];
    let asked = 0;
    for (const [type, created] of found) {
      const object = await cluster.client.get(type, created.metadata);
      const fields = await fieldsOfKind(cluster.client, type);
      const rows = await Promise.all(
        fields.map(async (field) => {
          const cells = await Promise.all(
            Object.values(accounts).map((client) => atOnce(() => answerFor(client, type, object, field))),
          );
          asked += cells.length;
          return { path: field.path, cells };
        }),
      );
      tables.push(table(type.kind, Object.keys(accounts), rows));
    }
    const head = `<!-- Written by test/api/fields.test.ts -u: each field changed alone, asked of an API server. -->

# Which field which role may change

\`yes\`: the role may write some other value. \`policy\`: an admission policy of ours refuses each. \`schema\`: the API server refuses each from
everybody, as the field cannot change or by a rule of the CRD. \`kept\`: it takes each, and keeps what there was. Empty: the role has no right to. \`0\` is the first element of a list. Where all
that is below a field has the same answers, it is counted.

Kueue and KubeVela have \`cluster-admin\` here, so that only policies stop them.
`;
    console.log(`${asked} cells`);
    await expect([head, ...tables].join('\n')).toMatchFileSnapshot('fields-by-role.md');
  },
);
