import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createCue,
  cueVersions,
  type Cue,
  type CueVersion,
  type Definition,
  type JsonObject,
  type StepAction,
  type StepAnswer,
} from '../../cue/ts/index.ts';
import { notFound, type SoughtObject } from '../../controller/src/vela/not-found.ts';
import { readDefinition } from '../../scripts/definition-files.ts';
import { problemsOf } from './schema.ts';

const context = {
  name: 'shop',
  namespace: 'default',
  appRevision: 'shop-v2',
  stepName: 'migrate',
  stepSessionID: 'cwvuisx3x4',
};
const own = { image: 'busybox' };
const step = { name: 'migrate', id: 'cwvuisx3x4' };

/** What is in the cluster, by kind and name; a string is the error with which a read of it ends. */
type Cluster = Record<string, JsonObject | string>;

/** The step's own Task after the controller answered, and the run. */
const answered = (run: JsonObject | string = {}, id = step.id): Cluster => ({
  'Task shop-migrate': { status: { observedTrigger: { id, run: 'shop-migrate-cwvuisx3x4' } } },
  'TaskRun shop-migrate-cwvuisx3x4': typeof run === 'string' ? run : { status: run },
});
const ofComponent = {
  'Task shop-job': { metadata: { labels: { 'app.oam.dev/component': 'job' } }, spec: { outputs: [{ name: 'rows' }] } },
};

interface Played {
  readonly applied: JsonObject | undefined;
  readonly said: string | undefined;
  readonly end: 'running' | 'failed' | 'succeeded';
}

/** Looks once, as KubeVela does: carries out the actions one after the other, up to one that ends the look. */
async function look(
  definition: Definition,
  parameter: JsonObject,
  cluster: Cluster = {},
  stepName = context.stepName,
): Promise<Played> {
  const actions: StepAction[] = [];
  const answers: StepAnswer[] = [];
  while (actions.length < 10) {
    const action = await definition.step({ parameter, context: { ...context, stepName }, answers });
    if (action === undefined) return { ...whatHappened(actions), end: 'succeeded' };
    actions.push(action);
    const end = endOf(action);
    if (end) return { ...whatHappened(actions), end };
    const returns = liveObject(action, cluster);
    answers.push({ path: action.path, ...(returns && { returns }) });
  }
  throw new Error('the step does not end');
}

function endOf({ do: name, params }: StepAction): Played['end'] | undefined {
  if (name === 'wait') return params['continue'] === true ? undefined : 'running';
  return name === 'fail' ? 'failed' : undefined;
}

function whatHappened(actions: readonly StepAction[]): Omit<Played, 'end'> {
  const applied = actions.find((action) => action.do === 'apply')?.params['value'] as JsonObject | undefined;
  const said = actions.filter(({ params }) => typeof params['message'] === 'string').at(-1)?.params['message'] as
    string | undefined;
  return { applied, said };
}

function liveObject({ provider, do: name, params }: StepAction, cluster: Cluster): JsonObject | undefined {
  if (provider !== 'kube') return undefined;
  const value = params['value'] as JsonObject & SoughtObject & { metadata: { namespace: string } };
  const { metadata, kind } = value;
  const place = [params['cluster'] as string, metadata.namespace].filter((part) => part && part !== 'default');
  const there = cluster[`${kind} ${[...place, metadata.name].join('/')}`];
  if (name === 'read' && (there === undefined || typeof there === 'string'))
    return { value, err: there ?? notFound(value) };
  if (typeof there === 'string') return { value };
  return { value: { ...value, ...there, metadata: { ...value.metadata, ...(there?.['metadata'] as JsonObject) } } };
}

const template = (container: JsonObject = {}, pod: JsonObject = {}, metadata: JsonObject = {}) => ({
  metadata: { labels: { 'app.oam.dev/name': 'shop' }, ...metadata },
  spec: { restartPolicy: 'Never', containers: [{ name: 'task', image: 'busybox', ...container }], ...pod },
});

