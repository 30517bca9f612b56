/** `task-runs convert` of Argo Workflows, Volcano and Tekton: what is printed is rendered, and runs what they ran. */
import { describe, expect, it } from 'vitest';
import { readAll } from '../../controller/src/plan/kubectl-yaml.ts';
import type { JsonObject } from '../../cue/ts/index.ts';
import { runInProcess } from '../support/cli-in-process.ts';
import { parts, useDefinitions, type Application } from './converted.ts';

const rendered = useDefinitions();

/** What convert prints for a manifest, and its exit code. */
async function printed(manifest: string) {
  const {
    code: exitCode,
    out,
    err,
  } = await runInProcess(['convert', '-f', 'old.yaml'], () => Promise.resolve(manifest), { parts });
  return { exitCode, out, err };
}

/** Converts one manifest, reads the result as kubectl does, and renders it as KubeVela does. */
async function convert(manifest: string) {
  const written = await printed(manifest);
  expect(written).toMatchObject({ exitCode: 0 });
  const [application] = readAll(written.out).flatMap(({ value }) =>
    value === undefined ? [] : [value as Application],
  );
  if (!application) throw new Error(`nothing was printed: ${written.err}`);
  const [{ name, type } = { name: '', type: '' }] = application.spec.components;
  const { spec } = await rendered(application);
  const warnings = written.err
    .trim()
    .split('\n')
    .map((line) => line.replace(/^changes: \S+ \S+: /, ''));
  return { type, name, spec, warnings };
}

interface Step extends JsonObject {
  name: string;
  dependsOn?: string[];
  template: { spec: { containers: JsonObject[] } };
}
const stepsOf = (spec: JsonObject) => spec['steps'] as Step[];
const shape = (spec: JsonObject) =>
  stepsOf(spec).map(({ name, dependsOn = [] }) => `${name} <- ${dependsOn.join(', ')}`);
const containerOf = (template: unknown) => (template as Step['template']).spec.containers[0];

