/**
 * What somebody with Kubernetes' role edit wants, tried against a real API server with the addon's policies. Whatever
 * he may change, at random, is in tenants.test.ts.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { applications, taskRuns, tasks } from '../../controller/src/cluster/resource-types.ts';
import { hexHash } from '../../controller/src/domain/lang/canonical-json.ts';
import { nameWithHash } from '../../controller/src/domain/lang/names.ts';
import { isFinished } from '../../controller/src/domain/model/phase.ts';
import type { Client } from '../../controller/src/kube/client.ts';
import { events, jobs, persistentVolumeClaims, pods } from '../../controller/src/kube/resources.ts';
import { installApplications } from '../support/applications.ts';
import { useControlledCluster } from '../support/controlled-cluster.ts';
import { eventually } from '../support/eventually.ts';
import type { Room } from '../support/room.ts';

const controlled = useControlledCluster('adversary');
beforeAll(() => installApplications(controlled.cluster));

/** A client of an account that has this role in the room. */
const accountWith = async (room: Room, role: string): Promise<Client> =>
  controlled.cluster.asController.as(await room.tokenOf(role));

const application = (name: string) => ({
  apiVersion: 'core.oam.dev/v1beta1',
  kind: 'Application',
  metadata: { name },
  spec: { components: [] },
});
const pairs = (labels: Readonly<Record<string, string>>) => Object.entries(labels).map((pair) => pair.join('='));

/** As the controller would write them once these revisions of the Task in that room had run. */
function forgedMarks({ namespace }: Room): Record<string, string> {
  const key = `ran.task.oam.dev/${hexHash(`${namespace}/app-mytask`, 16)}`;
  return { [key]: JSON.stringify({ value: 'app-v2', run: 'mytask-v2', phase: 'Succeeded', uid: '', generation: 0 }) };
}

