/** The step run-task in Applications' workflows: outputs, failures, restarts, ends; of its own and of a component. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { taskRuns, tasks, type TaskRunObject } from '../../controller/src/cluster/resource-types.ts';
import type { Stored } from '../../controller/src/kube/objects.ts';
import { jobs, pods } from '../../controller/src/kube/resources.ts';
import { ApiStore } from '../../sandbox/src/kubevela/api-store.ts';
import type { ApplicationSpec, StepStatus, WorkflowStep } from '../../sandbox/src/kubevela/application.ts';
import { restartWorkflow, terminateWorkflow } from '../../sandbox/src/kubevela/vela-commands.ts';
import { podAnnotations } from '../../sandbox/src/programs/kwok-stages.ts';
import { eventually } from '../support/eventually.ts';
import { all, aNamespace, App, apply, client, exits, kubectl, output, place, prints, vela } from './user.ts';

const realPods = place.pods === 'real';
const store = new ApiStore(client);

const runTask = (name: string, properties: object, more: Partial<WorkflowStep> = {}): WorkflowStep => ({
  name,
  type: 'run-task',
  properties: properties as ApplicationSpec,
  ...more,
});

/** An Application of these steps, and its components. */
async function workflow(topic: string, steps: WorkflowStep[], components: object[] = []): Promise<App> {
  const app = new App(await aNamespace(topic), 'shop');
  await deploy(app, steps, components);
  return app;
}

const deploy = (app: App, steps: WorkflowStep[], components: object[] = []) =>
  apply(app.namespace, app.name, { components, workflow: { steps } } as ApplicationSpec);

const restart = ({ namespace, name }: App) =>
  place.vela ? vela('workflow', 'restart', name, '-n', namespace) : restartWorkflow(store, namespace, name);
const terminate = ({ namespace, name }: App) =>
  place.vela ? vela('workflow', 'terminate', name, '-n', namespace) : terminateWorkflow(store, namespace, name);

/** A step or sub step, once its phase is that and its message says something like this. */
function step(app: App, name: string, phase: string, what = /^/): Promise<StepStatus> {
  return eventually(`step ${name} of ${app.namespace}/${app.name} is ${phase} and says ${what}`, async () => {
    const { workflow: now, status } = await app.status();
    const found = now?.steps?.flatMap((each) => [each, ...(each.subSteps ?? [])]).find((each) => each.name === name);
    if (found?.phase !== phase || !what.test(found.message ?? '')) throw new Error(JSON.stringify([status, now]));
    return found;
  });
}

function state(app: App, wanted: string): Promise<unknown> {
  return eventually(`${app.namespace}/${app.name} is ${wanted}`, async () => {
    const { status, workflow: now } = await app.status();
    if (status !== wanted) throw new Error(JSON.stringify([status, now]));
    return true;
  });
}

/**
 * KubeVela begins a step again where it could not write down that it began: the run of the session that it lost never
 * starts.
 */
const ofLostSession = ({ status }: TaskRunObject) => status?.phase === 'Cancelled' && status.jobs === undefined;

/** The runs of a namespace, oldest first, once they are in these phases. */
function runs({ namespace }: App, ...phases: string[]): Promise<Stored<TaskRunObject>[]> {
  return eventually(`the runs in ${namespace} are ${phases.join(', ')}`, async () => {
    const found = (await all(taskRuns, namespace))
      .filter((run) => !ofLostSession(run))
      .sort((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1));
    if (found.map(({ status }) => status?.phase).join() !== phases.join())
      throw new Error(JSON.stringify(found.map(({ metadata, status }) => [metadata.name, status])));
    return found;
  });
}

/** The one run was stopped with its step: its Job and pods are gone. */
async function isStopped(app: App): Promise<void> {
  const [run] = await runs(app, 'Cancelled');
  expect(run?.status?.reason).toBe('WorkflowStepEnded');
  await eventually(
    'no Job and no pod is left',
    async () => (await all(jobs, app.namespace)).length + (await all(pods, app.namespace)).length === 0,
  );
}

const writes = (text: string) => ({
  ...prints(''),
  cmd: ['sh', '-c', `echo '${text}' > /dev/termination-log`],
  annotations: { [podAnnotations.duration]: '100ms', [podAnnotations.message]: text },
});

