import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { createCue, cueVersions, type Cue, type CueVersion, type JsonObject } from '../../cue/ts/index.ts';
import { definitionNames, readDefinition } from '../../scripts/definition-files.ts';
import { objectsOf, renderAddon, type AddonApplication } from '../../scripts/addon-files.ts';

const dist = fileURLToPath(new URL('../../dist/task-runs', import.meta.url));

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}
interface AnObject extends JsonObject {
  kind: string;
  metadata: { name: string; namespace?: string };
  rules?: Rule[];
}

/** What the archive keeps, as the parameters have it by default. */
const retention = [
  '--archive-older-runs=all-namespaces',
  '--archive-max-age-days=90',
  '--archive-max-runs=1000000',
  '--archive-max-size=8Gi',
  '--archive-log-limit=1Mi',
];

const podUid = { name: 'POD_UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } };

const find = (application: AddonApplication, component: string, kind: string, name: string): AnObject => {
  const objects = objectsOf(application, component) as AnObject[];
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (!found)
    throw new Error(
      `no ${kind} ${name}, only ${objects.map((object) => `${object.kind} ${object.metadata.name}`).join(', ')}`,
    );
  return found;
};
const kindsOf = (application: AddonApplication, component: string) =>
  (objectsOf(application, component) as AnObject[]).map(
    ({ kind, metadata }) => `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ''}${metadata.name}`,
  );

/** Where a schema gives a value to a field of a list's items. */
function defaultsInLists(schema: unknown, path: readonly string[] = []): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = path.includes('items') && 'default' in schema && path.at(-1) !== 'properties' ? [path.join('.')] : [];
  return [...own, ...Object.entries(schema).flatMap(([key, value]) => defaultsInLists(value, [...path, key]))];
}

