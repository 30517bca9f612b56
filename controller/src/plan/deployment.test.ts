import { expect, it } from 'vitest';
import type { TaskSpec } from '../resources/index.ts';
import { readApplications } from './application.ts';
import type { Deployed } from './deployment.ts';
import { planApplications } from './plan.ts';
import type { Render } from './render.ts';

/** Renders a Task whose only container has the properties, and the context's name. */
const render: Render = {
  componentTypes: ['task'],
  traitTypes: [],
  stepTypes: [],
  component: (_, { parameter, context }) => {
    const { appName, appRevision, publishVersion, name } = context as Record<string, string>;
    const spec = {
      trigger: { appRevision, publishVersion },
      template: { spec: { restartPolicy: 'Never', containers: [{ name, ...parameter }] } },
      job: {},
    };
    return Promise.resolve({
      object: { kind: 'Task', metadata: { name: `${appName}-${name}` }, spec: spec as TaskSpec },
    });
  },
  step: () => Promise.reject(new Error('no steps here')),
  trait: () => Promise.reject(new Error('no traits here')),
  admit: (object) => ({ object }),
};

async function deploy(image: string, publishVersion: string | undefined, before?: Deployed): Promise<Deployed> {
  const annotations = publishVersion === undefined ? {} : { 'app.oam.dev/publishVersion': publishVersion };
  const text = JSON.stringify({
    apiVersion: 'core.oam.dev/v1beta1',
    kind: 'Application',
    metadata: { name: 'web', annotations, labels: { team: 'a' } },
    spec: { components: [{ name: 'job', type: 'task', properties: { image } }] },
  });
  const { applications } = readApplications(text, 'app.json', render.componentTypes);
  const { deployed, problems } = await planApplications({
    applications,
    render,
    namespace: 'default',
    now: new Date('2026-03-20T12:00:00Z'),
    before: () => Promise.resolve(before),
  });
  expect(problems).toEqual([]);
  return deployed.get('default/web') as Deployed;
}

const imageOf = ({ tasks }: Deployed) => {
  const { spec } = tasks.get('web-job')?.state.task ?? {};
  return (spec?.template as { spec: { containers: { image: string }[] } }).spec.containers[0]?.image;
};

it('a spec that is not deployed while publishVersion stays is deployed with the next one', async () => {
  const first = await deploy('one', '1');
  const pinned = await deploy('two', '1', first);
  expect([pinned.revisionName, imageOf(pinned), pinned.spec]).toEqual(['web-v1', 'one', first.spec]);
  const released = await deploy('two', '2', pinned);
  expect([released.revisionName, imageOf(released)]).toEqual(['web-v2', 'two']);
});

it('a Task has the labels that KubeVela gives it', async () => {
  const { tasks } = await deploy('two', undefined, await deploy('one', undefined));
  expect(tasks.get('web-job')?.state.task.metadata.labels).toEqual({
    team: 'a',
    'app.oam.dev/name': 'web',
    'app.oam.dev/namespace': 'default',
    'app.oam.dev/component': 'job',
    'app.oam.dev/appRevision': 'web-v2',
  });
});