describe('convert, of Argo Workflows', () => {
  it('makes a task of a workflow with one container, which is retried as it was', async () => {
    const { type, name, spec, warnings } = await convert(`
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: fetch-}
spec:
  entrypoint: fetch
  serviceAccountName: fetcher
  activeDeadlineSeconds: 600
  podGC: {strategy: OnPodSuccess}
  ttlStrategy: {secondsAfterCompletion: 60}
  arguments: {parameters: [{name: url, value: "on"}]}
  templates:
    - name: fetch
      inputs: {parameters: [{name: url}, {name: mode, default: fast}]}
      retryStrategy: {limit: "3", backoff: {duration: "1m", factor: 2, maxDuration: 10m}}
      container:
        image: curl:8
        command: [curl]
        args: ["{{inputs.parameters.url}}", "--{{inputs.parameters.mode}}", "{{workflow.parameters.url}}", "{{workflow.uid}}"]
        env: [{name: Z, value: "no"}, {name: A, value: "0755"}]
        resources: {limits: {memory: 1Gi}}
`);
    expect([type, name]).toEqual(['task', 'fetch']);
    expect(spec).toMatchObject({
      executionPolicy: { keepLast: 0, ttlSecondsAfterFinished: 60 },
      timeoutSeconds: 600,
      retry: { limit: 3, delaySeconds: 60, backoff: 'Exponential' },
      job: { backoffLimit: 0 },
      template: { spec: { restartPolicy: 'Never', serviceAccountName: 'fetcher' } },
    });
    expect(containerOf(spec['template'])).toMatchObject({
      image: 'curl:8',
      command: ['curl', 'on', '--fast', 'on', '{{workflow.uid}}'],
      env: [
        { name: 'Z', value: 'no' },
        { name: 'A', value: '0755' },
      ],
      resources: { limits: { memory: '1Gi' } },
    });
    expect(warnings).toEqual([
      'every deployment runs',
      'podGC: Jobs and pods are deleted once the run is over, not one by one',
      'ttlStrategy deletes Jobs and pods; the run stays on record',
      'template fetch: retryStrategy.backoff.maxDuration is left out: there is no equivalent',
      '{{workflow.uid}} is not replaced: there is no equivalent',
      'metadata.generateName becomes the name: each run gets a name of its own anyway',
    ]);
  });

  it('makes a flow of steps, with a Job for each item, and hands outputs on', async () => {
    const { type, spec, warnings } = await convert(`
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: report}
spec:
  entrypoint: main
  parallelism: 2
  onExit: notify
  templates:
    - name: main
      steps:
        - - {name: Prepare, template: count}
        - - name: load
            template: load
            arguments: {parameters: [{name: table, value: "{{item.name}}"}, {name: rows, value: "{{steps.Prepare.outputs.result}}"}]}
            withItems: [{name: people}, {name: orders}]
          - {name: check, template: count, continueOn: {failed: true}, when: "{{steps.Prepare.outputs.result}} > 1"}
        - - {name: nested, template: inner}
    - name: inner
      steps: [[{name: one, template: count}], [{name: two, template: count}]]
    - name: count
      script:
        image: python:3
        command: [python]
        source: |
          import os
          print("$$", "$(HOME)")
    - name: load
      inputs: {parameters: [{name: table}, {name: rows}]}
      container: {image: load, command: [load, "{{inputs.parameters.table}}", "{{inputs.parameters.rows}}"]}
    - name: notify
      container: {image: mail}
`);
    expect(type).toBe('task-flow');
    expect(shape(spec)).toEqual([
      'prepare <- ',
      'load-0 <- prepare',
      'load-1 <- prepare',
      'check <- prepare',
      'nested-one <- load-0, load-1, check',
      'nested-two <- nested-one',
      'on-exit <- ',
    ]);
    expect(spec).toMatchObject({ maxParallel: 2 });
    const [prepare, people, orders, check, , , exit] = stepsOf(spec);
    expect(containerOf(prepare?.template)).toMatchObject({
      command: ['python', '-c', 'import os\nprint("$$$$", "$(HOME)")\n'],
    });
    expect(prepare).toMatchObject({ outputs: [{ name: 'result' }], job: { backoffLimit: 0 } });
    expect(containerOf(people?.template)).toMatchObject({
      command: ['load', 'people', '$(steps.prepare.outputs.result)'],
    });
    expect(containerOf(orders?.template)).toMatchObject({
      command: ['load', 'orders', '$(steps.prepare.outputs.result)'],
    });
    expect(check).toMatchObject({ continueOnFailure: true });
    expect(exit).toMatchObject({ when: 'Always' });
    expect(warnings).toEqual([
      'every deployment runs',
      'a step that fails skips the steps that depend on it; others go on',
      'step Prepare is called prepare',
      'step prepare: its output result is used: let it write {"result": ...} to /dev/termination-log',
      'step check: when "{{steps.Prepare.outputs.result}} > 1" is left out: the step runs in any case',
    ]);
  });

  it('makes a flow with a schedule of a CronWorkflow with a dag', async () => {
    const { type, spec, warnings } = await convert(`
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: nightly}
spec:
  schedules: ["0 3 * * *", "0 15 * * *"]
  timezone: Europe/Berlin
  startingDeadlineSeconds: 60
  concurrencyPolicy: Forbid
  suspend: true
  successfulJobsHistoryLimit: 4
  failedJobsHistoryLimit: 2
  stopStrategy: {expression: "failed >= 3"}
  workflowSpec:
    entrypoint: diamond
    podGC: {strategy: OnWorkflowCompletion}
    volumeClaimTemplates:
      - metadata: {name: work}
        spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 2Gi}}}
    templates:
      - name: diamond
        dag:
          tasks:
            - {name: D, depends: "B && C.Succeeded", template: echo}
            - {name: C, dependencies: [A], template: echo}
            - {name: B, dependencies: [A], template: echo}
            - {name: A, template: echo}
            - {name: undo, depends: D.Failed, template: echo}
            - {name: odd, depends: "A || B", template: echo}
      - name: echo
        container: {image: busybox, command: [ls], volumeMounts: [{name: work, mountPath: /work}]}
`);
    expect(type).toBe('task-flow');
    expect(spec).toMatchObject({
      schedule: { crons: ['0 3 * * *', '0 15 * * *'], timeZone: 'Europe/Berlin', startingDeadlineSeconds: 60 },
      suspend: true,
      executionPolicy: { concurrencyPolicy: 'Forbid', keepLast: 0, keepLastFailed: 0 },
      globals: { workspace: { size: '2Gi', accessModes: ['ReadWriteOnce'], mountPath: '/work' } },
    });
    expect(shape(spec)).toEqual(['a <- ', 'c <- a', 'b <- a', 'd <- b, c', 'odd <- a, b', 'undo <- d']);
    expect(stepsOf(spec).find(({ name }) => name === 'undo')).toMatchObject({ when: 'OnFailure' });
    expect(containerOf(stepsOf(spec)[0]?.template)).toEqual({ name: 'nightly', image: 'busybox', command: ['ls'] });
    expect(warnings).toEqual(
      expect.arrayContaining([
        'spec.stopStrategy is left out: there is no equivalent',
        'step odd: depends "A || B": has no equivalent; the step waits until all of them have succeeded',
      ]),
    );
  });

  it('makes a task-template of a WorkflowTemplate with one container, and names what it cannot carry', async () => {
    const { type, spec, warnings } = await convert(`
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: dump}
spec:
  arguments: {parameters: [{name: bucket, value: "yes"}]}
  synchronization: {mutex: {name: one}}
  templates:
    - name: dump
      inputs:
        parameters: [{name: table}, {name: mode, default: full, enum: [full, part]}]
        artifacts: [{name: schema, path: /schema}]
      sidecars: [{name: proxy, image: proxy}]
      nodeSelector: {disk: ssd}
      memoize: {key: x}
      container: {image: dump, args: ["{{inputs.parameters.table}}", "{{ inputs.parameters.mode }}", "{{workflow.parameters.bucket}}"]}
`);
    expect(type).toBe('task-template');
    expect(spec).toMatchObject({
      parameters: [{ name: 'table' }, { name: 'mode', default: 'full', enum: ['full', 'part'] }],
      template: {
        spec: {
          nodeSelector: { disk: 'ssd' },
          initContainers: [{ name: 'proxy', image: 'proxy', restartPolicy: 'Always' }],
          containers: [{ image: 'dump', args: ['$(params.table)', '$(params.mode)', 'yes'] }],
        },
      },
    });
    expect(warnings).toEqual([
      'template dump: artifact schema is left out: share files in a volume, or in globals.workspace',
      'template dump: memoize is left out: there is no equivalent',
      'spec.synchronization is left out: there is no equivalent',
    ]);
  });

  it('makes a flow that runs when asked for of a WorkflowTemplate with steps', async () => {
    const { type, spec } = await convert(`
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: chain}
spec:
  entrypoint: main
  templates:
    - name: main
      steps: [[{name: wait, template: wait}], [{name: go, templateRef: {name: dump, template: dump}, arguments: {parameters: [{name: size, value: 3}]}}]]
    - {name: wait, suspend: {}}
`);
    expect([type, spec['executionPolicy']]).toEqual(['task-flow', { trigger: 'Manual' }]);
    expect(stepsOf(spec)).toEqual([{ name: 'go', templateRef: { name: 'dump', parameters: { size: '3' } } }]);
  });

  it('makes a step for each element of a withParam whose list is written in the workflow', async () => {
    const { spec, warnings } = await convert(`
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: load}
spec:
  entrypoint: main
  arguments: {parameters: [{name: tables, value: '["a", {"name": "b"}]'}, {name: day, value: monday}]}
  templates:
    - name: main
      dag:
        tasks:
          - {name: known, template: run, withParam: "{{workflow.parameters.tables}}", arguments: {parameters: [{name: what, value: "{{item}}"}]}}
          - {name: filled, template: run, withItems: ["on {{workflow.parameters.day}}"], arguments: {parameters: [{name: what, value: "{{item}}"}]}}
          - {name: later, template: run, withParam: "{{tasks.known.outputs.result}}", dependencies: [known], arguments: {parameters: [{name: what, value: x}]}}
    - name: run
      inputs: {parameters: [{name: what}]}
      container: {image: etl, command: [etl, "{{inputs.parameters.what}}"]}
`);
    expect(stepsOf(spec).map(({ name, template }) => [name, containerOf(template)?.['command']])).toEqual([
      ['known-0', ['etl', 'a']],
      ['known-1', ['etl', '{"name":"b"}']],
      ['filled-0', ['etl', 'on monday']],
      ['later', ['etl', 'x']],
    ]);
    expect(warnings.filter((warning) => warning.includes('withParam'))).toEqual([
      'step later: withParam is left out: items must be known when a run starts; the step runs once',
    ]);
  });

  it('of a CronWorkflow that never catches up starts runs all the same, and names what podGC overrules', async () => {
    const { spec, warnings } = await convert(`
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: nightly}
spec:
  schedule: "0 2 * * *"
  timezone: Europe/Berlin
  startingDeadlineSeconds: 0
  successfulJobsHistoryLimit: 4
  workflowSpec:
    podGC: {strategy: OnPodSuccess}
    entrypoint: main
    templates: [{name: main, container: {image: etl, command: [etl]}}]
`);
    expect(spec).toMatchObject({ schedule: { startingDeadlineSeconds: 10 }, executionPolicy: { keepLast: 0 } });
    expect(warnings).toContain(
      'spec.startingDeadlineSeconds becomes 10: it limits each run with us, not only one that was missed',
    );
    expect(warnings).toContain('spec.successfulJobsHistoryLimit is left out: podGC says which pods stay');
  });

  it('names what a workspace cannot have of a claim and its mounts', async () => {
    const { spec, warnings } = await convert(`
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: build}
spec:
  entrypoint: main
  volumeClaimTemplates:
    - metadata: {name: work}
      spec: {accessModes: [ReadWriteOnce], selector: {matchLabels: {disk: fast}}, resources: {requests: {storage: 1Gi}}}
  templates:
    - {name: main, container: {image: go, command: [go], volumeMounts: [{name: work, mountPath: /src, subPath: go, readOnly: true}]}}
`);
    expect(spec['globals']).toMatchObject({ workspace: { size: '1Gi', mountPath: '/src' } });
    const sentences = ['subPath of its mounts', 'readOnly of its mounts', 'selector is left out'];
    for (const sentence of sentences) expect(warnings).toContainEqual(expect.stringContaining(sentence));
  });
});

