/** A plan says what the API server would refuse in a Job before anybody deploys it: test/support/refused-jobs.ts. */
import { beforeAll, afterAll, describe, expect, it } from 'vitest';
import { startRender, type CueRender } from '../../controller/src/cli/plan/cue-render.ts';
import { readApplications } from '../../controller/src/plan/application.ts';
import { planApplications } from '../../controller/src/plan/plan.ts';
import { partsOfSources } from '../../scripts/plan-parts.ts';
import { goodJobs, refusedJobs } from '../support/refused-jobs.ts';

let render: CueRender;
beforeAll(async () => {
  render = await startRender(partsOfSources);
});
afterAll(() => render.close());

async function problemsOf(component: object, workflow?: object): Promise<readonly string[]> {
  const application = {
    apiVersion: 'core.oam.dev/v1beta1',
    kind: 'Application',
    metadata: { name: 'shop' },
    spec: { components: [{ name: 'main', ...component }], ...(workflow && { workflow }) },
  };
  const { applications } = readApplications(JSON.stringify(application), 'app.json', render.componentTypes);
  const { problems } = await planApplications({
    applications,
    render,
    namespace: 'default',
    now: new Date('2026-03-20T12:00:00Z'),
    before: () => Promise.resolve(undefined),
  });
  return problems.map(({ message }) => message);
}

const task = (properties: object, more: object = {}) => ({
  type: 'task',
  properties: { image: 'busybox', ...properties },
  ...more,
});

