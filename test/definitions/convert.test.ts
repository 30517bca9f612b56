/** `task-runs convert`: what it prints is rendered by our definitions, and runs what the old manifest ran. */
import { describe, expect, it } from 'vitest';
import { parseAllDocuments, parseDocument, stringify } from 'yaml';
import { runInProcess } from '../support/cli-in-process.ts';
import { parts, useDefinitions, type Application } from './converted.ts';

const rendered = useDefinitions();

async function convert(...manifests: unknown[]) {
  const text = manifests
    .map((manifest) => (typeof manifest === 'string' ? manifest : `---\n${stringify(manifest)}`))
    .join('');
  const written = await runInProcess(['convert', '-f', 'old.yaml'], () => Promise.resolve(text), { parts });
  const applications = parseAllDocuments(written.out)
    .filter((document) => document.contents !== null)
    .map((document) => document.toJS() as Application);
  return { exitCode: written.code, applications, text: written.out, warnings: written.err.trim().split('\n') };
}

const job = (spec: object, name = 'old') => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, namespace: 'shop' },
  spec,
});
const pod = (container: object, more: object = {}) => ({
  template: {
    spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox', ...container }], ...more },
  },
});
const operator = (kind: string, spec: object, name = 'old') => ({
  apiVersion: 'api.practice.com/v1alpha1',
  kind,
  metadata: { name },
  spec,
});