describe('convert, of Volcano', () => {
  it('makes a task-flow of a JobFlow, whose steps name their templates', async () => {
    const { type, spec, warnings } = await convert(`
apiVersion: flow.volcano.sh/v1alpha1
kind: JobFlow
metadata: {name: train}
spec:
  jobRetainPolicy: delete
  flows:
    - name: data
    - {name: fit, dependsOn: {targets: [data], probe: {tcpSocketList: [{taskName: w, port: 80}]}}}
`);
    expect(type).toBe('task-flow');
    expect(spec).toMatchObject({
      executionPolicy: { keepLast: 0, keepLastFailed: 0 },
      steps: [
        { name: 'data', templateRef: { name: 'data' } },
        { name: 'fit', dependsOn: ['data'], templateRef: { name: 'fit' } },
      ],
    });
    expect(warnings).toContain('step fit: dependsOn.probe is left out: there is no equivalent');
  });

  it('makes a task-template of a JobTemplate, and names its other tasks', async () => {
    const { type, spec, warnings } = await convert(`
apiVersion: flow.volcano.sh/v1alpha1
kind: JobTemplate
metadata: {name: fit}
spec:
  minAvailable: 2
  schedulerName: volcano
  queue: default
  tasks:
    - name: worker
      replicas: 2
      policies: [{event: TaskCompleted, action: CompleteJob}]
      template:
        spec: {restartPolicy: OnFailure, containers: [{name: w, image: fit:1, command: [fit, "y"]}]}
    - {name: master, replicas: 1, template: {spec: {containers: [{name: m, image: fit:1}]}}}
`);
    expect(type).toBe('task-template');
    expect(spec).toMatchObject({
      template: { spec: { restartPolicy: 'OnFailure', containers: [{ image: 'fit:1', command: ['fit', 'y'] }] } },
      job: { parallelism: 2, completions: 2, backoffLimit: 0 },
    });
    expect(warnings).toEqual([
      'task master is left out: a template has one kind of pod; make it a template and a step of its own',
      'tasks[0].policies is left out: there is no equivalent',
      "queue default is Volcano's: name a LocalQueue of Kueue in the step's queue",
      'restartPolicy OnFailure: Volcano lets the kubelet start a failed container again without limit, and a Job fails at its first failure here: write backoffLimit',
      'spec.minAvailable is left out: there is no equivalent',
      'spec.schedulerName is left out: there is no equivalent',
      'container w is named after its component',
    ]);
  });
});