describe('a plan refuses what the API server refuses in a Job, and says what to write', () => {
  it.each([...refusedJobs])('%s', async (_what, { properties, says }) => {
    const problems = await problemsOf(task(properties));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(says);
  });

  it.each([...refusedJobs])('in a step: %s', async (_what, { properties, says }) => {
    const steps = [{ name: 'main', image: 'busybox', ...properties }];
    const problems = await problemsOf({ type: 'task-flow', properties: { steps } });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(says);
  });

  it('in a step run-task of the workflow, as in a component', async () => {
    const step = (properties: object) => ({ steps: [{ name: 'seed', type: 'run-task', properties }] });
    expect(await problemsOf(task({}), step({ image: 'busybox', memory: '-1Gi' }))).toEqual([
      'memory is "-1Gi": write 0 or more',
    ]);
    expect(await problemsOf(task({}), step({ image: 'busybox', restart: 'Always' }))).toEqual([
      expect.stringContaining('the pods of a Job are not always restarted: write Never') as string,
    ]);
    expect(await problemsOf(task({}), step({ image: 'busybox' }))).toEqual([]);
    expect(await problemsOf(task({}), step({ component: 'main' }))).toEqual([]);
  });

  it('and an image that no node can pull, for which a pod would wait for ever', async () => {
    const image = 'https://registry.example.com/x:1';
    const says = `is "${image}", which no node can pull: leave out https://`;
    expect(await problemsOf(task({ image }))).toEqual([`image ${says}`]);
    const steps = [{ name: 'main', image }];
    expect(await problemsOf({ type: 'task-flow', properties: { steps } })).toEqual([`steps.0.image ${says}`]);
    const initContainers = [{ name: 'i', image }];
    expect(await problemsOf(task({ podSpec: { initContainers } }))).toEqual([`podSpec.initContainers.0.image ${says}`]);
    expect(await problemsOf(task({ image: 'x:$(item.name)', items: [{ name: 'a' }] }))).toEqual([
      'image is "x:$(item.name)", which no node can pull: write the image itself; nothing takes the place of $(item.name) here',
    ]);
  });

  it('and two different volumes of a name, for all steps of a flow too', async () => {
    const volumes = [
      { name: 'work', mountPath: '/a' },
      { name: 'work', mountPath: '/b', type: 'pvc', claimName: 'work' },
    ];
    const says = 'there are two different volumes work; fix it there';
    const steps = [{ name: 'main', image: 'busybox' }];
    expect(await problemsOf(task({ volumes }))).toEqual([says]);
    expect(await problemsOf({ type: 'task-flow', properties: { steps, globals: { volumes } } })).toEqual([says]);
  });

  it.each([
    ['that a deployment starts', {}],
    ['that only a schedule starts', { schedule: { cron: '@daily' } }],
  ])("and an item's value where none is filled in, for a run %s", async (_what, more) => {
    const volumes = [{ name: 'data', mountPath: '/data', subPath: '$(item.name)' }];
    expect(await problemsOf(task({ volumes, items: [{ name: 'a' }], ...more }))).toEqual([
      "spec.containers[0].volumeMounts[0].subPath says $(item.name), and an item's value is filled in only in command, args and env of a container: write it there; a subPathExpr can name a variable of env that has it",
    ]);
    const env = [{ name: 'NAME', value: '$(item.name)' }];
    const right = [{ name: 'data', mountPath: '/data', subPathExpr: '$(NAME)' }];
    expect(await problemsOf(task({ volumes: right, env, items: [{ name: 'a' }], ...more }))).toEqual([]);
  });

  const flow = (...steps: readonly object[]) => ({
    type: 'task-flow',
    properties: { steps: steps.map((step) => ({ image: 'busybox', ...step })) },
  });
  const manySteps = Array.from({ length: 41 }, (_, index) => ({
    name: `s${index}`,
    dependsOn: [`s${(index + 1) % 41}`],
  }));
  it.each<[string, ReturnType<typeof flow>, string]>([
    [
      'an output that no step declares',
      flow({ name: 'build' }, { name: 'push', dependsOn: ['build'], cmd: ['push', '$(steps.build.outputs.imge)'] }),
      'step build declares no output imge',
    ],
    ['a circle in many steps', flow(...manySteps), 'steps depend on each other in a circle'],
  ])('and %s, though only a schedule or a person starts the flow', async (_what, component, says) => {
    for (const start of [{ schedule: { cron: '@daily' } }, { executionPolicy: { trigger: 'Manual' } }]) {
      const problems = await problemsOf({ ...component, properties: { ...component.properties, ...start } });
      expect(problems).toEqual([expect.stringContaining(says)]);
    }
  });

  it('but not what a trait adds that is not evaluated', async () => {
    const properties = { podSpec: { containers: [{ volumeMounts: [{ name: 'data', mountPath: '/data' }] }] } };
    const traits = [{ type: 'storage', properties: { emptyDir: [{ name: 'data', mountPath: '/cache' }] } }];
    expect(await problemsOf(task(properties, { traits }))).toEqual([]);
    expect(await problemsOf(task(properties))).toHaveLength(1);
  });

  it('but not what a flow mounts for all of its steps', async () => {
    const mounts = (name: string) => ({
      podSpec: { containers: [{ volumeMounts: [{ name, mountPath: `/${name}/sub` }] }] },
    });
    const steps = [
      { name: 'a', image: 'busybox', ...mounts('shared') },
      { name: 'b', image: 'busybox', ...mounts('workspace') },
    ];
    const globals = { volumes: [{ name: 'shared', mountPath: '/shared' }], workspace: { size: '1Gi' } };
    expect(await problemsOf({ type: 'task-flow', properties: { steps, globals } })).toEqual([]);
    expect(await problemsOf({ type: 'task-flow', properties: { steps } })).toHaveLength(2);
  });

  it('but not a placeholder of a template', async () => {
    const properties = {
      parameters: [{ name: 'p', default: 'IfNotPresent' }],
      imagePullPolicy: 'Always',
      memory: '$(params.p)',
      nodeSelector: { disk: '$(params.p)' },
      labels: { a: '$(params.p)' },
      podSpec: {
        volumes: [{ name: '$(params.p)', configMap: { name: '$(params.p)', defaultMode: '$(params.p)' } }],
        containers: [{ volumeMounts: [{ name: '$(params.p)', mountPath: '/a' }] }],
        initContainers: [{ name: 'i', image: '$(params.p)', imagePullPolicy: '$(params.p)' }],
        dnsPolicy: '$(params.p)',
      },
    };
    expect(await problemsOf({ type: 'task-template', properties: { image: 'busybox', ...properties } })).toEqual([]);
  });

  it.each([...goodJobs])('but not %s', async (_what, properties) => {
    expect(await problemsOf(task(properties))).toEqual([]);
    expect(await problemsOf({ type: 'task-template', properties: { image: 'busybox', ...properties } })).toEqual([]);
  });
});
