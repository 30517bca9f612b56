/**
 * Who may do what, asked of a real API server: that the controller's ClusterRole gives no right that it does not use,
 * and that the table of docs/operations/security.md is what roles amount to.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { taskRuns } from '../../controller/src/cluster/resource-types.ts';
import { isFinished } from '../../controller/src/domain/model/phase.ts';
import { resourceType, type KubeObject } from '../../controller/src/kube/objects.ts';
import { jobs, persistentVolumeClaims } from '../../controller/src/kube/resources.ts';
import { installApplications } from '../support/applications.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { startController, type ControllerProcess } from '../support/controller-process.ts';
import { eventually } from '../support/eventually.ts';
import { installKueueKinds } from '../support/kueue/api.ts';
import { restOf } from '../support/rest.ts';
import { Room } from '../support/room.ts';

const accessReviews = resourceType<KubeObject & { spec: object; status?: { allowed?: boolean } }>({
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'subjectaccessreviews',
  kind: 'SubjectAccessReview',
  namespaced: false,
});
const guide = fileURLToPath(new URL('../../docs/operations/security.md', import.meta.url));
const account = 'system:serviceaccount:vela-system:task-runs';

const onlyWithoutStream =
  'only where the API server does not stream the first list, or after a watch that may have missed something';
/** Rights of the controller that the stories below need not use, and why it has them all the same. */
const unseen: Readonly<Record<string, string>> = {
  'update tasks.task.oam.dev/finalizers':
    'asked by OwnerReferencesPermissionEnforcement where that is on, never called',
  'update taskruns.task.oam.dev/finalizers':
    'asked by OwnerReferencesPermissionEnforcement where that is on, never called',
  'patch events': 'only where an event repeats: it is counted instead of being written again',
  'get persistentvolumeclaims':
    'only where a claim has the name already: after the controller died between two calls, or one of somebody else',
  'list workloads.kueue.x-k8s.io': onlyWithoutStream,
  'list localqueues.kueue.x-k8s.io': onlyWithoutStream,
  'list workloadpriorityclasses.kueue.x-k8s.io': onlyWithoutStream,
};

let cluster: Cluster;
let controller: ControllerProcess;
/** What the controller that led first has used. */
let usedBefore: ReadonlySet<string>;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 'simulated' });
  await installKueueKinds(cluster.kubectl);
  await installApplications(cluster);
  // The one that takes over lists all kinds again.
  const first = await startController(cluster.controllerKubeconfig, ['--leader-elect']);
  const options = ['--leader-elect', '--api-address=127.0.0.1:0', `--archive=${join(cluster.directory, 'runs.db')}`];
  controller = await startController(cluster.controllerKubeconfig, options, 'started');
  await eventually(
    'the one that stands by has all objects',
    async () => (await fetch(`http://127.0.0.1:${controller.port}/readyz`)).ok,
  );
  usedBefore = await usedBy(first);
  await first.stop();
  await eventually('it leads', () => controller.lines.some(({ msg }) => msg === 'leading'));
});

afterAll(async () => {
  await controller?.stop();
  await cluster?.stop();
});

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly verbs: readonly string[];
}

/** A right as `verb resource.group/subresource`. */
function rightsOf(rules: readonly Rule[]): string[] {
  return rules.flatMap(({ apiGroups = [], resources = [], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => {
        const [plural, subresource] = resource.split('/');
        const name = `${plural}${group && `.${group}`}${subresource ? `/${subresource}` : ''}`;
        return verbs.map((verb) => `${verb} ${name}`);
      }),
    ),
  );
}

async function given(): Promise<string[]> {
  const read = async (...what: string[]) =>
    (JSON.parse(await cluster.kubectl(['get', ...what, '-o', 'json'])) as { rules: Rule[] }).rules;
  const rules = [
    await read('clusterrole', 'task-runs'),
    await read('clusterrole', 'task-runs-nodes'),
    await read('clusterrole', 'system:auth-delegator'),
    await read('role', 'task-runs-leader', '-n', 'vela-system'),
  ];
  return rightsOf(rules.flat());
}

/** By the controller's own count of its calls, those included that were refused. */
async function usedBy({ port }: ControllerProcess): Promise<ReadonlySet<string>> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const samples = text.matchAll(
    /^task_runs_api_requests_total\{verb="(\w+)",resource="([^"]*)",subresource="(\w*)",code="\d+"\} \d+$/gm,
  );
  return new Set(
    [...samples].map(([, verb, resource, subresource]) => `${verb} ${resource}${subresource && `/${subresource}`}`),
  );
}