describe("somebody with Kubernetes' role edit", () => {
  it('an Application of another namespace, which a Task names in its labels, is neither read out nor annotated', async () => {
    const [mine, victims] = [await controlled.openRoom(), await controlled.openRoom()];
    const { asController } = controlled.cluster;
    const later = { id: 'other', name: 'cm', phase: 'running', firstExecuteTime: '2126-03-20T12:00:00Z' };
    await victims.apply({
      apiVersion: 'core.oam.dev/v1beta1',
      kind: 'Application',
      metadata: { name: 'victim' },
      spec: { components: [] },
      status: { workflow: { steps: [later] } },
    });
    const editor = await accountWith(mine, 'edit');
    const task = await mine.deploy({ revision: 1, policy: { trigger: 'Manual' }, pods: { duration: '4s' } });
    const labels = { 'app.oam.dev/name': 'victim', 'app.oam.dev/namespace': victims.namespace };
    await editor.patch(
      tasks,
      { namespace: mine.namespace, name: task.metadata.name },
      {
        metadata: { labels },
      },
    );
    await mine.ask('spy', { trigger: { type: 'WorkflowStep', step: { name: 'cm', id: 'bogus' } } });
    const { status } = await mine.runWhere('spy', 'ends', ({ phase }) => isFinished(phase));
    expect([status?.phase, status?.message]).toEqual(['Succeeded', undefined]);
    await eventually('the Task has reported it', async () => {
      const { status: reported } = await mine.get(tasks, task.metadata.name);
      return reported?.totals?.succeeded === 1;
    });
    const victim = { namespace: victims.namespace, name: 'victim' };
    expect((await controlled.cluster.client.get(applications, victim)).metadata.annotations).toBeUndefined();
    // Even if it were taken over, the controller could do no more than this.
    const ours = {
      'task.oam.dev/nudge': 'a',
      'task.oam.dev/joined-by': '-',
      'ran.task.oam.dev/0123456789abcdef': '{}',
    };
    await asController.patch(applications, victim, { metadata: { annotations: ours } });
    for (const change of [
      { spec: { components: [{ name: 'evil' }] } },
      { metadata: { annotations: { other: 'b' } } },
      { metadata: { labels: { other: 'b' } } },
      { metadata: { finalizers: ['example.org/stays'] } },
    ])
      await expect(asController.patch(applications, victim, change as never), JSON.stringify(change)).rejects.toThrow(
        'may change nothing of an Application but its annotations task.oam.dev/nudge, task.oam.dev/joined-by and ran.task.oam.dev/...',
      );
  });

  it('marks that they write into an Application of theirs change nothing for the Tasks of others', async () => {
    const [mine, victims] = [await controlled.openRoom(), await controlled.openRoom()];
    await mine.apply({ ...application('app'), metadata: { name: 'app', annotations: forgedMarks(victims) } });
    await victims.apply(application('app'));
    await victims.finish({ revision: 1 });
    expect(await victims.runs()).toEqual(['mytask-v1 Succeeded']);
    // Once more, for a Task that says it is of the attacker's Application.
    const labels = { 'app.oam.dev/name': 'app', 'app.oam.dev/namespace': mine.namespace };
    await victims.kubectl('label', 'vtask', 'app-mytask', '--overwrite', ...pairs(labels));
    await victims.finish({ revision: 2 });
    expect(await victims.runs()).toEqual(['mytask-v1 Succeeded', 'mytask-v2 Succeeded']);
  });

  it('an Application of theirs that lists the Task of others, as a read-only policy does, is neither believed nor annotated', async () => {
    const [mine, victims] = [await controlled.openRoom(), await controlled.openRoom()];
    const task = {
      apiVersion: 'task.oam.dev/v1alpha1',
      kind: 'Task',
      namespace: victims.namespace,
      name: 'app-mytask',
    };
    const marks = forgedMarks(victims);
    await mine.apply({
      ...application('app'),
      metadata: { name: 'app', annotations: marks },
      status: { appliedResources: [task] },
    });
    await victims.apply({ ...application('app'), status: { appliedResources: [task] } });
    for (const revision of [1, 2]) await victims.finish({ revision });
    expect(await victims.runs()).toEqual(['mytask-v1 Succeeded', 'mytask-v2 Succeeded']);
    const annotationsIn = async ({ namespace }: Room) =>
      (await controlled.cluster.client.get(applications, { namespace, name: 'app' })).metadata.annotations;
    // Its own Application is annotated, so the controller has been there.
    await eventually('the run is marked', async () => Object.keys((await annotationsIn(victims)) ?? {}).length > 0);
    expect(await annotationsIn(mine)).toEqual(marks);
  });

  it('marks that are invalid, however large, keep no Task from running', async () => {
    const room = await controlled.openRoom();
    const key = `ran.task.oam.dev/${hexHash(`${room.namespace}/app-mytask`, 16)}`;
    const marks = ['', 'not JSON', '[]', '{"__proto__":{"phase":"Succeeded"},"value":1}', `"${'x'.repeat(200_000)}"`];
    for (const [nth, mark] of marks.entries()) {
      const task = { apiVersion: 'task.oam.dev/v1alpha1', kind: 'Task', namespace: room.namespace, name: 'app-mytask' };
      await room.apply({
        ...application('app'),
        metadata: { name: 'app', annotations: { [key]: mark } },
        status: { appliedResources: [task] },
      });
      await room.finish({ revision: nth + 1 });
      expect(await room.runs(), mark.slice(0, 40)).toEqual([`mytask-v${nth + 1} Succeeded`]);
      for (const [type, name] of [
        [tasks, 'app-mytask'],
        [applications, 'app'],
      ] as const)
        await room.delete(type, name);
      await eventually('all is gone', async () => (await room.runs()).length === 0);
    }
  });

  it('a claim that they make under the name of a workspace is left alone, and the run takes another name', async () => {
    const room = await controlled.openRoom();
    const editor = await accountWith(room, 'edit');
    const claim = { metadata: { name: 'mytask-v1-workspace', namespace: room.namespace } };
    const resources = { requests: { storage: '1Mi' } };
    const spec = { accessModes: ['ReadWriteOnce'], resources, storageClassName: 'none' };
    const stolen = await editor.create(persistentVolumeClaims, { ...claim, spec });
    const deployment = {
      steps: [{ name: 'one' }],
      spec: { globals: { workspace: { size: '1Mi', storageClassName: 'none' } } },
    };
    await room.deploy({ revision: 1, ...deployment });
    const job = await eventually('the run goes on', () => room.get(jobs, 'mytask-v1-one'));
    const run = await room.runWhere('mytask-v1', 'names its claim', ({ workspace }) => workspace !== undefined);
    const claimName = nameWithHash('mytask-v1-workspace', run.metadata.uid);
    expect(run.status?.workspace).toBe(claimName);
    expect(job.spec?.template.spec?.volumes).toMatchObject([{ persistentVolumeClaim: { claimName } }]);
    expect(await room.names(persistentVolumeClaims)).toEqual(['mytask-v1-workspace', claimName]);
    const after = await room.get(persistentVolumeClaims, 'mytask-v1-workspace');
    expect([after.metadata.uid, after.metadata.ownerReferences]).toEqual([stolen.metadata.uid, undefined]);
  });

  it('a finalizer on a Job does not keep its pods running once the run is cancelled', async () => {
    const room = await controlled.openRoom();
    const editor = await accountWith(room, 'edit');
    await room.run({ revision: 1, policy: { concurrencyPolicy: 'Allow' }, pods: { duration: '1h' } });
    await room.ask('deleted-before');
    await room.runWhere('deleted-before', 'runs', ({ phase }) => phase === 'Running');
    const held = { metadata: { finalizers: ['example.org/stays'] } };
    for (const name of ['mytask-v1', 'deleted-before'])
      await editor.patch(jobs, { namespace: room.namespace, name }, held);
    await editor.delete(jobs, { namespace: room.namespace, name: 'deleted-before' });
    for (const name of ['mytask-v1', 'deleted-before'])
      await editor.patch(taskRuns, { namespace: room.namespace, name }, { spec: { cancel: true } });
    await eventually('the pods are gone', async () => (await room.list(pods)).length === 0);
    expect(await room.runs()).toEqual(['deleted-before Cancelled Cancelled', 'mytask-v1 Cancelled Cancelled']);
    expect(await room.names(jobs)).toEqual(['deleted-before', 'mytask-v1']);
  });

  it('an event that they wrote about a Job does not become the message of its run once there is a pod', async () => {
    const room = await controlled.openRoom();
    const editor = await accountWith(room, 'edit');
    await room.run({ revision: 1, pods: { duration: '1h' } });
    const job = await room.get(jobs, 'mytask-v1');
    const { name, namespace, uid } = job.metadata;
    await editor.create(events, {
      metadata: { name: 'forged', namespace: room.namespace },
      involvedObject: { apiVersion: 'batch/v1', kind: 'Job', name, namespace: namespace ?? '', uid },
      reason: 'FailedCreate',
      type: 'Warning',
      message: 'Error creating: FORGED: contact https://evil.example',
    });
    await room.ask('witness');
    await room.runWhere('witness', 'runs', ({ phase }) => phase === 'Running');
    const run = await room.get(taskRuns, 'mytask-v1');
    expect(JSON.stringify(run.status)).not.toContain('FORGED');
  });
});