/** Each parameter of a step's own task: what is given, and what becomes of it in the Task's spec. */
const parameters: { name: string; given: JsonObject; spec: JsonObject }[] = [
  { name: 'image alone', given: {}, spec: {} },
  ...['cmd', 'args'].map((name) => ({
    name,
    given: { [name]: ['a', 'b'] },
    spec: { template: template({ [name === 'cmd' ? 'command' : name]: ['a', 'b'] }) },
  })),
  {
    name: 'env',
    given: { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] },
    spec: { template: template({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }) },
  },
  {
    name: 'imagePullPolicy',
    given: { imagePullPolicy: 'Always' },
    spec: { template: template({ imagePullPolicy: 'Always' }) },
  },
  {
    name: 'imagePullSecrets',
    given: { imagePullSecrets: ['a'] },
    spec: { template: template({}, { imagePullSecrets: [{ name: 'a' }] }) },
  },
  {
    name: 'cpu and memory',
    given: { cpu: '0.5', memory: '1Gi' },
    spec: {
      template: template({
        resources: { limits: { cpu: '0.5', memory: '1Gi' }, requests: { cpu: '0.5', memory: '1Gi' } },
      }),
    },
  },
  {
    name: 'restart',
    given: { restart: 'OnFailure' },
    spec: { template: template({}, { restartPolicy: 'OnFailure' }) },
  },
  {
    name: 'labels',
    given: { labels: { team: 'a' } },
    spec: { template: template({}, {}, { labels: { team: 'a', 'app.oam.dev/name': 'shop' } }) },
  },
  {
    name: 'annotations',
    given: { annotations: { note: 'b' } },
    spec: { template: template({}, {}, { annotations: { note: 'b' } }) },
  },
  {
    name: 'serviceAccountName',
    given: { serviceAccountName: 'a' },
    spec: { template: template({}, { serviceAccountName: 'a' }) },
  },
  {
    name: 'podSpec',
    given: { podSpec: { hostNetwork: true } },
    spec: { template: template({}, { hostNetwork: true }) },
  },
  {
    name: 'outputs',
    given: { outputs: [{ name: 'rows', type: 'integer', required: false }] },
    spec: { outputs: [{ name: 'rows', type: 'integer', required: false }] },
  },
  {
    name: 'retry',
    given: { retry: { limit: 2, delaySeconds: 5, backoff: 'Constant' } },
    spec: { retry: { limit: 2, delaySeconds: 5, backoff: 'Constant' } },
  },
  { name: 'timeoutSeconds', given: { timeoutSeconds: 60 }, spec: { timeoutSeconds: 60 } },
  {
    name: 'queue',
    given: { queue: { name: 'team-a', priorityClass: 'urgent' } },
    spec: { queue: { name: 'team-a', priorityClass: 'urgent' } },
  },
  {
    name: 'queueTimeoutSeconds',
    given: { queue: { name: 'team-a' }, queueTimeoutSeconds: 60 },
    spec: { queue: { name: 'team-a' }, queueTimeoutSeconds: 60 },
  },
  {
    name: 'executionPolicy',
    given: { executionPolicy: { keepLast: 1, keepLastFailed: 2, ttlSecondsAfterFinished: 3, historyLimit: 4 } },
    spec: { executionPolicy: { keepLast: 1, keepLastFailed: 2, ttlSecondsAfterFinished: 3, historyLimit: 4 } },
  },
  { name: 'backoffLimit', given: { backoffLimit: 0 }, spec: { job: { backoffLimit: 0 } } },
  { name: 'activeDeadlineSeconds', given: { activeDeadlineSeconds: 9 }, spec: { job: { activeDeadlineSeconds: 9 } } },
  {
    name: 'podFailurePolicy',
    given: { podFailurePolicy: { rules: [] } },
    spec: { job: { podFailurePolicy: { rules: [] } } },
  },
  {
    name: 'job',
    given: { job: { completions: 3 }, backoffLimit: 1 },
    spec: { job: { completions: 3, backoffLimit: 1 } },
  },
];

/** A parameter of a task's pods or Job reaches run-task without a word in run-task.cue. */
parameters.push(
  { name: 'count', given: { count: 2 }, spec: { job: { parallelism: 2, completions: 2 } } },
  {
    name: 'volumes',
    given: { volumes: [{ name: 'a', mountPath: '/a' }] },
    spec: {
      template: template(
        { volumeMounts: [{ name: 'a', mountPath: '/a' }] },
        { volumes: [{ name: 'a', emptyDir: { medium: '' } }] },
      ),
    },
  },
  {
    name: 'nodeSelector, beside args',
    given: { nodeSelector: { disk: 'ssd' }, args: ['a'] },
    spec: { template: template({ args: ['a'] }, { nodeSelector: { disk: 'ssd' } }) },
  },
);