describe('convert, of Tekton', () => {
  it('makes a task-template of a Task, whose steps run one after the other', async () => {
    const { type, spec, warnings } = await convert(`
apiVersion: tekton.dev/v1
kind: Task
metadata: {name: build}
spec:
  description: builds
  params:
    - {name: url, type: string, description: what}
    - {name: depth, default: "1"}
  workspaces: [{name: source}]
  results: [{name: commit}]
  stepTemplate: {env: [{name: HOME, value: /tekton/home}]}
  steps:
    - {name: clone, image: git, command: [git], args: [clone, "$(params.url)", "$(workspaces.source.path)"]}
    - name: make
      image: golang
      workingDir: $(workspaces.source.path)
      computeResources: {requests: {cpu: 500m}}
      script: |
        #!/usr/bin/env bash
        echo $$ $(HOME) $(params["depth"]) > $(results.commit.path)
`);
    expect(type).toBe('task-template');
    expect(spec).toMatchObject({
      description: 'builds',
      parameters: [
        { name: 'url', description: 'what' },
        { name: 'depth', default: '1' },
      ],
      outputs: [{ name: 'commit' }],
      template: {
        spec: {
          volumes: [{ name: 'ws-source', emptyDir: {} }],
          initContainers: [
            { name: 'clone', image: 'git', command: ['git'], args: ['clone', '$(params.url)', '/workspace/source'] },
          ],
          containers: [
            {
              image: 'golang',
              workingDir: '/workspace/source',
              command: [
                'bash',
                '-c',
                expect.stringContaining('echo $$$$ $$(HOME) $(params.depth) > $(results.commit.path)'),
              ],
              env: [{ name: 'HOME', value: '/tekton/home' }],
              resources: { requests: { cpu: '500m' } },
              volumeMounts: [{ name: 'ws-source', mountPath: '/workspace/source' }],
            },
          ],
        },
      },
    });
    expect(warnings).toEqual([
      'it runs where a task or a step names it in its templateRef',
      'the steps before the last one become init containers of the pod',
      'result commit: let the last step write {"commit": ...} to /dev/termination-log',
      'workspace source becomes an emptyDir: name a claim in podSpec.volumes to keep its files',
      'container make is named after its component',
      '$(results.commit.path) is not replaced: there is no equivalent',
    ]);
  });

  it('makes a task of a TaskRun that has its own spec', async () => {
    const { type, spec } = await convert(`
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: {generateName: once-}
spec:
  serviceAccountName: builder
  timeout: 1h30m
  retries: 2
  params: [{name: who, value: "off"}]
  workspaces: [{name: data, persistentVolumeClaim: {claimName: data}}]
  podTemplate: {nodeSelector: {disk: ssd}}
  taskSpec:
    params: [{name: who, default: me}]
    workspaces: [{name: data, mountPath: /data}]
    steps: [{image: busybox, script: 'echo $(params.who)'}]
`);
    expect(type).toBe('task');
    expect(spec).toMatchObject({
      timeoutSeconds: 5400,
      retry: { limit: 2, delaySeconds: 0, backoff: 'Constant' },
      template: {
        spec: {
          serviceAccountName: 'builder',
          nodeSelector: { disk: 'ssd' },
          volumes: [{ name: 'ws-data', persistentVolumeClaim: { claimName: 'data' } }],
          containers: [{ command: ['/bin/sh', '-e', '-c', 'echo off'] }],
        },
      },
    });
  });

  it('puts lists and objects of params into the words of a command, and keeps a workspace read-only', async () => {
    const { spec, warnings } = await convert(`
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: {name: build}
spec:
  params: [{name: flags, value: [-v, "--out=a b"]}]
  taskSpec:
    params: [{name: flags, type: array}, {name: repo, type: object, properties: {url: {}}, default: {url: git://x}}, {name: none, type: array}]
    workspaces: [{name: cfg, mountPath: /etc/cfg, readOnly: true}]
    steps:
      - name: build
        image: go
        command: [go]
        args: ["$(params.flags[*])", "$(params.flags[0])", "$(params.repo.url)", "$(params.none[*])"]
  workspaces: [{name: cfg, configMap: {name: cfg}}]
`);
    expect(containerOf(spec['template'])).toMatchObject({
      command: ['go', '-v', '--out=a b', '-v', 'git://x', '$(params.none[*])'],
      volumeMounts: [{ name: 'ws-cfg', mountPath: '/etc/cfg', readOnly: true }],
    });
    expect(warnings.filter((warning) => warning.includes('params'))).toEqual([
      '$(params.none[*]) is not replaced: there is no equivalent',
    ]);
  });

  it('makes a task with a templateRef of a TaskRun that names its Task', async () => {
    const { spec, warnings } = await convert(`
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: {name: build-1}
spec: {taskRef: {name: build}, params: [{name: url, value: "https://example.org"}], serviceAccountName: builder}
`);
    expect(spec).toMatchObject({ templateRef: { name: 'build', parameters: { url: 'https://example.org' } } });
    expect(warnings).toContain('spec.serviceAccountName is left out: write it into the task-template build');
  });
});