describe.each(Object.keys(cueVersions) as CueVersion[])('the addon, with CUE %s', (version) => {
  let cue: Cue;
  beforeAll(async () => {
    cue = await createCue({ version, deadlineMs: 20_000 });
  });
  afterAll(() => cue.close());

  it('deploys the controller and its rights to each cluster, and the definition to the hub alone', async () => {
    const application = await renderAddon(cue, dist);
    expect(application.spec.workflow.steps.map(({ name, type, properties }) => [name, type, properties])).toEqual([
      ['in-each-cluster', 'deploy', { policies: ['clusters', 'in-each-cluster'] }],
      ['release', 'apply-component', { component: 'task-runs-release' }],
      ['definition', 'apply-component', { component: 'task-runs-definition' }],
      ['fallback', 'apply-component', { component: 'task-runs-fallback' }],
    ]);
    expect(kindsOf(application, 'task-runs-resources').sort()).toEqual([
      'ClusterRole task-runs-edit',
      'ClusterRole task-runs-run',
      'ClusterRole task-runs-view',
      'CustomResourceDefinition taskruns.task.oam.dev',
      'CustomResourceDefinition tasks.task.oam.dev',
      'CustomResourceDefinition tasktemplates.task.oam.dev',
    ]);
    expect(kindsOf(application, 'task-runs-controller').sort()).toEqual([
      'ClusterRole task-runs',
      'ClusterRole task-runs-nodes',
      'ClusterRoleBinding task-runs',
      'ClusterRoleBinding task-runs-console',
      'ClusterRoleBinding task-runs-nodes',
      'ClusterRoleBinding task-runs-reviews',
      'Deployment vela-system/task-runs',
      'Role vela-system/task-runs-leader',
      'RoleBinding vela-system/task-runs-leader',
      'Service vela-system/task-runs',
      'ServiceAccount vela-system/task-runs',
      'ServiceAccount vela-system/task-runs-console',
      'ValidatingAdmissionPolicy applications.task-runs',
      'ValidatingAdmissionPolicy children.task-runs',
      'ValidatingAdmissionPolicy counted-pods.task-runs',
      'ValidatingAdmissionPolicy jobs.task-runs',
      'ValidatingAdmissionPolicy pods.task-runs',
      'ValidatingAdmissionPolicy status.task-runs',
      'ValidatingAdmissionPolicy taskruns.task-runs',
      'ValidatingAdmissionPolicyBinding applications.task-runs',
      'ValidatingAdmissionPolicyBinding children.task-runs',
      'ValidatingAdmissionPolicyBinding counted-pods.task-runs',
      'ValidatingAdmissionPolicyBinding jobs.task-runs',
      'ValidatingAdmissionPolicyBinding pods.task-runs',
      'ValidatingAdmissionPolicyBinding status.task-runs',
      'ValidatingAdmissionPolicyBinding taskruns.task-runs',
    ]);
    const definitions = await Promise.all(
      (await definitionNames()).map(async (name) => (await cue.compile(await readDefinition(name))).describe()),
    );
    const kinds: Record<string, string> = {
      component: 'ComponentDefinition',
      trait: 'TraitDefinition',
      'workflow-step': 'WorkflowStepDefinition',
    };
    expect(kindsOf(application, 'task-runs-definition')).toEqual([
      ...definitions.map(({ name, type }) => `${kinds[type]} vela-system/${name}`),
      'ConfigMap vela-system/task-runs-topology',
    ]);
    const named = (kind: string) =>
      definitions
        .filter(({ type }) => kinds[type] === kind)
        .map(({ name }) => name)
        .join(',');
    expect(named('ComponentDefinition')).toBe('cron-task,daemon-task,task,task-flow,task-template');
    expect(application.metadata.annotations).toMatchObject({
      'addon.oam.dev/componentDefinitions': 'cron-task,daemon-task,task,task-flow,task-template',
      'addon.oam.dev/traitDefinitions': 'task-queue',
      'addon.oam.dev/workflowStepDefinitions': named('WorkflowStepDefinition'),
    });
  });

  it('says in each policy what the API server would add, which Argo CD and Fleet take for a change', async () => {
    const objects = objectsOf(await renderAddon(cue, dist), 'task-runs-controller') as AnObject[];
    const policies = objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy');
    const constraints = policies.map(({ spec }) => (spec as JsonObject)['matchConstraints'] as JsonObject);
    expect(constraints).toHaveLength(7);
    const rule = expect.objectContaining({ scope: '*' }) as unknown;
    for (const one of constraints) {
      const { resourceRules, ...others } = one;
      expect(others).toEqual({
        matchPolicy: 'Equivalent',
        namespaceSelector: {},
        objectSelector: expect.any(Object) as object,
      });
      expect(resourceRules).toEqual((resourceRules as unknown[]).map(() => rule));
    }
  });

  it('has no defaults in the lists of a TaskTemplate, which Argo CD and Fleet take for a change', async () => {
    const crd = find(
      await renderAddon(cue, dist),
      'task-runs-resources',
      'CustomResourceDefinition',
      'tasktemplates.task.oam.dev',
    );
    expect(defaultsInLists(crd['spec'])).toEqual([]);
    expect(defaultsInLists({ properties: { rows: { items: { properties: { a: { default: 1 } } } } } })).toEqual([
      'properties.rows.items.properties.a',
    ]);
  });

  it('gives people roles to look, to run and to edit, each a part of what Kubernetes calls so', async () => {
    const application = await renderAddon(cue, dist);
    const all = ['view', 'run', 'edit'].map((name) =>
      find(application, 'task-runs-resources', 'ClusterRole', `task-runs-${name}`),
    );
    const verbs = all.map(({ rules = [] }) =>
      Object.fromEntries(
        rules.flatMap(({ resources, verbs }) => resources.map((resource) => [resource, verbs.join(' ')])),
      ),
    );
    expect(verbs).toEqual([
      { tasks: 'get list watch', taskruns: 'get list watch', tasktemplates: 'get list watch' },
      { tasks: 'get list watch', taskruns: 'get list watch create update patch', tasktemplates: 'get list watch' },
      {
        tasks: 'create update patch delete deletecollection',
        taskruns: 'create update patch delete deletecollection',
        tasktemplates: 'create update patch delete deletecollection',
      },
    ]);
    const roles = all.map(({ metadata }) =>
      Object.keys((metadata as { labels?: object }).labels ?? {}).map((label) =>
        label.replace('rbac.authorization.k8s.io/aggregate-to-', ''),
      ),
    );
    expect(roles).toEqual([
      ['view', 'edit', 'admin'],
      ['edit', 'admin'],
      ['edit', 'admin'],
    ]);
  });

  it('lets the controller create and delete Jobs, and change nothing of them', async () => {
    const { rules = [] } = find(await renderAddon(cue, dist), 'task-runs-controller', 'ClusterRole', 'task-runs');
    expect(
      Object.fromEntries(
        rules.flatMap(({ resources, verbs }) => resources.map((resource) => [resource, verbs.join(' ')])),
      ),
    ).toEqual({
      tasks: 'list watch',
      tasktemplates: 'list watch',
      'tasks/status': 'patch',
      'taskruns/status': 'patch',
      taskruns: 'get list watch create patch delete',
      'tasks/finalizers': 'update',
      'taskruns/finalizers': 'update',
      jobs: 'get list watch create delete',
      pods: 'get list watch',
      'pods/log': 'get',
      persistentvolumeclaims: 'get list watch create delete',
      events: 'list watch create patch',
      applications: 'get patch',
      // The archive stores whose namespace a run was in.
      namespaces: 'get',
      // Kueue's are read, to say what a run waits for.
      workloads: 'list watch',
      localqueues: 'list watch',
    });
  });

  it('runs the controller with no rights on its node', async () => {
    const deployment = find(await renderAddon(cue, dist), 'task-runs-controller', 'Deployment', 'task-runs');
    expect(deployment).toMatchObject({
      spec: {
        replicas: 1,
        strategy: { type: 'Recreate' },
        template: {
          spec: {
            volumes: [{ name: 'archive', emptyDir: { sizeLimit: '8Gi' } }],
            securityContext: { runAsNonRoot: true, fsGroup: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [
              {
                image: `task-runs:${packageJson.version}`,
                args: ['--leader-elect', '--api-address=:8090', '--archive=/archive/runs.db', ...retention],
                // SQLite sorts in a file where memory is not enough, and fails where no folder can be written.
                env: [podUid, { name: 'SQLITE_TMPDIR', value: '/archive' }],
                volumeMounts: [{ name: 'archive', mountPath: '/archive' }],
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ['ALL'] },
                },
              },
            ],
          },
        },
      },
    });
  });

  it('keeps the archive on a volume of the cluster where one is wished for, and nowhere where it is not', async () => {
    const kept = await renderAddon(cue, dist, { archive: { volumeSize: '10Gi', storageClassName: 'fast' } });
    expect(find(kept, 'task-runs-controller', 'PersistentVolumeClaim', 'task-runs-archive')).toMatchObject({
      spec: { storageClassName: 'fast', resources: { requests: { storage: '10Gi' } } },
    });
    expect(find(kept, 'task-runs-controller', 'Deployment', 'task-runs')).toMatchObject({
      spec: {
        template: {
          spec: { volumes: [{ name: 'archive', persistentVolumeClaim: { claimName: 'task-runs-archive' } }] },
        },
      },
    });
    const off = await renderAddon(cue, dist, { archive: { enabled: false } });
    expect(JSON.stringify(find(off, 'task-runs-controller', 'Deployment', 'task-runs'))).not.toMatch(
      /--archive=|volumeMounts/,
    );
  });

  it('archives nothing where the archive is switched off, and keeps what there is', async () => {
    const archive = { enabled: false, postgresSecret: 'runs-database', volumeSize: '10Gi' };
    const off = await renderAddon(cue, dist, { archive, networkPolicy: { enabled: true } });
    const inCluster = (kind: string, name: string) => find(off, 'task-runs-controller', kind, name);
    expect(JSON.stringify(inCluster('Deployment', 'task-runs'))).not.toMatch(/TASK_RUNS_ARCHIVE|--archive=|volumes/);
    expect(JSON.stringify(inCluster('NetworkPolicy', 'task-runs'))).not.toContain('5432');
    expect(inCluster('PersistentVolumeClaim', 'task-runs-archive')).toMatchObject({
      spec: { resources: { requests: { storage: '10Gi' } } },
    });
  });

  it('uses every parameter', async () => {
    const application = await renderAddon(cue, dist, {
      image: 'registry.example/task-runs:9',
      imagePullPolicy: 'Always',
      imagePullSecrets: ['pull'],
      replicas: 2,
      resources: { cpu: '1', memory: '1Gi', memoryLimit: '2Gi' },
      clusters: ['local', 'far'],
      namespaces: ['a', 'b'],
      queueControllers: ['queue "1"'],
      queuePodKeys: ['kueue.x-k8s.io/', 'autoscaling.x-k8s.io/'],
      archive: { postgresSecret: 'runs-database', maxAgeDays: 7, maxRuns: 10, maxSize: '1Gi', logLimit: '2Mi' },
    });
    expect(application.spec.policies.find(({ name }) => name === 'clusters')).toMatchObject({
      properties: { clusters: ['local', 'far'] },
    });
    expect(kindsOf(application, 'task-runs-controller')).toEqual(
      expect.arrayContaining([
        'RoleBinding a/task-runs',
        'RoleBinding b/task-runs',
        'RoleBinding a/task-runs-console',
        'RoleBinding b/task-runs-console',
      ]),
    );
    expect(kindsOf(application, 'task-runs-controller')).not.toContain('ClusterRoleBinding task-runs');
    expect(find(application, 'task-runs-controller', 'Deployment', 'task-runs')).toMatchObject({
      spec: {
        replicas: 2,
        template: {
          spec: {
            imagePullSecrets: [{ name: 'pull' }],
            containers: [
              {
                image: 'registry.example/task-runs:9',
                imagePullPolicy: 'Always',
                args: [
                  '--leader-elect',
                  '--namespace=a',
                  '--namespace=b',
                  '--api-address=:8090',
                  '--archive-older-runs=all-namespaces',
                  '--archive-max-age-days=7',
                  '--archive-max-runs=10',
                  '--archive-max-size=1Gi',
                  '--archive-log-limit=2Mi',
                ],
                env: [
                  podUid,
                  { name: 'TASK_RUNS_ARCHIVE', valueFrom: { secretKeyRef: { name: 'runs-database', key: 'url' } } },
                ],
                resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { memory: '2Gi' } },
              },
            ],
          },
        },
      },
    });
    const policy = JSON.stringify(
      find(application, 'task-runs-controller', 'ValidatingAdmissionPolicy', 'jobs.task-runs'),
    );
    expect(policy).toContain(JSON.stringify('["kueue.x-k8s.io/","autoscaling.x-k8s.io/"].exists(').slice(1, -1));
    expect(policy).toContain(JSON.stringify(String.raw`request.userInfo.username in ["queue \"1\""]`).slice(1, -1));
  });

  it('keeps one of several controllers while nodes are drained, and has them on nodes apart', async () => {
    const alone = await renderAddon(cue, dist);
    expect(kindsOf(alone, 'task-runs-controller').filter((kind) => kind.startsWith('PodDisruptionBudget'))).toEqual([]);
    expect(JSON.stringify(find(alone, 'task-runs-controller', 'Deployment', 'task-runs'))).not.toContain('topology');

    const several = await renderAddon(cue, dist, { replicas: 2 });
    const labels = { 'app.kubernetes.io/name': 'task-runs' };
    expect(find(several, 'task-runs-controller', 'PodDisruptionBudget', 'task-runs')).toMatchObject({
      metadata: { namespace: 'vela-system' },
      spec: { maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow', selector: { matchLabels: labels } },
    });
    const apart = (topologyKey: string) => ({
      maxSkew: 1,
      topologyKey,
      // One node is enough for two controllers.
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: labels },
      matchLabelKeys: ['pod-template-hash'],
    });
    expect(find(several, 'task-runs-controller', 'Deployment', 'task-runs')).toMatchObject({
      spec: {
        template: {
          metadata: { labels },
          spec: {
            topologySpreadConstraints: [apart('kubernetes.io/hostname'), apart('topology.kubernetes.io/zone')],
          },
        },
      },
    });
  });

  it('lets the named namespaces alone reach the controllers, if it is told to', async () => {
    const policies = kindsOf(await renderAddon(cue, dist), 'task-runs-controller');
    expect(policies.filter((kind) => kind.startsWith('NetworkPolicy'))).toEqual([]);

    const policyOf = async (parameters: JsonObject) =>
      find(await renderAddon(cue, dist, parameters), 'task-runs-controller', 'NetworkPolicy', 'task-runs')['spec'];
    const dns = { ports: ['UDP', 'TCP'].map((protocol) => ({ protocol, port: 53 })) };
    const tcp = (...ports: number[]) => ({ ports: ports.map((port) => ({ protocol: 'TCP', port })) });
    const rest = {
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'task-runs' } },
      policyTypes: ['Ingress', 'Egress'],
    };
    expect(await policyOf({ networkPolicy: { enabled: true } })).toEqual({
      ...rest,
      // Nobody: a rule without peers would mean everybody.
      ingress: [],
      egress: [dns, tcp(443, 6443)],
    });
    const from = (...values: string[]) => [
      { namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values }] } },
    ];
    expect(
      await policyOf({
        networkPolicy: {
          enabled: true,
          metricsNamespaces: ['monitoring'],
          apiNamespaces: ['ingress', 'portal'],
          egressPorts: [16_443],
        },
        archive: { postgresSecret: 'runs-database' },
        otlpEndpoint: 'http://collector.observability:4318',
      }),
    ).toEqual({
      ...rest,
      ingress: [
        { ports: [{ protocol: 'TCP', port: 'http' }], from: from('monitoring') },
        { ports: [{ protocol: 'TCP', port: 'api' }], from: from('ingress', 'portal') },
      ],
      egress: [dns, tcp(443, 6443, 5432, 4318, 16_443)],
    });
  });

  it('has tokens that only read, if they have an audience', async () => {
    const argsOf = async (parameter: JsonObject) => {
      const deployment = find(
        await renderAddon(cue, dist, parameter),
        'task-runs-controller',
        'Deployment',
        'task-runs',
      );
      return (deployment as unknown as { spec: { template: { spec: { containers: [{ args: string[] }] } } } }).spec
        .template.spec.containers[0].args;
    };
    expect((await argsOf({})).filter((arg) => arg.includes('audience'))).toEqual([]);
    for (const audience of ['task-runs', 'https://task-runs.example.com/api', 'x'.repeat(253)])
      expect(await argsOf({ api: { audience } })).toContain(`--api-audience=${audience}`);
  });

  it.each(['', ' ', 'task runs', '-task-runs', 'a,b', 'a"b', 'task-runs\n', 'täsk-runs', 'x'.repeat(254)])(
    'says what to write in the place of the audience %j',
    async (audience) => {
      await expect(renderAddon(cue, dist, { api: { audience } })).rejects.toThrow(
        'write api.audience as a name such as task-runs: letters, digits and . _ : / -',
      );
    },
  );

  it.each(['https://kubernetes.default.svc', 'https://kubernetes.default.svc.cluster.local', 'kubernetes.default.svc'])(
    'refuses the audience %s, which is that of the API server',
    async (audience) => {
      await expect(renderAddon(cue, dist, { api: { audience } })).rejects.toThrow(
        'write api.audience as a name of your own, such as task-runs: this is the audience of the API server',
      );
    },
  );

  it('serves the API with the certificate of a Secret, if one is named', async () => {
    const plain = await renderAddon(cue, dist);
    expect(JSON.stringify(find(plain, 'task-runs-controller', 'Deployment', 'task-runs'))).not.toContain('tls');

    const encrypted = await renderAddon(cue, dist, { api: { tlsSecret: 'task-runs-tls' } });
    expect(find(encrypted, 'task-runs-controller', 'Service', 'task-runs')).toMatchObject({
      spec: { ports: [{ name: 'api', port: 8090, targetPort: 'api', appProtocol: 'https' }] },
    });
    expect(find(encrypted, 'task-runs-controller', 'Deployment', 'task-runs')).toMatchObject({
      spec: {
        template: {
          spec: {
            volumes: [{ name: 'archive' }, { name: 'tls', secret: { secretName: 'task-runs-tls' } }],
            containers: [
              {
                args: [
                  '--leader-elect',
                  '--api-address=:8090',
                  '--tls-cert-file=/tls/tls.crt',
                  '--tls-private-key-file=/tls/tls.key',
                  '--archive=/archive/runs.db',
                  ...retention,
                ],
                volumeMounts: [
                  { name: 'archive', mountPath: '/archive' },
                  { name: 'tls', mountPath: '/tls', readOnly: true },
                ],
              },
            ],
          },
        },
      },
    });
  });

  it('has nothing of the Prometheus Operator unless told to', async () => {
    const kinds = async (parameters: JsonObject) =>
      kindsOf(await renderAddon(cue, dist, parameters), 'task-runs-controller').filter((kind) =>
        /^(PodMonitor|PrometheusRule)/.test(kind),
      );
    expect(await kinds({})).toEqual([]);
    expect(await kinds({ podMonitor: true })).toEqual(['PodMonitor vela-system/task-runs']);
    expect(await kinds({ prometheusRule: true })).toEqual(['PrometheusRule vela-system/task-runs']);
    const application = await renderAddon(cue, dist, {
      podMonitor: true,
      prometheusRule: true,
      monitoringLabels: { release: 'prometheus' },
    });
    expect(find(application, 'task-runs-controller', 'PodMonitor', 'task-runs')).toMatchObject({
      metadata: { labels: { release: 'prometheus' } },
      spec: {
        selector: { matchLabels: { 'app.kubernetes.io/name': 'task-runs' } },
        // The label namespace is the run's, not that of the controller's pod.
        podMetricsEndpoints: [{ port: 'http', path: '/metrics', honorLabels: true }],
      },
    });
    expect(find(application, 'task-runs-controller', 'PrometheusRule', 'task-runs')).toMatchObject({
      metadata: { labels: { release: 'prometheus' } },
    });
  });

  it("gives alerts a runbook_url below the parameter's address, and otherwise none", async () => {
    interface Rules {
      readonly groups: readonly { readonly rules: readonly { readonly annotations: Record<string, string> }[] }[];
    }
    const ofFile = await readFile(new URL('../../observability/task-runs.rules.yaml', import.meta.url), 'utf8');
    const loaded = async (parameters: JsonObject): Promise<Rules> => {
      const application = await renderAddon(cue, dist, { prometheusRule: true, ...parameters });
      return (
        find(application, 'task-runs-controller', 'PrometheusRule', 'task-runs') as unknown as { readonly spec: Rules }
      ).spec;
    };
    const address = 'https://handbook.example.org/runbooks.html';
    expect(await loaded({ runbooksUrl: address })).toEqual(
      parse(ofFile.replaceAll('https://docs.example.com/task-runs/operations/runbooks', address)),
    );
    const withoutLinks = parse(ofFile) as Rules;
    for (const group of withoutLinks.groups)
      for (const { annotations } of group.rules) delete annotations['runbook_url'];
    expect(await loaded({})).toEqual(withoutLinks);
  });

  it('tells KubeVela the way from a Task to its Jobs, from which on it knows itself', async () => {
    const application = await renderAddon(cue, dist);
    const topology = find(application, 'task-runs-definition', 'ConfigMap', 'task-runs-topology') as AnObject & {
      data: { rules: string };
    };
    expect(topology.metadata).toMatchObject({
      labels: { 'rules.oam.dev/resources': 'true', 'rules.oam.dev/resource-format': 'yaml' },
    });
    const rules = parse(topology.data.rules) as {
      parentResourceType: { group: string; kind: string };
      childrenResourceType: { apiVersion: string; kind: string }[];
    }[];
    const steps = rules.map(({ parentResourceType: { group, kind }, childrenResourceType }) => [
      `${group}/${kind}`,
      ...childrenResourceType.map((child) => `${child.apiVersion}/${child.kind}`),
    ]);
    expect(steps).toEqual([
      ['task.oam.dev/Task', 'task.oam.dev/v1alpha1/TaskRun'],
      ['task.oam.dev/TaskRun', 'batch/v1/Job'],
    ]);
    const crds = objectsOf(application, 'task-runs-resources').filter(
      ({ kind }) => kind === 'CustomResourceDefinition',
    ) as unknown as { spec: { group: string; names: { kind: string }; versions: { name: string }[] } }[];
    for (const [, child = ''] of steps.slice(0, 1))
      expect(crds.map(({ spec }) => `${spec.group}/${spec.versions[0]?.name}/${spec.names.kind}`)).toContain(child);
  });

  it('names the collector of traces to the controller', async () => {
    const containers = async (parameters: JsonObject) =>
      (
        find(
          await renderAddon(cue, dist, parameters),
          'task-runs-controller',
          'Deployment',
          'task-runs',
        ) as AnObject & { spec: { template: { spec: { containers: JsonObject[] } } } }
      ).spec.template.spec.containers;
    const archive = { enabled: false };
    expect(await containers({ archive })).toMatchObject([{ env: [podUid] }]);
    expect(await containers({ archive, otlpEndpoint: 'http://collector:4318' })).toMatchObject([
      { env: [podUid, { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: 'http://collector:4318' }] },
    ]);
  });

  it.each([{ replicas: 'two' }, { imagePullPolicy: 'always' }, { clusters: 'local' }])(
    'refuses %o',
    async (parameters) => {
      await expect(renderAddon(cue, dist, parameters)).rejects.toThrow(Object.keys(parameters)[0]);
    },
  );

  it('gives the fallback the same object in both states, except the definition that it releases', async () => {
    const application = await renderAddon(cue, dist);
    const [release] = objectsOf(application, 'task-runs-release') as [AnObject & { spec: JsonObject }];
    const [fallback] = objectsOf(application, 'task-runs-fallback') as [AnObject & { spec: JsonObject }];
    expect({ ...fallback, spec: { ...fallback.spec, components: [] } }).toEqual(release);
    expect(fallback.spec['components']).toMatchObject([
      {
        properties: {
          objects: [
            {
              kind: 'ComponentDefinition',
              metadata: { name: 'cron-task', namespace: 'vela-system' },
              spec: { workload: { type: 'cronjobs.batch' } },
            },
            {
              kind: 'ComponentDefinition',
              metadata: { name: 'task', namespace: 'vela-system' },
              spec: { workload: { type: 'jobs.batch' } },
            },
          ],
        },
      },
    ]);
  });
});

