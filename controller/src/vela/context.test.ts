import { expect, it } from 'vitest';
import { componentContext, stepContext } from './context.ts';

const application = {
  name: 'web',
  namespace: 'default',
  annotations: { 'app.oam.dev/publishVersion': '7', 'app.oam.dev/workflowName': 'nightly' },
};
const revised = { application, namespace: 'jobs', revisionName: 'web-v3' };
const component = { name: 'job', type: 'task', properties: { image: 'busybox' } };
const clusterVersion = { major: '1', minor: 34, gitVersion: 'v1.34', platform: 'linux/amd64' };

it("a component's template sees the component, its revision and where it goes", () => {
  const context = componentContext(revised, [component], component);
  expect(context).toEqual({
    name: 'job',
    namespace: 'jobs',
    appName: 'web',
    appRevision: 'web-v3',
    appRevisionNum: 3,
    revision: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    components: [component],
    appLabels: {},
    appAnnotations: application.annotations,
    replicaKey: '',
    cluster: 'local',
    clusterVersion,
    workflowName: 'nightly',
    publishVersion: '7',
  });
  const other = { ...component, properties: { image: 'alpine' } };
  expect(componentContext(revised, [other], other)['revision']).not.toBe(context['revision']);
});

it('before the first revision, and without publishVersion, texts are empty', () => {
  const context = componentContext({ application: { name: 'web' }, namespace: 'a', revisionName: '' }, [], component);
  expect(context).toMatchObject({ appRevision: '', appRevisionNum: 0, publishVersion: '', workflowName: '' });
});

it("a workflow step's template sees the Application as a whole, and the step's session", () => {
  expect(stepContext(revised, { name: 'migrate', sessionId: 'abc' })).toEqual({
    name: 'web',
    namespace: 'jobs',
    appName: 'web',
    appRevision: 'web-v3',
    appRevisionNum: 3,
    revision: '',
    components: null,
    appLabels: null,
    appAnnotations: application.annotations,
    replicaKey: '',
    cluster: '',
    clusterVersion,
    workflowName: 'nightly',
    publishVersion: '7',
    stepName: 'migrate',
    stepSessionID: 'abc',
    spanID: 'abc',
  });
});