/** A Workflow of `levels` templates, each of which calls the next one for each of two items. */
function nested(levels: number, last: string): string {
  const templates = Array.from(
    { length: levels },
    (_, level) => `    - {name: t${level}, steps: [[{name: s, template: t${level + 1}, withItems: [a, b]}]]}\n`,
  );
  return `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: many}
spec:
  entrypoint: t0
  templates:
${templates.join('')}    - {name: t${levels}, ${last}}
`;
}

const workflow = (spec: string) =>
  `{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: w}, spec: ${spec}}`;
const taskRun = (spec: string) => `{apiVersion: tekton.dev/v1, kind: TaskRun, metadata: {name: r}, spec: ${spec}}`;
const hundred = Array.from({ length: 101 }, (_, index) => index).join(', ');
const doubled = '{{inputs.parameters.p}}'.repeat(100);

describe('convert refuses in a sentence', () => {
  it.each<[string, string, string]>([
    ['nested items that make a million steps', nested(19, 'container: {image: a}'), 'Workflow many: step s-0-s-0-s-0-'],
    ['nested items that call templates without a step', nested(19, 'steps: []'), 'Workflow many: step s-0-'],
    [
      'values that grow with each template',
      workflow(
        `{entrypoint: a, templates: [${['a', 'b', 'c', 'd', 'e']
          .map(
            (name, index) =>
              `{name: ${name}, inputs: {parameters: [{name: p, value: "0123456789"}]}, steps: [[{name: s, template: ${'bcdef'[index]}, arguments: {parameters: [{name: p, value: "${doubled}"}]}}]]}`,
          )
          .join(', ')}, {name: f, container: {image: a}}]}`,
      ),
      'Workflow w: the value of {{inputs.parameters.p}} makes a text of more than 1000000 characters: write it shorter',
    ],
    [
      'a step that waits for too many',
      workflow(
        `{entrypoint: a, templates: [{name: a, steps: [[{name: s, template: b, withItems: [${hundred}]}], [{name: end, template: b}]]}, {name: b, container: {image: a}}]}`,
      ),
      'Workflow w: step end would depend on 101 steps, and a step depends on at most 100: put a step between them, or write fewer items',
    ],
    [
      'a workflow whose only step has no equivalent',
      workflow('{entrypoint: a, templates: [{name: a, http: {url: "http://example.org"}}]}'),
      'Workflow w: no step of it can be converted: step a is left out: there is no equivalent of http',
    ],
    [
      'an entrypoint that does not exist',
      workflow('{entrypoint: b, templates: [{name: a, container: {image: a}}]}'),
      'Workflow w: spec.entrypoint: the template b does not exist, so there is nothing to run',
    ],
    [
      'a Task that a resolver finds',
      taskRun('{taskRef: {resolver: git, params: [{name: url, value: x}]}}'),
      'TaskRun r: spec.taskRef.resolver git has no equivalent: convert the Task that it finds, and write its name into taskRef.name',
    ],
    [
      'a step that is a StepAction',
      taskRun('{taskSpec: {steps: [{name: act, ref: {name: act}}]}}'),
      'TaskRun r: step act: ref has no equivalent: write the image and the script of the StepAction into the step',
    ],
    [
      'a field that is not the list that it must be',
      workflow('{entrypoint: a, templates: [{name: a, container: {image: a, command: echo}}]}'),
      'Workflow w: spec.templates[0].container.command must be a list of texts, and is echo',
    ],
    [
      'a list with something else in it',
      taskRun('{taskSpec: {steps: [{image: a}, wrong]}}'),
      'TaskRun r: spec.taskSpec.steps must be a list of objects, and is [{"image":"a"},"wrong"]',
    ],
    [
      'a param without a name',
      taskRun('{taskSpec: {params: [{type: array, default: [a]}], steps: [{image: a, script: "echo $(params.x)"}]}}'),
      'TaskRun r: spec.taskSpec.params[] has no name: give each one a name',
    ],
    [
      'a JobFlow without flows',
      '{apiVersion: flow.volcano.sh/v1alpha1, kind: JobFlow, metadata: {name: f}, spec: {flows: []}}',
      'JobFlow f: no step of it can be converted: it has no steps',
    ],
    [
      'a JobFlow whose flows wait for each other',
      '{apiVersion: flow.volcano.sh/v1alpha1, kind: JobFlow, metadata: {name: f}, spec: {flows: [{name: a, dependsOn: {targets: [b]}}, {name: b, dependsOn: {targets: [a]}}]}}',
      "JobFlow f: steps depend on each other in a circle (a -> b -> a): take one of these out of the other's dependsOn",
    ],
    [
      'a JobFlow that waits for a flow that does not exist',
      '{apiVersion: flow.volcano.sh/v1alpha1, kind: JobFlow, metadata: {name: f}, spec: {flows: [{name: a, dependsOn: {targets: [x]}}]}}',
      'JobFlow f: step a depends on x, which does not exist: name one of a',
    ],
    [
      'a Job without an image',
      '{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {template: {spec: {containers: [{name: a}]}}}}',
      'Job j: it has no image: write it into the field image of its container',
    ],
  ])('%s', async (_what, manifest, message) => {
    const { exitCode, out, err } = await printed(manifest);
    const sentence = `error: old.yaml, document 1: ${message}`;
    expect([exitCode, out, err.slice(0, sentence.length)]).toEqual([2, '', sentence]);
  });
});

describe('convert of many steps', () => {
  it('says how many steps a flow has where items would make more', async () => {
    const { err } = await printed(nested(10, 'container: {image: a}'));
    expect(err).toMatch(/would be one of more than 1000 steps, and a flow has at most 1000: write fewer items/);
  });

  it('names the results of a Tekton Task that are too many, and fields that are null are absent', async () => {
    const results = Array.from({ length: 21 }, (_, index) => `{name: r${index}}`).join(', ');
    const { spec, warnings } = await convert(
      `{apiVersion: tekton.dev/v1, kind: Task, metadata: {name: t}, spec: {params: null, results: [${results}], steps: [{image: a, env: null}]}}`,
    );
    expect(spec['outputs']).toHaveLength(20);
    expect(warnings).toContain('result r20 is left out: there are at most 20 outputs; write several into one');
  });
});