describe.each(Object.keys(cueVersions) as CueVersion[])('run-task, with CUE %s', (version) => {
  let cue: Cue;
  let runTask: Definition;

  beforeAll(async () => {
    cue = await createCue({ version, deadlineMs: 20_000 });
    runTask = await cue.compile(await readDefinition('run-task'));
  });
  afterAll(() => cue.close());

  it.each(parameters)('a task of its own: $name', async ({ given, spec }) => {
    const { applied, end, said } = await look(runTask, { ...own, ...given });
    const trigger = { appRevision: 'shop-v2', step: step.name, id: step.id };
    expect(applied).toEqual({
      apiVersion: 'task.oam.dev/v1alpha1',
      kind: 'Task',
      metadata: { name: 'shop-migrate', namespace: 'default' },
      spec: { trigger, template: template(), job: {}, ...spec },
    });
    expect(problemsOf(applied)).toEqual([]);
    expect([end, said]).toEqual(['running', 'waits for the task-runs controller']);
  });

  it('the task of a component is run by a TaskRun that KubeVela does not delete', async () => {
    const env = [{ name: 'MODE', value: 'dry' }];
    const { applied } = await look(runTask, { component: 'job', args: ['x'], env }, ofComponent);
    expect(applied).toEqual({
      apiVersion: 'task.oam.dev/v1alpha1',
      kind: 'TaskRun',
      metadata: {
        name: 'job-cwvuisx3x4',
        namespace: 'default',
        annotations: { 'app.oam.dev/shared-by': 'default/shop,vela-system/addon-task-runs' },
      },
      spec: {
        taskRef: { name: 'shop-job' },
        trigger: { type: 'WorkflowStep', value: 'shop-v2#cwvuisx3x4', step },
        overrides: { args: ['x'], env },
      },
    });
    expect((await look(runTask, { component: 'job' }, ofComponent)).applied?.['spec']).not.toHaveProperty('overrides');
  });

  it('a long name is cut, and ends with the session', async () => {
    const component = `${'a'.repeat(51)}-${'b'.repeat(20)}`;
    const { applied } = await look(runTask, { component }, { [`Task shop--${component}`]: {} });
    expect(applied?.['metadata']).toMatchObject({ name: `${'a'.repeat(51)}-cwvuisx3x4` });
  });

  it.each<[status: JsonObject, end: Played['end'], said: string]>([
    [{}, 'running', 'waits for the task-runs controller'],
    [
      { phase: 'Pending', reason: 'Suspended', message: 'Task shop-migrate is suspended' },
      'running',
      'NAME Pending: Task shop-migrate is suspended',
    ],
    [{ phase: 'Queued', message: 'waits for x' }, 'running', 'NAME Queued: waits for x'],
    [{ phase: 'Running' }, 'running', 'NAME Running'],
    [
      { phase: 'Running', message: 'pod failed; the Job tries again' },
      'running',
      'NAME Running: pod failed; the Job tries again',
    ],
    [{ phase: 'Succeeded', duration: '3s' }, 'succeeded', 'NAME Succeeded in 3s'],
    [
      { phase: 'Failed', message: 'exit code 3 in container task' },
      'failed',
      'NAME Failed: exit code 3 in container task',
    ],
    [{ phase: 'Cancelled', message: 'Ann: enough' }, 'failed', 'NAME Cancelled: Ann: enough'],
    [{ phase: 'Skipped', message: 'x is active' }, 'failed', 'NAME Skipped: x is active'],
  ])('a run that is %j leaves the step %s', async (status, end, said) => {
    expect(await look(runTask, own, answered(status))).toMatchObject({
      end,
      said: said.replace('NAME', 'shop-migrate-cwvuisx3x4'),
    });
    const cluster = { ...ofComponent, 'TaskRun job-cwvuisx3x4': { status } };
    expect(await look(runTask, { component: 'job' }, cluster)).toMatchObject({
      end,
      said: said.replace('NAME', 'job-cwvuisx3x4'),
    });
  });

  it("the Task's answer to an earlier session does not count for this one", async () => {
    const cluster = answered({ phase: 'Failed' }, 'theonebefore');
    expect(await look(runTask, own, cluster)).toMatchObject({
      end: 'running',
      said: 'waits for the task-runs controller',
    });
  });

  it('a run that somebody deleted fails the step', async () => {
    const { 'Task shop-migrate': task = {} } = answered();
    expect(await look(runTask, own, { 'Task shop-migrate': task })).toMatchObject({
      end: 'failed',
      said: 'shop-migrate-cwvuisx3x4 was deleted before its end was recorded; restart the workflow to run it again',
    });
  });

  it.each([
    ['as the API server says it', 'tasks.task.oam.dev "shop-job" not found'],
    ["as a client's cache says it", 'Task.task.oam.dev "shop-job" not found'],
  ])('a Task that is not there fails the step, %s', async (_how, err) => {
    expect(await look(runTask, { component: 'job' }, { 'Task shop-job': err })).toMatchObject({
      applied: undefined,
      end: 'failed',
      said: expect.stringContaining('there is no Task shop-job in namespace default: ') as string,
    });
  });

  const forbidden = 'is forbidden: User "ann" cannot get resource "tasks" in API group "task.oam.dev"';
  const unread = [
    'Get "https://10.0.0.1:443/apis/task.oam.dev/v1alpha1": net/http: request canceled (Client.Timeout exceeded)',
    'the server is currently unable to handle the request (get tasks.task.oam.dev shop-job)',
    'the server could not find the requested resource (get tasks.task.oam.dev shop-job)',
    'no matches for kind "Task" in version "task.oam.dev/v1alpha1"',
    'no such cluster east',
    'clustergateways.cluster.core.oam.dev "shop-job" not found',
    `tasks.task.oam.dev "shop-job" ${forbidden}`,
  ];

  it.each(unread)('a Task that cannot be read is waited for, and why is said: %s', async (err) => {
    const waits = (said: string) => ({ applied: undefined, end: 'running', said });
    const { 'TaskRun shop-migrate-cwvuisx3x4': run = {} } = answered({ phase: 'Running' });
    expect(await look(runTask, own, { 'Task shop-migrate': err, 'TaskRun shop-migrate-cwvuisx3x4': run })).toEqual(
      waits(`cannot read Task shop-migrate in namespace default: ${err}`),
    );
    expect(await look(runTask, { component: 'job' }, { 'Task shop-job': err })).toEqual(
      waits(`cannot read Task shop-job in namespace default: ${err}`),
    );
    const where = { namespace: 'prod', cluster: 'east' };
    expect(await look(runTask, { component: 'job', ...where }, { 'Task east/prod/shop-job': err })).toEqual(
      waits(`cannot read Task shop-job in namespace prod of cluster east: ${err}`),
    );
    const elsewhere = {
      'Application shop': { spec: { policies: [topology({ clusters: ['east'], namespace: 'prod' })] } },
      'Task east/prod/shop-job': err,
    };
    expect(await look(runTask, { component: 'job' }, elsewhere)).toEqual(
      waits(`cannot read Task shop-job in namespace prod of cluster east: ${err}`),
    );
  });

  it('a Task of another name that cannot be read is waited for', async () => {
    const cluster = {
      'Task shop-migrate': { spec: { trigger: { step: 'Migrate' } } },
      'Task shop-migrate-3bc80': 'context deadline exceeded',
    };
    expect(await look(runTask, own, cluster)).toEqual({
      applied: undefined,
      end: 'running',
      said: 'cannot read Task shop-migrate-3bc80 in namespace default: context deadline exceeded',
    });
  });

  it('an Application that cannot be read is waited for, for it says where the Task is', async () => {
    const cluster = { 'Application shop': 'context deadline exceeded' };
    expect(await look(runTask, { component: 'job' }, cluster)).toEqual({
      applied: undefined,
      end: 'running',
      said: 'cannot read Application shop in namespace default: context deadline exceeded',
    });
  });

  it.each(unread)('a run that cannot be read goes on, and why is said: %s', async (err) => {
    expect(await look(runTask, own, answered(err))).toMatchObject({
      end: 'running',
      said: `cannot read TaskRun shop-migrate-cwvuisx3x4 in namespace default: ${err}`,
    });
    const where = { namespace: 'prod', cluster: 'east' };
    const cluster = { 'Task east/prod/shop-job': {}, 'TaskRun east/prod/job-cwvuisx3x4': err };
    expect(await look(runTask, { component: 'job', ...where }, cluster)).toMatchObject({
      end: 'running',
      said: `cannot read TaskRun job-cwvuisx3x4 in namespace prod of cluster east: ${err}`,
    });
  });

  it.each([
    ['Succeeded', 'succeeded'],
    ['Failed', 'failed'],
  ])('takes over from the Task what %s before the Application was restored', async (phase, end) => {
    const message = 'migrate-v1 ran before this Task was created again and is not started again · 0 kept';
    const status = {
      observedTrigger: { id: step.id, run: 'migrate-v1' },
      phase,
      message,
      conditions: [{ type: 'Ready', reason: 'RanBefore' }],
    };
    const cluster = { 'Task shop-migrate': { status } };
    expect(await look(runTask, own, cluster)).toMatchObject({ end, said: message });
  });

  const letItBe =
    'let an earlier step apply component job, and let it be of type task, cron-task, task-flow or daemon-task; if a policy puts it elsewhere, write namespace and cluster';
  const topology = (properties: JsonObject) => ({ name: 'prod', type: 'topology', properties });

  it.each<[name: string, parameter: JsonObject, application: JsonObject, place: string]>([
    [
      'in the namespace of the only topology',
      {},
      { spec: { policies: [topology({ clusters: ['local'], namespace: 'prod' })] } },
      'prod',
    ],
    [
      'in the cluster of the only topology',
      {},
      { spec: { policies: [topology({ clusters: ['east'], namespace: 'prod' })] } },
      'east/prod',
    ],
    [
      'where the Application was deployed, whatever else its policies say',
      {},
      {
        spec: { policies: [topology({ namespace: 'test' }), topology({ namespace: 'prod' })] },
        status: {
          services: [
            { name: 'web', namespace: 'web' },
            { name: 'job', namespace: 'prod', cluster: 'local' },
          ],
        },
      },
      'prod',
    ],
    ['where the step says that it is', { cluster: 'east', namespace: 'prod' }, {}, 'east/prod'],
    ['in another cluster, in the same namespace', { cluster: 'east' }, {}, 'east'],
  ])("a component's task is found %s, and runs there", async (_name, where, application, place) => {
    const cluster = {
      'Application shop': application,
      [`Task ${place}/shop-job`]: {},
      [`TaskRun ${place}/job-cwvuisx3x4`]: { status: { phase: 'Running' } },
    };
    const { applied, end, said } = await look(runTask, { component: 'job', ...where }, cluster);
    expect(applied).toMatchObject({
      kind: 'TaskRun',
      metadata: { namespace: place === 'east' ? 'default' : 'prod' },
      spec: { taskRef: { name: 'shop-job' } },
    });
    expect([end, said]).toEqual(['running', 'job-cwvuisx3x4 Running']);
  });

  it.each([
    ['migrate.db', 'shop-migrate.db'],
    ['Migrate DB', 'shop--migrate-db'],
    ['  Install ... Datasource!  ', 'shop--install-datasource'],
    ['Größe prüfen', 'shop--gr-e-pr-fen'],
    ['数据库迁移', 'shop-step'],
    ['-a-', 'shop-a'],
    ['b'.repeat(200), `shop-${'b'.repeat(200)}`],
    ['b'.repeat(300), `shop-${'b'.repeat(52)}-dccc1`],
    ['Long name '.repeat(30), 'shop--long-name-long-name-long-name-long-name-long-name-l-ab002'],
  ])('a step called %j has a task that is called %s', async (stepName, name) => {
    const { applied } = await look(runTask, own, {}, stepName);
    expect(applied).toMatchObject({ metadata: { name }, spec: { trigger: { step: stepName } } });
  });

  it.each<[string, JsonObject]>([
    ['another step of that name', { spec: { trigger: { step: 'migrate-db' } } }],
    ['a component of that name', { metadata: { labels: { 'app.oam.dev/component': 'migrate-db' } } }],
  ])('a step with a free name gets a task with a hash where there is %s', async (_what, task) => {
    const cluster = { 'Task shop--migrate-db': task };
    const { applied } = await look(runTask, own, cluster, 'Migrate DB');
    expect(applied).toMatchObject({ metadata: { name: 'shop--migrate-db-71b17' } });
  });

  it('a step gives way to a Task of another Application that has its name', async () => {
    const labels = { 'app.oam.dev/name': 'shop-mig', 'app.oam.dev/component': 'rate' };
    const { applied } = await look(runTask, own, { 'Task shop-migrate': { metadata: { labels } } });
    expect(applied).toMatchObject({ metadata: { name: 'shop-migrate-3bc80' } });
  });

  it('a step gives way to one that took its name, and keeps its own', async () => {
    const task = (stepName: string) => ({ spec: { trigger: { step: stepName } } });
    const { applied } = await look(runTask, own, { 'Task shop-migrate': task('Migrate') });
    expect(applied).toMatchObject({ metadata: { name: 'shop-migrate-3bc80' } });
    const { applied: again } = await look(runTask, own, { 'Task shop-migrate': task('migrate') });
    expect(again).toMatchObject({ metadata: { name: 'shop-migrate' } });
  });

  it.each<[parameter: JsonObject, cluster: Cluster, said: string]>([
    [{ ...own, retries: 3 }, {}, 'run-task has no parameter retries: vela show run-task lists those that it has'],
    ...(
      [
        { ...own, env: [{ name: 'A', valuefrom: {} }] },
        { ...own, env: [{ name: 'A', value: 3 }] },
        { ...own, retry: { limt: 1 } },
        { ...own, outputs: [{ name: 'a', kind: 'string' }] },
        { ...own, volumes: [{ name: 'a', mountPath: '/a', readonly: true }] },
        { ...own, executionPolicy: { keeplast: 1 } },
        { image: 3 },
      ] as JsonObject[]
    ).map((parameter): [JsonObject, Cluster, string] => [
      parameter,
      {},
      `run-task cannot take ${Object.keys(parameter).at(-1)} as it is: a field in it is misspelt, or a value has another type than vela show run-task says`,
    ]),
    [
      { ...own, podSpec: { containers: [{ image: 'other' }] } },
      {},
      'podSpec.containers[0].image contradicts the parameters: write it in one place',
    ],
    [{}, {}, 'say what to run: image, or the component whose task it is'],
    [
      { component: 'job', image: 'busybox' },
      ofComponent,
      'component job defines what its task runs: leave out image, or write it into the component',
    ],
    [
      { component: 'job', queue: { name: 'team-a' } },
      ofComponent,
      'component job defines what its task runs: leave out queue, or write it into the component',
    ],
    [
      { component: 'job', env: [{ name: 'A', valueFrom: {} }] },
      ofComponent,
      "env for a component's task can only have values: leave out A, or write it into component job",
    ],
    [{ component: 'job' }, {}, `there is no Task shop-job in namespace default: ${letItBe}`],
    [
      { component: 'job', namespace: 'prod', cluster: 'east' },
      {},
      `there is no Task shop-job in namespace prod of cluster east: ${letItBe}`,
    ],
    [
      { component: 'job' },
      { 'Application shop': { spec: { policies: [topology({ namespace: 'prod' })] } } },
      `there is no Task shop-job in namespace prod: ${letItBe}`,
    ],
    [
      { component: 'job' },
      { 'Application shop': { spec: { policies: [topology({ clusters: ['local', 'east'], namespace: 'prod' })] } } },
      'component job is in several places: namespace prod of cluster local, namespace prod of cluster east; write the namespace and cluster of the one to run',
    ],
    [
      { ...own, namespace: 'prod' },
      {},
      'namespace says where the task of a component is: leave it out, or write component',
    ],
    [
      own,
      { 'Task shop-migrate': { metadata: { labels: { 'app.oam.dev/component': 'migrate' } } } },
      'the Task shop-migrate already belongs to component migrate: give this step another name, or run that task with component: migrate',
    ],
  ])('refuses %j in a sentence, and applies nothing', async (parameter, cluster, said) => {
    expect(await look(runTask, parameter, cluster)).toEqual({ applied: undefined, end: 'failed', said });
  });
});