describe('the controller', () => {
  it('has no right that it does not use', { timeout: 240_000 }, async () => {
    const room = await Room.open(cluster, 'rights');
    const { namespace } = room;
    await room.apply({
      apiVersion: 'core.oam.dev/v1beta1',
      kind: 'Application',
      metadata: { name: 'app' },
      spec: { components: [] },
      status: {
        appliedResources: [{ apiVersion: 'task.oam.dev/v1alpha1', kind: 'Task', namespace, name: 'app-mytask' }],
        workflow: { steps: [{ id: 'one', name: 'one', phase: 'running' }] },
      },
    });
    // A deployment, whose Job is pruned, and whose Application is told.
    const policy = { keepLast: 0, historyLimit: 1, healthyWhen: 'Started' } as const;
    const spec = { outputs: [{ name: 'version' }] };
    await room.finish({ revision: 1, policy, spec });
    // People's runs: one of a workflow step, one whose Job somebody deletes.
    await room.ask('step', { trigger: { type: 'WorkflowStep', step: { name: 'one', id: 'one' } } });
    await room.runWhere('step', 'ends', ({ phase }) => isFinished(phase));
    await room.deploy({ revision: 2, policy, pods: { duration: '1h' } });
    await room.runWhere('mytask-v2', 'runs', ({ phase }) => phase === 'Running');
    await room.delete(jobs, 'mytask-v2');
    await room.runWhere('mytask-v2', 'ends', ({ reason }) => reason === 'JobDeleted');
    // Runs without a Job, which the archive reads at once.
    for (const name of ['one', 'two', 'three']) await room.ask(name, { cancel: true });
    await eventually('a record is pruned', async () => expect(await room.names(taskRuns)).not.toContain('one'));
    // A Job on each node, a workspace, a template, a queue.
    await room.finish({ revision: 1, component: 'nodes', spec: { nodes: {} } });
    await room.deploy({
      revision: 1,
      component: 'flow',
      steps: [{ name: 'a' }],
      spec: { globals: { workspace: { size: '1Mi', storageClassName: 'none' } } },
    });
    await eventually('the workspace is there', () => room.get(persistentVolumeClaims, 'flow-v1-workspace'));
    await cluster.client.patch(taskRuns, { namespace, name: 'flow-v1' }, { spec: { cancel: true } });
    await room.deploy({ revision: 1, component: 'queued', spec: { queue: { name: 'q' } } });
    // Somebody has the name of a Job.
    await room.kubectl('create', 'job', 'named-v1', '--image=busybox');
    await room.finish({ revision: 1, component: 'named' });
    // Somebody reads the archive, in a namespace of theirs.
    const rest = restOf(controller.apiPort ?? 0, await room.tokenOf('view'));
    expect((await rest(`/namespaces/${namespace}/runs`)).status).toBe(200);

    await eventually('nothing is left over but what has a reason', async () => {
      const seen = new Set([...usedBefore, ...(await usedBy(controller))]);
      const rest = (await given()).filter((right) => !seen.has(right) && !(right in unseen));
      return expect(rest.join(' and ')).toBe('');
    });
    expect(await given()).toEqual(expect.arrayContaining(Object.keys(unseen)));
  });
});

const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
/** Objects with which somebody can act as somebody else. */
const masks = 'serviceaccounts';

/** Who the columns of the table are, by what stands in their head. */
const people: Readonly<Record<string, { readonly user: string; readonly groups?: readonly string[] }>> = {
  nobody: { user: 'system:anonymous', groups: ['system:unauthenticated'] },
  '`task-runs-view`': { user: 'task-runs-view' },
  '`task-runs-run`': { user: 'task-runs-run' },
  '`task-runs-edit`': { user: 'task-runs-edit' },
  '`view`': { user: 'view' },
  '`edit`': { user: 'edit' },
  'the controller': { user: account },
  KubeVela: { user: 'cluster-admin' },
};

/** `read` stands for get, list and watch, and `all` for each verb of Kubernetes that changes or reads objects. */
function words(allowed: readonly string[]): string {
  const has = (...all: string[]) => all.every((verb) => allowed.includes(verb));
  if (has(...verbs)) return ['all', ...allowed.slice(verbs.length)].join(', ');
  const read = has('get', 'list', 'watch');
  const rest = allowed.filter((verb) => !read || !['get', 'list', 'watch'].includes(verb));
  return [...(read ? ['read'] : []), ...rest].join(', ');
}

describe('the table of roles in docs/operations/security.md', () => {
  it('says what the API server says', { timeout: 120_000 }, async () => {
    const room = await Room.open(cluster, 'roles');
    const roles = ['task-runs-view', 'task-runs-run', 'task-runs-edit', 'view', 'edit', 'cluster-admin'];
    for (const role of roles)
      await room.kubectl('create', 'rolebinding', role, `--clusterrole=${role}`, `--user=${role}`);
    await eventually('the roles are aggregated', async () =>
      (await cluster.kubectl(['get', 'clusterrole', 'edit', '-o', 'json'])).includes('taskruns'),
    );
    const atOnce = pLimit(20);
    const may = (user: string, groups: readonly string[] | undefined, object: string, verb: string) =>
      atOnce(async () => {
        const [, resource = '', group = '', subresource = ''] =
          /^([a-z]+)(?:\.([a-z.-]+))?(?:\/(\w+))?$/.exec(object) ?? [];
        const resourceAttributes = { verb, resource, group, subresource, namespace: room.namespace };
        const spec = { user, ...(groups && { groups: [...groups] }), resourceAttributes };
        return (await cluster.client.create(accessReviews, { spec })).status?.allowed === true;
      });

    const lines = (await readFile(guide, 'utf8')).split('\n');
    const from = lines.findIndex((line) => line.startsWith('| object |'));
    const rows = lines.slice(from).slice(0, lines.slice(from).indexOf(''));
    const cells = (row: string) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
    const [, ...columns] = cells(rows[0] ?? '');
    expect(columns).toEqual(Object.keys(people));
    const wanted = await Promise.all(
      rows.slice(2).map(async (row) => {
        const object = (cells(row)[0] ?? '').replaceAll('`', '');
        const answers = columns.map(async (column) => {
          const { user, groups } = people[column] ?? { user: '' };
          const asked = object === masks ? [...verbs, 'impersonate'] : verbs;
          const allowed = await Promise.all(asked.map((verb) => may(user, groups, object, verb)));
          return words(asked.filter((_, index) => allowed[index]));
        });
        return [`\`${object}\``, ...(await Promise.all(answers))].join(' | ');
      }),
    );
    expect(rows.slice(2).map((row) => cells(row).join(' | '))).toEqual(wanted);
  });
});