it('shares task and cron-task with the fallback, and nothing else', async () => {
  const cue = await createCue({ version: '0.9.2', deadlineMs: 20_000 });
  const objects = objectsOf(
    await renderAddon(cue, dist).finally(() => cue.close()),
    'task-runs-definition',
  ) as AnObject[];
  const shared = objects.filter(
    ({ metadata }) => 'app.oam.dev/shared-by' in ((metadata as { annotations?: object }).annotations ?? {}),
  );
  expect(shared.map(({ metadata }) => metadata.name)).toEqual(['cron-task', 'task']);
});

it('keeps every definition in one piece, as `vela def vet` takes it', async () => {
  for (const name of await definitionNames()) {
    const assembled = await readFile(`${dist}/../definitions/${name}.cue`, 'utf8');
    expect(assembled, `${name}: if dist/ is older than definitions/, make addon`).toBe(await readDefinition(name));
  }
});

it('says the same version everywhere', async () => {
  const metadata = parse(await readFile(`${dist}/metadata.yaml`, 'utf8')) as { name: string; version: string };
  expect(metadata).toMatchObject({ name: 'task-runs', version: packageJson.version });
});

it('has one object a file, without anchors', async () => {
  for (const name of (await readdir(`${dist}/resources`)).filter((name) => name.endsWith('.yaml'))) {
    const text = await readFile(`${dist}/resources/${name}`, 'utf8');
    expect(text, name).not.toMatch(/: [&*]\w|^---/m);
    expect(parse(text), name).toHaveProperty('kind');
  }
});