describe.concurrent('a step with a task of its own', () => {
  it('waits for its run, shows it, and hands its outputs on', async () => {
    const migrate = {
      ...writes('{"rows": 42, "table": "people"}'),
      outputs: [{ name: 'rows', type: 'integer' }, { name: 'table' }],
    };
    const tell = { ...prints(''), cmd: ['sh', '-c', 'echo of $TABLE'], env: [{ name: 'TABLE' }] };
    const app = await workflow('passed-on', [
      runTask('migrate', migrate, { outputs: [{ name: 'table', valueFrom: 'run.outputs.table' }] }),
      runTask('tell', tell, { inputs: [{ from: 'table', parameterKey: 'env[0].value' }] }),
    ]);
    await step(app, 'tell', 'succeeded');
    const [, told] = await runs(app, 'Succeeded', 'Succeeded');
    expect(told?.spec.trigger).toMatchObject({ type: 'WorkflowStep', step: { name: 'tell' } });
    if (realPods) expect(await output(app.namespace, told?.metadata.name ?? '')).toBe('of people\n');
  });

  it('fails the workflow with the reason; what is skipped and what always runs after it', async () => {
    const app = await workflow('failed', [
      runTask(
        'migrate',
        { ...exits(3), outputs: [{ name: 'rows' }] },
        { outputs: [{ name: 'rows', valueFrom: 'run.outputs.rows' }] },
      ),
      runTask('deploy', prints('never')),
      runTask('clean-up', prints('always'), { if: 'always' }),
    ]);
    await step(app, 'migrate', 'failed', / Failed\b.*exit code 3/);
    await step(app, 'deploy', 'skipped');
    await step(app, 'clean-up', 'succeeded');
    await state(app, 'workflowFailed');
    await runs(app, 'Failed', 'Succeeded');
  });

  it('runs again when the workflow is restarted, and never takes the run before for its own', async () => {
    const app = await workflow('restarted', [runTask('migrate', prints('again'))]);
    await state(app, 'running');
    await runs(app, 'Succeeded');
    const { id } = await step(app, 'migrate', 'succeeded');
    await restart(app);
    const [, second] = await runs(app, 'Succeeded', 'Succeeded');
    await state(app, 'running');
    const again = await step(app, 'migrate', 'succeeded');
    expect(again.id).not.toBe(id);
    expect(second?.spec.trigger?.step?.id).toBe(again.id);
  });

  it('stops its run when the workflow is terminated', async () => {
    const app = await workflow('terminated', [runTask('migrate', prints('too long', 600))]);
    await step(app, 'migrate', 'running', /Running/);
    await terminate(app);
    await isStopped(app);
  });

  it('stops its run when the step times out', async () => {
    const app = await workflow('timed-out', [runTask('migrate', prints('too long', 600), { timeout: '8s' })]);
    await step(app, 'migrate', 'failed');
    await isStopped(app);
    await state(app, 'workflowFailed');
  });

  it('runs in a group, beside others and after what it depends on', async () => {
    const app = await workflow('group', [
      {
        name: 'both',
        type: 'step-group',
        subSteps: [runTask('first', prints('first', 2)), runTask('second', prints('second'), { dependsOn: ['first'] })],
      },
      runTask('last', prints('last')),
    ]);
    await state(app, 'running');
    const [first, second] = await runs(app, 'Succeeded', 'Succeeded', 'Succeeded');
    expect([first, second].map((run) => run?.spec.trigger?.step?.name)).toEqual(['first', 'second']);
    expect((second?.metadata.creationTimestamp ?? '') >= (first?.status?.completionTime ?? '-')).toBe(true);
  });

  it('says what it cannot do', async () => {
    const app = await workflow('refused', [runTask('migrate', { cmd: ['true'] })]);
    await step(app, 'migrate', 'failed', /^say what to run: image, or the component whose task it is$/);
    expect(await all(tasks, app.namespace)).toEqual([]);
  });
});

it.runIf(place.kubevela === 'real')(
  'examples/migrate-before-rollout.yaml rolls out once the migration is through',
  async () => {
    const text = await readFile(new URL('../../examples/migrate-before-rollout.yaml', import.meta.url), 'utf8');
    const { metadata, spec } = parse(
      text.replaceAll(/image: .*/g, 'image: busybox:1.36').replace('ports:', 'cmd: [sleep, "600"]\n        ports:'),
    ) as { metadata: { name: string }; spec: ApplicationSpec };
    const app = new App(await aNamespace('migrate'), metadata.name);
    await apply(app.namespace, app.name, spec);
    await step(app, 'tell', 'succeeded');
    const [migrated, told] = await runs(app, 'Succeeded', 'Succeeded');
    const deployed = JSON.parse(
      await kubectl(['get', 'deployment', 'web', '-n', app.namespace, '-o', 'json']),
    ) as Stored;
    expect(deployed.metadata.creationTimestamp >= (migrated?.status?.completionTime ?? '?')).toBe(true);
    if (realPods) expect(await output(app.namespace, told?.metadata.name ?? '')).toBe('schema 42 is live\n');
  },
);

describe.concurrent("a step with a component's task", () => {
  const component = {
    name: 'migrate',
    type: 'task',
    properties: { ...prints('nobody'), cmd: ['sh', '-c', 'echo $0 $WHO'], executionPolicy: { trigger: 'Manual' } },
  };

  it('runs it with args and env of its own, and a later revision keeps the record', async () => {
    const steps = (who: string) => [
      { name: 'task', type: 'apply-component', properties: { component: 'migrate' } },
      runTask('run', { component: 'migrate', args: ['hello'], env: [{ name: 'WHO', value: who }] }),
    ];
    const app = await workflow('component', steps('ann'), [component]);
    await state(app, 'running');
    const [run] = await runs(app, 'Succeeded');
    expect(run?.metadata.ownerReferences?.[0]).toMatchObject({ kind: 'Task', name: 'shop-migrate' });
    if (realPods) expect(await output(app.namespace, run?.metadata.name ?? '')).toBe('hello ann\n');
    await deploy(app, steps('bob'), [component]);
    await runs(app, 'Succeeded', 'Succeeded');
    await state(app, 'running');
    await eventually(
      'KubeVela let go of the first run',
      async () =>
        (await client.get(taskRuns, { namespace: app.namespace, name: run?.metadata.name ?? '' })).metadata.labels?.[
          'app.oam.dev/name'
        ] === 'addon-task-runs',
    );
    await runs(app, 'Succeeded', 'Succeeded');
  });
});