describe('a program whose account may patch its own pod', () => {
  /** As the program in a pod of the room: an account that may read and patch pods there, and nothing else. */
  async function programIn(room: Room): Promise<Client> {
    await room.kubectl('create', 'role', 'patches-pods', '--verb=get,list,patch', '--resource=pods');
    await room.kubectl('create', 'serviceaccount', 'program');
    const account = `--serviceaccount=${room.namespace}:program`;
    await room.kubectl('create', 'rolebinding', 'program', '--role=patches-pods', account);
    return controlled.cluster.asController.as((await room.kubectl('create', 'token', 'program')).trim());
  }

  const running = (room: Room, count: number) =>
    eventually(`${count} pods run`, async () => {
      const found = (await room.list(pods)).filter(({ status }) => status?.phase === 'Running');
      return found.length === count ? found : undefined;
    });

  /** All that somebody could take for what a pod came to. */
  const lies = {
    labels: {
      'app.oam.dev/name': 'victim',
      'app.oam.dev/component': 'victim',
      'batch.kubernetes.io/job-name': 'other',
      'batch.kubernetes.io/job-completion-index': '1',
      'job-name': 'other',
      'task.oam.dev/phase': 'Succeeded',
    },
    annotations: {
      'kubectl.kubernetes.io/default-container': 'other',
      'task.oam.dev/exit-code': '0',
      'task.oam.dev/message': 'FORGED',
      'task.oam.dev/nudge': 'FORGED',
      'task.oam.dev/outputs': '{"image":"FORGED"}',
      'task.oam.dev/phase': 'Succeeded',
      'task.oam.dev/reason': 'FORGED',
      'task.oam.dev/restored': 'true',
    },
  };

  /** The record of a run, without what is another one each time. */
  const recorded = async (room: Room): Promise<unknown> => {
    const run = await room.runWhere('mytask-v1', 'has ended', ({ phase }) => isFinished(phase));
    const text = JSON.stringify(run.status)
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time')
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'uid')
      .replace(/"duration":"\d+s"/g, '"duration":"some"')
      .replace(/\bnode-\d+/g, 'node')
      .replace(/(build|check)-[a-z0-9]{5}\b/g, '$1-pod');
    return JSON.parse(text);
  };

  it('has its run on record as it went, whatever it writes onto the pod while it runs', async () => {
    const steps = [
      { name: 'build', pods: { duration: '15s', message: '{"image":"shop:1"}' }, outputs: [{ name: 'image' }] },
      { name: 'check', pods: { duration: '15s', exitCode: '3' } },
    ];
    const [honest, lying] = [await controlled.openRoom(), await controlled.openRoom()];
    const program = await programIn(lying);
    for (const room of [honest, lying]) await room.deploy({ revision: 1, steps });
    for (const { metadata } of await running(lying, 2)) {
      const at = { namespace: lying.namespace, name: metadata.name };
      const patched = await program.patch(pods, at, { metadata: lies });
      // It was in time: all that comes after this is what the lies could change.
      expect(patched.status?.phase).toBe('Running');
    }
    const record = await recorded(lying);
    expect(record).toEqual(await recorded(honest));
    expect(record).toMatchObject({
      phase: 'Failed',
      jobs: [
        { name: 'mytask-v1-build', outputs: { image: 'shop:1' } },
        { name: 'mytask-v1-check', exitCode: 3 },
      ],
    });
    expect(JSON.stringify(record)).not.toContain('FORGED');
  });

  it('cannot make its pod one of another run, step or attempt, of nobody, or of another index of its Job', async () => {
    const room = await controlled.openRoom();
    const program = await programIn(room);
    const job = { completionMode: 'Indexed' as const, completions: 2, parallelism: 2 };
    await room.deploy({ revision: 1, job, pods: { duration: '1h' } });
    const [pod] = await running(room, 2);
    const at = { namespace: room.namespace, name: pod?.metadata.name ?? '' };
    const ours = ['task', 'run', 'attempt', 'step'].map((label) => `task.oam.dev/${label}`);
    const index = ['completion-index', 'index-failure-count', 'index-ignored-failure-count'];
    const refused: readonly (readonly [object, string])[] = [
      ...ours.map((label) => [{ labels: { [label]: 'other' } }, 'identify the run and cannot change'] as const),
      // Two policies refuse that; the API server quotes the one that was first.
      [{ labels: null }, 'denied request'],
      [{ labels: { 'batch.kubernetes.io/controller-uid': null } }, 'a Job knows its pods'],
      [{ ownerReferences: null }, 'says which run this belongs to'],
      ...['1', '7', 'x', null].map(
        (value) =>
          [{ annotations: { 'batch.kubernetes.io/job-completion-index': value } }, 'a Job counts its pods'] as const,
      ),
      ...index.map(
        (name) => [{ annotations: { [`batch.kubernetes.io/job-${name}`]: '5' } }, 'a Job counts its pods'] as const,
      ),
      [{ annotations: null }, 'a Job counts its pods'],
    ];
    for (const [metadata, message] of refused)
      await expect(program.patch(pods, at, { metadata }), JSON.stringify(metadata)).rejects.toThrow(message);
    await program.patch(pods, at, { metadata: { annotations: { note: 'mine' } } });
  });
});