describe('convert', () => {
  it.each<[string, object, object]>([
    ['command and args', { command: ['sh', '-c'], args: ['echo'] }, { command: ['sh', '-c', 'echo'] }],
    ['args alone', { args: ['--all'] }, { args: ['--all'] }],
    [
      'env of every source',
      {
        env: [
          { name: 'A', value: 'b' },
          { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
        ],
      },
      {
        env: [
          { name: 'A', value: 'b' },
          { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
        ],
      },
    ],
    [
      'like requests and limits',
      { resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1', memory: '1Gi' } } },
      { resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1', memory: '1Gi' } } },
    ],
    [
      'others',
      { resources: { requests: { cpu: '1' }, limits: { 'nvidia.com/gpu': 1 } } },
      { resources: { requests: { cpu: '1' }, limits: { 'nvidia.com/gpu': 1 } } },
    ],
    [
      'what has no parameter',
      { securityContext: { runAsUser: 7 }, envFrom: [{ secretRef: { name: 's' } }], workingDir: '/w' },
      { securityContext: { runAsUser: 7 }, envFrom: [{ secretRef: { name: 's' } }], workingDir: '/w' },
    ],
  ])("keeps a container's %s", async (_what, container, same) => {
    const {
      applications: [application],
      exitCode,
    } = await convert(job(pod(container)));
    expect(exitCode).toBe(0);
    expect(application).toMatchObject({
      apiVersion: 'core.oam.dev/v1beta1',
      kind: 'Application',
      metadata: { name: 'old', namespace: 'shop' },
      spec: { components: [{ name: 'old', type: 'task' }] },
    });
    const { spec } = await rendered(application as Application);
    expect(spec).toMatchObject({
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'old', image: 'busybox', ...same }] } },
    });
  });

  it('keeps a pod and a JobSpec whole, and says what changes', async () => {
    const podSpec = {
      volumes: [{ name: 'v', nfs: { server: 's', path: '/' } }],
      initContainers: [{ name: 'first', image: 'busybox' }],
      serviceAccountName: 'sa',
      nodeSelector: { a: 'b' },
      tolerations: [{ operator: 'Exists' }],
      imagePullSecrets: [{ name: 'pull' }],
      priorityClassName: 'low',
      affinity: { podAffinity: {} },
    };
    const work = pod({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }, podSpec);
    const sidecar = { name: 'beside', image: 'proxy' };
    const template = {
      metadata: { labels: { team: 'a' }, annotations: { note: 'b' } },
      spec: { ...work.template.spec, containers: [...work.template.spec.containers, sidecar] },
    };
    const fields = {
      parallelism: 2,
      completions: 4,
      completionMode: 'Indexed',
      backoffLimit: 1,
      activeDeadlineSeconds: 60,
      backoffLimitPerIndex: 1,
      podReplacementPolicy: 'Failed',
    };
    const {
      applications: [application],
      warnings,
    } = await convert(
      job({ ...fields, ttlSecondsAfterFinished: 60, suspend: true, selector: { matchLabels: {} }, template }),
    );
    const { spec } = await rendered(application as Application);
    expect(spec).toMatchObject({ job: fields, suspend: true, executionPolicy: { ttlSecondsAfterFinished: 60 } });
    expect(spec['template']).toMatchObject({
      metadata: template.metadata,
      spec: { ...podSpec, containers: [{ image: 'busybox', volumeMounts: [{ name: 'v', mountPath: '/v' }] }, sidecar] },
    });
    expect(warnings).toEqual([
      'changes: Job old: every deployment runs; executionPolicy.trigger: Change runs only what changed',
      'changes: Job old: ttlSecondsAfterFinished deletes Job and pods; the run stays on record',
      'changes: Job old: suspend lets new runs wait; a running Job is not suspended',
      "changes: Job old: selector is left out: a run's Job gets its own",
      'changes: Job old: container main is named after its component',
    ]);
  });

  it('makes a cron-task of a CronJob', async () => {
    const schedule = {
      schedule: '0 3 * * *',
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: 60,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 2,
      suspend: true,
    };
    const {
      applications: [application],
      warnings,
    } = await convert({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'old' },
      spec: { ...schedule, jobTemplate: { spec: { ...pod({}), backoffLimit: 2, ttlSecondsAfterFinished: 9 } } },
    });
    const { spec } = await rendered(application as Application);
    expect(spec).toMatchObject({
      schedule: { crons: ['0 3 * * *'], startingDeadlineSeconds: 60 },
      suspend: true,
      job: { backoffLimit: 2 },
      executionPolicy: { concurrencyPolicy: 'Forbid', keepLast: 1, keepLastFailed: 2, ttlSecondsAfterFinished: 9 },
    });
    expect(warnings[0]).toBe(
      "changes: CronJob old: times are in UTC, not in the controller manager's zone: write timeZone for another one",
    );
  });

  const queueLabels = { team: 'a', 'kueue.x-k8s.io/queue-name': 'team-a', 'kueue.x-k8s.io/priority-class': 'urgent' };

  it("makes a queue of Kueue's labels, whose suspend is not the task's", async () => {
    const queued = { ...job({ ...pod({}), suspend: true }), metadata: { name: 'old', labels: queueLabels } };
    const {
      applications: [application],
      warnings,
    } = await convert(queued);
    const { spec } = await rendered(application as Application);
    expect(spec['queue']).toEqual({ name: 'team-a', priorityClass: 'urgent' });
    expect(spec).not.toHaveProperty('suspend');
    expect(JSON.stringify(application)).not.toContain('kueue.x-k8s.io');
    expect(warnings).toEqual([
      'changes: Job old: every deployment runs; executionPolicy.trigger: Change runs only what changed',
      'changes: Job old: container main is named after its component',
      "changes: Job old: metadata.labels team: left out; write them under the Application's metadata",
    ]);
  });

  it("makes a queue of the labels that a CronJob gives its Jobs, and keeps the CronJob's own suspend", async () => {
    const cronJob = (labels: object, ofJobs: object) => ({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'old', labels },
      spec: {
        schedule: '@daily',
        timeZone: 'UTC',
        suspend: true,
        jobTemplate: { metadata: { labels: ofJobs }, spec: { ...pod({}), suspend: true } },
      },
    });
    const {
      applications: [application],
      warnings,
    } = await convert(cronJob({}, queueLabels));
    expect((await rendered(application as Application)).spec).toMatchObject({
      queue: { name: 'team-a', priorityClass: 'urgent' },
      suspend: true,
    });
    expect(warnings.join()).not.toContain('queue');
    const own = await convert(cronJob({ 'kueue.x-k8s.io/queue-name': 'team-a' }, {}));
    expect((await rendered(own.applications[0] as Application)).spec['queue']).toEqual({ name: 'team-a' });
    expect(own.warnings).toContain(
      'changes: CronJob old: the queue label of the CronJob itself now takes effect; Kueue read only the labels of its jobTemplate: remove queue if runs should not wait',
    );
  });

  it('says that a priority alone does not make a queue', async () => {
    const {
      applications: [application],
      warnings,
    } = await convert({
      ...job(pod({})),
      metadata: { name: 'old', labels: { 'kueue.x-k8s.io/priority-class': 'urgent' } },
    });
    expect(application?.spec.components[0]?.properties).not.toHaveProperty('queue');
    expect(warnings).toContain(
      'changes: Job old: the label kueue.x-k8s.io/priority-class is left out, because there is no label kueue.x-k8s.io/queue-name: write queue.name for the queue',
    );
  });

  it('makes a task-flow of a JobFlow, with what its Jobs share', async () => {
    const globalParams = {
      nodeName: 'n1',
      env: [{ name: 'FOO', value: 'bar' }],
      annotations: { a: 'b' },
      labels: { c: 'd' },
    };
    const claim = { name: 'mypvc', persistentVolumeClaim: { claimName: 'mylocalpvc' } };
    const flows = [
      {
        name: 'job1',
        dependencies: [],
        shareVolumeMounts: [{ name: 'mypvc', mountPath: '/data' }],
        jobTemplate: pod({ command: ['sleep', '1'] }),
      },
      { name: 'job2', dependencies: ['job1'], jobTemplateRef: 'second' },
    ];
    const { applications } = await convert(
      operator('JobFlow', { globalParams, flows, shareVolumes: [claim], extra: 1 }),
      operator('JobTemplate', { jobTemplate: { ...pod({}), backoffLimit: 3 } }, 'second'),
    );
    const { spec } = await rendered(applications[0] as Application);
    expect(spec).toMatchObject({
      globals: globalParams,
      steps: [
        {
          name: 'job1',
          job: { backoffLimit: 0 },
          template: {
            spec: {
              volumes: [claim],
              containers: [{ command: ['sleep', '1'], volumeMounts: [{ name: 'mypvc', mountPath: '/data' }] }],
            },
          },
        },
        { name: 'job2', dependsOn: ['job1'], templateRef: { name: 'second' } },
      ],
    });
    const template = await rendered(applications[1] as Application);
    expect(template).toMatchObject({
      kind: 'TaskTemplate',
      metadata: { name: 'second' },
      spec: { job: { backoffLimit: 3 }, template: { spec: { restartPolicy: 'Never' } } },
    });
  });

  it('says of a JobFlow what is not as it was', async () => {
    const { warnings } = await convert(
      operator('JobFlow', {
        extra: 1,
        flows: [
          { name: 'a', jobTemplateRef: 't', shareVolumeMounts: [{ name: 'v' }] },
          { name: 'b', jobTemplate: { backoffLimit: 2, ...pod({}) } },
        ],
      }),
    );
    expect(warnings).toEqual([
      'changes: JobFlow old: every deployment runs, under its own names; a step that fails skips the steps that depend on it',
      'changes: JobFlow old: step a: shareVolumeMounts together with a template are left out: write the volumes into the template, or into globals.volumes',
      'changes: JobFlow old: step b: restartPolicy now takes effect; the operator ignored it: remove it if the run should not be retried',
      'changes: JobFlow old: step b: backoffLimit now takes effect; the operator ignored it: remove it if the run should not be retried',
      'changes: JobFlow old: step b: container main is named after its component',
      'changes: JobFlow old: spec.extra is left out: there is no equivalent',
    ]);
  });

  it('makes a daemon-task of a DaemonJob', async () => {
    const globalParams = {
      env: [
        { name: 'FOO', value: 'shared' },
        { name: 'BAR', value: 'x' },
      ],
      labels: { a: 'b' },
      nodeName: 'n1',
    };
    const {
      applications: [application],
    } = await convert(
      operator('DaemonJob', {
        globalParams,
        excludeNodeList: 'node1, node2',
        ...pod({ env: [{ name: 'FOO', value: 'own' }] }),
      }),
    );
    const { spec } = await rendered(application as Application);
    expect(spec).toMatchObject({
      nodes: { excludedNames: ['node1', 'node2'] },
      job: { backoffLimit: 0 },
      template: {
        metadata: { labels: { a: 'b' } },
        spec: {
          nodeSelector: { 'kubernetes.io/hostname': 'n1' },
          containers: [
            {
              env: [
                { name: 'BAR', value: 'x' },
                { name: 'FOO', value: 'own' },
              ],
            },
          ],
        },
      },
    });
  });

  it('quotes every string that kubectl would read as something else', async () => {
    const env = ['Y', 'no', 'on', '1_000', '0755', '0o17', '1e3', '0x1F', '~', '12:30', '2026-01-02', 'plain', ''].map(
      (value, index) => ({ name: `V${index}`, value }),
    );
    const manifest = job(pod({ command: ['run', 'on'], env }));
    const { text, applications } = await convert(`---\n${stringify(manifest, { defaultStringType: 'QUOTE_DOUBLE' })}`);
    for (const version of ['1.1', '1.2'] as const) {
      const read = parseDocument(text, { version }).toJS() as Application;
      expect(read.spec.components[0]?.properties).toMatchObject({ cmd: ['run', 'on'], env });
    }
    expect(applications).toHaveLength(1);
  });

  it('reads octal modes, merge keys and whole numbers as kubectl does, and names a field that a Job does not have', async () => {
    const manifest = `
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup}
x-env: &res {limits: {memory: 1Gi}}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          securityContext: {fsGroup: 9007199254740993}
          volumes: [{name: s, configMap: {name: scripts, defaultMode: 0755}}, {name: k, secret: {secretName: key, defaultMode: 0400}}]
          containers:
            - name: main
              image: backup:1
              args: [22:22, 2026-01-02]
              resources: {<<: *res, requests: {cpu: 100m}}
`;
    const { text, applications, warnings } = await convert(manifest);
    expect(applications[0]?.spec.components[0]?.properties).toMatchObject({
      podSpec: {
        volumes: [
          { name: 's', configMap: { name: 'scripts', defaultMode: 0o755 } },
          { name: 'k', secret: { secretName: 'key', defaultMode: 0o400 } },
        ],
        containers: [
          { args: ['22:22', '2026-01-02'], resources: { limits: { memory: '1Gi' }, requests: { cpu: '100m' } } },
        ],
      },
    });
    expect(text).toContain('fsGroup: 9007199254740993\n');
    expect(warnings).toContain('changes: CronJob backup: x-env is left out: it is not a field of a CronJob');
  });

  it('takes a List, empty documents and a trailing separator, as people have them', async () => {
    const list = { apiVersion: 'v1', kind: 'List', items: [job(pod({}), 'a'), job(pod({}), 'b')] };
    const { exitCode, applications } = await convert('---\n# nothing\n', list, '---\n');
    expect([exitCode, applications.map(({ metadata }) => metadata.name)]).toEqual([0, ['a', 'b']]);
  });

  it('names a Job after its generateName, and says that its hook and its metadata are lost', async () => {
    const { applications, warnings } = await convert({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        generateName: 'migrate-',
        labels: { team: 'a' },
        annotations: { 'argocd.argoproj.io/hook': 'PreSync', 'helm.sh/hook': 'pre-upgrade', owner: 'me' },
      },
      spec: pod({}),
    });
    expect(applications[0]?.metadata.name).toBe('migrate');
    expect(warnings.slice(-4)).toEqual([
      'changes: Job migrate: metadata.generateName becomes the name: each run gets a name of its own anyway',
      'changes: Job migrate: the hook is lost (argocd.argoproj.io/hook: PreSync, helm.sh/hook: pre-upgrade): to run at that point, write a workflow step of type run-task before or after the step that deploys the rest',
      "changes: Job migrate: metadata.labels team: left out; write them under the Application's metadata",
      "changes: Job migrate: metadata.annotations owner: left out; write them under the Application's metadata",
    ]);
  });

  it('leaves out what the cluster wrote into a Job that was fetched from it', async () => {
    const uid = '7d6f';
    const identity = {
      'batch.kubernetes.io/controller-uid': uid,
      'batch.kubernetes.io/job-name': 'old',
      'controller-uid': uid,
      'job-name': 'old',
    };
    const { applications, warnings } = await convert({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'old', uid, resourceVersion: '7', creationTimestamp: '2026-01-01T00:00:00Z', labels: identity },
      spec: {
        selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
        template: {
          metadata: { creationTimestamp: null, labels: { ...identity, app: 'x' } },
          spec: {
            containers: [
              {
                name: 'main',
                image: 'busybox',
                resources: {},
                terminationMessagePath: '/dev/termination-log',
                terminationMessagePolicy: 'File',
              },
            ],
            dnsPolicy: 'ClusterFirst',
            restartPolicy: 'Never',
            schedulerName: 'default-scheduler',
            securityContext: {},
            terminationGracePeriodSeconds: 30,
          },
        },
      },
      status: { succeeded: 1 },
    });
    expect(applications[0]?.spec.components[0]?.properties).toEqual({
      image: 'busybox',
      restart: 'Never',
      labels: { app: 'x' },
    });
    expect(warnings).toContain(
      'changes: Job old: the labels controller-uid, job-name, batch.kubernetes.io/controller-uid, batch.kubernetes.io/job-name are left out: they name the old Job',
    );
  });

  it.each<[string, unknown[], string]>([
    ['nothing', [''], 'error: old.yaml contains no manifest'],
    [
      'another kind',
      [{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, spec: {} }],
      'error: old.yaml, document 1 is of kind Deployment: it must be one of Job, CronJob, JobFlow, DaemonJob, JobTemplate, Workflow, WorkflowTemplate, ClusterWorkflowTemplate, CronWorkflow, Task, TaskRun',
    ],
    [
      'no name',
      [{ kind: 'Job', spec: {} }],
      'error: old.yaml, document 1: Job needs metadata.name, or metadata.generateName',
    ],
    [
      'one name twice',
      [job(pod({})), job(pod({}))],
      'error: old.yaml: two manifests (Job, Job) have the name old, and would be one Application: rename one',
    ],
    ['no YAML', ['a: [b'], 'error: old.yaml, document 1: '],
  ])('refuses %s in a sentence', async (_what, manifests, message) => {
    const { exitCode, warnings } = await convert(...manifests);
    expect([exitCode > 0, warnings[0]?.slice(0, message.length)]).toEqual([true, message]);
  });
});
