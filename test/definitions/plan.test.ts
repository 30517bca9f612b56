/** `task-runs plan` with our definitions: what it prints, what it refuses, and with which exit code. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readParts } from '../../controller/src/cli/plan/parts.ts';
import type { Plan } from '../../controller/src/plan/document.ts';
import { partsOfSources } from '../../scripts/plan-parts.ts';
import { runInProcess, type Written } from '../support/cli-in-process.ts';

/** @param files the texts of files by their names */
function plan(files: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Written> {
  const read = (name: string) =>
    files[name] === undefined ? Promise.reject(new Error('no such file')) : Promise.resolve(files[name]);
  return runInProcess(['plan', ...args], read, { now: new Date('2026-03-20T12:00:00Z'), parts: partsOfSources });
}

const application = (components: string, more = '') =>
  `apiVersion: core.oam.dev/v1beta1\nkind: Application\nmetadata:\n  name: app\nspec:\n  components:\n${components}${more}`;
const task = (properties: string, type = 'task', name = 'mytask') =>
  `    - name: ${name}\n      type: ${type}\n      properties:\n${properties.replace(/^/gm, '        ')}\n`;
const one = application(task('image: busybox\ncmd: [echo, one]'));
const two = application(task('image: busybox\ncmd: [echo, two]'));
const planOf = async (text: string, ...args: readonly string[]) =>
  (JSON.parse((await plan({ 'app.yaml': text, 'old.yaml': one }, '-f', 'app.yaml', '-o', 'json', ...args)).out) as Plan)
    .applications[0];

describe('plan', () => {
  it('says which run and Job would start', async () => {
    const { code, out, err } = await plan({ '-': one }, '-f', '-');
    expect([code, err]).toEqual([0, '']);
    expect(out).toBe(
      'Application app in namespace default: deployed as revision app-v1\nCOMPONENT   TYPE   RUN         PLAN     MESSAGE\nmytask      task   mytask-v1   Starts   mytask-v1 starts\n',
    );
  });

  it('names a limit that KubeVela or Kubernetes would meet later, with its number', async () => {
    const problemOf = async (text: string) => {
      const { code, err } = await plan({ 'app.yaml': text }, '-f', 'app.yaml');
      return [code, err.trim()];
    };
    const named = (length: number) => one.replace('name: app\n', `name: ${'b'.repeat(length)}\n`);
    expect(await problemOf(named(60))).toEqual([0, '']);
    expect(await problemOf(named(61))).toEqual([
      1,
      `error: app.yaml:4:3: the revision's name ${'b'.repeat(61)}-v1 has 64 characters, and KubeVela writes it into a label, which has at most 63: choose a shorter name`,
    ]);
    const limited = (properties: string) => problemOf(application(task(`image: busybox\n${properties}`)));
    const tooMuch = 'write 1 to 2147483647';
    for (const field of ['timeoutSeconds', 'activeDeadlineSeconds'])
      expect(await limited(`${field}: 9000000000000000`)).toEqual([
        1,
        `error: app.yaml:11:9: ${field} is 9000000000000000: ${tooMuch}`,
      ]);
    expect((await limited('completionMode: Indexed\ncount: 200000'))[1]).toContain(
      'an Indexed Job runs at most 100000 pods at once: write parallelism: 100000 or less',
    );
    expect((await limited('job: {backoffLimitPerIndex: 1}'))[1]).toContain('write completionMode: Indexed');
  });

  it.each([
    ['a task', task('image: busybox\nrestart: Always')],
    ['the pod of a task', task('image: busybox\npodSpec: {restartPolicy: Always}')],
    ['a step', task('steps: [{name: one, image: busybox, restart: Always}]', 'task-flow')],
    ['a template', task('image: busybox\nrestart: Always', 'task-template')],
  ])('says what to write where %s would restart for ever', async (_what, component) => {
    const { code, err } = await plan({ 'app.yaml': application(component) }, '-f', 'app.yaml');
    expect(code).toBe(1);
    expect(err).toMatch(/^error: app\.yaml:\d+:\d+: /);
    expect(err).toContain('write Never (another pod follows one that failed) or OnFailure');
  });

  const flow = (step: string) => task(`steps: [{name: one, image: busybox, ${step}}]`, 'task-flow');
  it.each<[what: string, component: string, problem: string]>([
    [
      'of a container',
      task('image: busybox\npodSpec: {containers: [{resource: {limits: {cpu: 1}}}]}'),
      '11:33: podSpec.containers.0.resource is a field that Kubernetes does not have there: write resources',
    ],
    [
      'of a pod',
      task('image: busybox\npodSpec:\n  imagePullsecrets: [{name: key}]'),
      '12:11: podSpec.imagePullsecrets is a field that Kubernetes does not have there: write imagePullSecrets',
    ],
    [
      'of a sidecar',
      task('image: busybox\npodSpec:\n  initContainers: [{name: proxy, image: envoy, volumeMount: []}]'),
      'podSpec.initContainers.0.volumeMount is a field that Kubernetes does not have there: write volumeMounts',
    ],
    [
      'of a volume',
      task('image: busybox\npodSpec: {volumes: [{name: x, emptyDir: {medum: Memory}}]}'),
      'podSpec.volumes.0.emptyDir.medum is a field that Kubernetes does not have there: write medium',
    ],
    [
      'of a source of a variable',
      task('image: busybox\nenv: [{name: NODE, valueFrom: {fieldRef: {fieldpath: spec.nodeName}}}]'),
      'env.0.valueFrom.fieldRef.fieldpath is a field that Kubernetes does not have there: write fieldPath',
    ],
    [
      'of a step',
      flow('podSpec: {hostNetwrk: true}'),
      'steps.0.podSpec.hostNetwrk is a field that Kubernetes does not have there: write hostNetwork',
    ],
    [
      'of a rule for failures',
      task('image: busybox\npodFailurePolicy: {rules: [{action: FailJob, onExitCode: {operator: In, values: [1]}}]}'),
      'podFailurePolicy.rules.0.onExitCode is a field that Kubernetes does not have there: write onExitCodes',
    ],
    [
      'of a template',
      task('image: busybox\npodSpec: {dnsPolcy: Default}', 'task-template'),
      'podSpec.dnsPolcy is a field that Kubernetes does not have there: write dnsPolicy',
    ],
    [
      'that is of another kind',
      task('image: busybox\npodSpec: {replicas: 3}'),
      'podSpec.replicas is a field that Kubernetes does not have there: take it out',
    ],
    [
      'whose value is a number, not text',
      task('image: busybox\npodSpec: {initContainers: [{name: x, image: app, env: [{name: PORT, value: 80}]}]}'),
      'podSpec.initContainers.0.env.0.value must be a string, not 80: write it in quotes',
    ],
  ])('refuses a field %s that would be refused in the Job', async (_what, component, problem) => {
    const { code, err } = await plan({ 'app.yaml': application(component) }, '-f', 'app.yaml');
    expect(err).toContain(problem);
    expect([code, err.trim().split('\n').length]).toEqual([1, 1]);
  });

  // CUE's own words came up: "cannot range over _same", "4 errors in empty disjunction".
  it.each([
    [
      'podSpec: {containers: {name: proxy}}',
      'podSpec.containers must be a list of containers, each with its fields, such as [{workingDir: /data}]; fix it there',
    ],
    ['podSpec: {containers: [proxy]}', 'podSpec.containers must be a list of containers, each with its fields'],
    ['podSpec: {containers: [~]}', 'podSpec.containers must be a list of containers, each with its fields'],
    [
      'podSpec: {volumes: {data: {emptyDir: {}}}}',
      'podSpec.volumes must be a list, not {"data":{"emptyDir":{}}}: write a list, such as [{name: data, ...}]',
    ],
    [
      'env: [{name: A, value: a}]\npodSpec: {containers: [{env: {B: b}}]}',
      'podSpec.containers.0.env must be a list, not {"B":"b"}: write a list, such as [{name: B, value: "b"}]',
    ],
    [
      'podSpec: {securityContext: {runAsUser: "1000"}}',
      'podSpec.securityContext.runAsUser must be an integer, not "1000": write 1000 without quotes',
    ],
    ['podSpec: {nodeSelector: [a]}', 'podSpec.nodeSelector must be fields, not ["a"]: write its fields, one a line'],
    ['podSpec: {hostAliases: [{hostnames: [db]}]}', 'podSpec.hostAliases.0 lacks ip: write it'],
    [
      'volumes: [{name: v, mountPath: /v, type: hostPath}]',
      'volumes.0.type is "hostPath": write one of configMap, emptyDir, pvc, secret',
    ],
    ['schedule: {cron: 5}', 'schedule.cron must be a string or a list, not 5: write "5"'],
  ])('says in one sentence what is wrong with %j', async (properties, problem) => {
    const { code, err } = await plan(
      { 'app.yaml': application(task(`image: busybox\n${properties}`)) },
      '-f',
      'app.yaml',
    );
    expect(err).toContain(problem);
    expect([code, err.trim().split('\n').length]).toEqual([1, 1]);
  });

  it.each([
    ['command: [a]', 'command does not exist: write cmd'],
    ['restartPolicy: Never', 'restartPolicy does not exist: write restart'],
    ['envFrom: []', 'envFrom does not exist: write podSpec.containers[0].envFrom'],
    ['env: [{name: A, value: yes}]', 'env.0.value must be a string, not true: write it in quotes'],
  ])('says what to write for %s, as people know it from a Job', async (properties, problem) => {
    const { err } = await plan({ 'app.yaml': application(task(`image: busybox\n${properties}`)) }, '-f', 'app.yaml');
    expect(err).toContain(problem);
  });

  it('takes every form of a field that Kubernetes takes', async () => {
    const podSpec =
      'podSpec: {hostname: null, containers: [{resources: {limits: {cpu: 0.5, memory: 1Gi}}, ports: [{containerPort: 80}]}], overhead: {cpu: 1}, volumes: [{name: x, emptyDir: {sizeLimit: 1000}}]}';
    const template = application(
      task(
        'image: busybox\nparameters: [{name: grace, type: integer}]\npodSpec: {terminationGracePeriodSeconds: $(params.grace)}',
        'task-template',
      ),
    );
    for (const text of [application(task(`image: busybox\n${podSpec}`)), template])
      expect((await plan({ 'app.yaml': text }, '-f', 'app.yaml')).err).toBe('');
  });

  it('prints a document for programs, the same as YAML and as JSON', async () => {
    const files = { 'app.yaml': one };
    const json = await plan(files, '-f', 'app.yaml', '-o', 'json');
    expect(parse((await plan(files, '-f', 'app.yaml', '-o', 'yaml')).out)).toEqual(JSON.parse(json.out));
    expect(JSON.parse(json.out)).toEqual({
      apiVersion: 'task.oam.dev/plan/v1',
      kind: 'Plan',
      applications: [
        {
          name: 'app',
          namespace: 'default',
          revision: 'app-v1',
          changed: true,
          components: [
            {
              name: 'mytask',
              type: 'task',
              message: 'mytask-v1 starts',
              task: {
                name: 'app-mytask',
                runs: [
                  {
                    name: 'mytask-v1',
                    nameIsExact: true,
                    isNew: true,
                    decision: 'Starts',
                    trigger: 'Revision',
                    replaces: [],
                    jobs: [{ name: 'mytask-v1', starts: 'Now' }],
                  },
                ],
                keeps: [],
                prunes: [],
                suspend: false,
                concurrencyPolicy: 'Allow',
              },
            },
          ],
        },
      ],
    });
  });

  it.each<[what: string, text: string, args: readonly string[], code: number]>([
    ['a run', one, ['--detailed-exitcode'], 3],
    ['a run, without the option', one, [], 0],
    ['no run', application(task('image: busybox\nexecutionPolicy: {trigger: Manual}')), ['--detailed-exitcode'], 0],
    ['a run that waits', application(task('image: busybox\nsuspend: true')), ['--detailed-exitcode'], 0],
    ['errors', application(task('imag: busybox')), ['--detailed-exitcode'], 1],
    ['two bases', one, ['--live', '--against', 'old.yaml'], 2],
    ['a file that is not there', one, ['--against', 'nothing.yaml'], 2],
  ])('exits for %s', async (_what, text, args, code) => {
    expect((await plan({ 'app.yaml': text, 'old.yaml': one }, '-f', 'app.yaml', ...args)).code).toBe(code);
  });

  it('counts the revision on, or takes the one that is named', async () => {
    expect(await planOf(two, '--against', 'old.yaml')).toMatchObject({
      revision: 'app-v2',
      components: [{ task: { runs: [{ name: 'mytask-v2' }], keeps: ['mytask-v1'] } }],
    });
    expect(await planOf(two, '--revision', '9')).toMatchObject({
      revision: 'app-v9',
      components: [{ task: { runs: [{ name: 'mytask-v9' }] } }],
    });
    expect(await planOf(one, '--against', 'old.yaml')).toMatchObject({
      revision: 'app-v1',
      changed: false,
      components: [{ message: 'no new run: there is no new revision; keeps mytask-v1' }],
    });
  });

  it('names a removed component whose Task has its name from an earlier version', async () => {
    const kept = (text: string) =>
      text.replace('  name: app\n', "  name: app\n  annotations: {task.oam.dev/joined-by: '-'}\n");
    const old = kept(application(task('image: busybox') + task('image: busybox', 'task', 'eu-dump')));
    const files = { 'old.yaml': old, 'app.yaml': one };
    const { out } = await plan(files, '-f', 'app.yaml', '--against', 'old.yaml', '-o', 'json');
    expect((JSON.parse(out) as Plan).applications[0]?.components).toMatchObject([
      { name: 'mytask' },
      { name: 'eu-dump', message: expect.stringContaining('KubeVela deletes its Task') as string },
    ]);
  });

  it('knows what trigger Change looks at', async () => {
    const change = 'executionPolicy: {trigger: Change}';
    const text = application(task(`image: busybox\ncmd: [echo, one]\n${change}`), '  policies: []\n');
    expect(await planOf(text, '--against', 'old.yaml')).toMatchObject({
      revision: 'app-v2',
      components: [
        {
          message: 'no new run: the content of runs did not change (trigger: Change); keeps mytask-v1',
          task: { runs: [] },
        },
      ],
    });
  });

  it('names components that are not tasks, the runs of workflow steps, and traits that are not evaluated', async () => {
    const web = '    - name: web\n      type: webservice\n      properties: {image: nginx}\n';
    const traits = task('image: busybox').replace(
      '      properties',
      '      traits: [{type: labels, properties: {a: b}}]\n      properties',
    );
    const steps =
      '  workflow:\n    steps:\n      - {name: again, type: run-task, properties: {component: mytask}}\n      - {name: own, type: run-task, properties: {image: busybox}}\n';
    const { out, err } = await plan({ '-': application(web + traits, steps) }, '-f', '-');
    expect(err).toBe(
      'remark: only the trait task-queue is evaluated: the plan does not show what other traits change in a Task\n',
    );
    expect(out).toMatch(/\nweb +webservice +- +- +not a task: KubeVela applies it\n/);
    expect(out).toContain(
      'step again starts a run of task app-mytask as part of the workflow\nstep own starts a run of its own task app-own as part of the workflow\n',
    );
  });

  it('tells all errors of all components, each at its line', async () => {
    const components = [
      task('image: 3\nexecutionPolicy:\n  keeplast: 3'),
      task('image: busybox\nexecutionPolicy:\n  keepLast: -1', 'task', 'b'),
      task('image: busybox\nschedule: "61 * * * *"', 'cron-task', 'c'),
      task(
        'steps:\n  - name: a\n    image: busybox\n    dependsOn: [b]\n  - name: b\n    image: busybox\n    dependsOn: [a]',
        'task-flow',
        'd',
      ),
      task('image: busybox\nitems: [{name: x}, {name: x}]', 'task', 'e'),
    ];
    const steps = '  workflow:\n    steps:\n      - {name: again, type: run-task, properties: {component: nothing}}\n';
    const { code, out, err } = await plan({ 'app.yaml': application(components.join(''), steps) }, '-f', 'app.yaml');
    expect([code, out]).toEqual([1, '']);
    expect(err.trim().split('\n')).toEqual([
      'error: app.yaml:10:9: image must be a string, not 3: write "3"',
      'error: app.yaml:12:11: executionPolicy.keeplast does not exist: did you mean keepLast?',
      'error: app.yaml:18:11: executionPolicy.keepLast is -1: write 0 to 1000',
      expect.stringMatching(
        /^error: app\.yaml:23:9: the schedule "61 \* \* \* \*" is invalid: .*; write five fields/,
      ) as string,
      'error: app.yaml:27:9: these steps depend on each other in a cycle, or on a step that does not exist: a, b; fix it there',
      'error: app.yaml:38:9: two items are called x: give each a name of its own, or none',
      'error: app.yaml:41:39: there is no Task app-nothing in namespace default: let an earlier step apply component nothing, and let it be of type task, cron-task, task-flow or daemon-task; if a policy puts it elsewhere, write namespace and cluster',
    ]);
  });

  it('knows the rules of the Task beyond single fields', async () => {
    const { err } = await plan(
      {
        'app.yaml': application(
          task('image: busybox\nitems: [{a: 1}]\nmatrix: {a: [1]}') +
            task('image: busybox\nmaxParallel: 2', 'task', 'b'),
        ),
      },
      '-f',
      'app.yaml',
    );
    expect(err).toBe(
      'error: app.yaml:9:7: write items or matrix, not both\nerror: app.yaml:15:7: maxParallel is for a flow, items, a matrix and nodes: write one of these, or leave it out\n',
    );
  });

  it('says what is wrong with a queue, and what to write instead', async () => {
    const of = (queue: string, name: string) => task(`image: busybox\n${queue}`, 'task', name);
    const flow = task(
      'queueTimeoutSeconds: 60\nsteps:\n  - {name: a, image: busybox, queue: {name: team-a}}',
      'task-flow',
      'f',
    );
    const components = [
      of('queue: {name: infra/team-a}', 'a'),
      of('queue: {name: Team_A}', 'b'),
      of('queue: {name: team-a, admitTogether: true}', 'c'),
      of('queueTimeoutSeconds: 60', 'd'),
      of('queue: {name: team-a, prioritClass: high}', 'e'),
      flow,
      task('steps:\n  - {name: a, image: busybox, queueTimeoutSeconds: 60}', 'task-flow', 'g'),
    ];
    const { err } = await plan({ 'app.yaml': application(components.join('')) }, '-f', 'app.yaml');
    expect(err.trim().split('\n')).toEqual([
      "error: app.yaml:11:9: queue.name is the name of a LocalQueue in the Task's own namespace: a queue of another namespace cannot be used, so leave the namespace out",
      'error: app.yaml:16:9: queue.name is the name of a LocalQueue: lower-case letters, digits, - and ., 63 characters at most, such as team-a',
      expect.stringMatching(
        /^error: app\.yaml:21:9: queue\.admitTogether cannot be true yet: .*Leave it out; pods that must start together can be the pods of one Job \(count\)$/,
      ) as string,
      'error: app.yaml:24:7: queueTimeoutSeconds limits the wait in a queue, but there is no queue: write queue.name, or leave it out',
      'error: app.yaml:31:31: queue.prioritClass does not exist: did you mean priorityClass?',
      "error: app.yaml:40:7: a step's queueTimeoutSeconds limits its wait in a queue, but it has no queue: write queue.name of the step or of all steps, or leave it out",
    ]);
  });

  const withTrait = (component: string, ...traits: readonly string[]) =>
    component.replace(
      '      properties',
      `      traits: [${traits.map((properties) => `{type: task-queue, properties: ${properties}}`).join(', ')}]\n      properties`,
    );

  it('says where Jobs wait, by a property or by the trait task-queue', async () => {
    const steps = (first: string) =>
      `steps:\n  - {name: build, image: busybox${first}}\n  - {name: test, image: busybox, dependsOn: [build], queue: {name: own, priorityClass: low}}`;
    const components = [
      task('image: busybox\nqueue: {name: team-a}', 'task', 'a'),
      withTrait(
        task('image: busybox\nqueue: {name: team-a}\nqueueTimeoutSeconds: 60', 'task', 'b'),
        '{name: team-b, priorityClass: high}',
      ),
      withTrait(task(steps(''), 'task-flow', 'c'), '{name: team-b}'),
      task(steps(''), 'task-flow', 'd'),
      withTrait(task('image: busybox\nqueueTimeoutSeconds: 60', 'task', 'e'), '{name: team-b}', '{name: team-c}'),
      task('image: busybox\nschedule: "@daily"\nqueue: {name: team-a}', 'cron-task', 'f'),
    ];
    const { code, out, err } = await plan({ '-': application(components.join('')) }, '-f', '-', '-o', 'wide');
    expect([code, err]).toEqual([0, '']);
    for (const sentence of [
      'a-v1 starts, its Job suspended in queue team-a until Kueue admits it',
      'b-v1 starts, its Job suspended in queue team-b until Kueue admits it',
      'c-v1 starts with 1 of 2 Jobs, each suspended in queue team-b, own until Kueue admits it',
      'd-v1 starts with 1 of 2 Jobs, 1 of them suspended in queue own until Kueue admits it',
      'e-v1 starts, its Job suspended in queue team-c until Kueue admits it',
    ])
      expect(out).toContain(`   ${sentence}\n`);
    expect(out).toMatch(/ c-v1-build +Now, in queue team-b /);
    expect(out).toMatch(/ c-v1-test +Later, after build, in queue own /);
    const [b, c] = (await planOf(application(components.slice(1, 3).join(''))))?.components ?? [];
    expect(b?.task?.runs[0]?.jobs).toEqual([
      { name: 'b-v1', starts: 'Now', queue: { name: 'team-b', priorityClass: 'high' } },
    ]);
    expect(c?.task?.runs[0]?.jobs[1]).toEqual({
      name: 'c-v1-test',
      step: 'test',
      starts: 'Later',
      after: ['build'],
      queue: { name: 'own', priorityClass: 'low' },
    });
  });

  it('says what is wrong with the trait at the trait, and with the component at the component', async () => {
    const components = [
      withTrait(task('image: busybox', 'task', 'a'), '{nam: team-a}'),
      withTrait(task('image: busybox', 'task', 'b'), '{priorityClass: high}'),
      withTrait(task('image: busybox\nexecutionPolicy: {keepLast: -1}', 'task', 'c'), '{name: infra/team-a}'),
      withTrait(task('image: busybox', 'task', 'd'), '{name: team-a, queueTimeoutSeconds: 0}', '{name: Team_B}'),
      withTrait(task('image: busybox', 'task-template', 'e'), '{name: team-a}'),
    ];
    const { code, err } = await plan({ 'app.yaml': application(components.join('')) }, '-f', 'app.yaml');
    expect(code).toBe(1);
    expect(err.trim().split('\n')).toEqual([
      'error: app.yaml:9:48: nam does not exist: did you mean name?',
      'error: app.yaml:14:35: name is missing: write it',
      "error: app.yaml:19:35: queue.name is the name of a LocalQueue in the Task's own namespace: a queue of another namespace cannot be used, so leave the namespace out",
      'error: app.yaml:22:27: executionPolicy.keepLast is -1: write 0 to 1000',
      'error: app.yaml:25:62: queueTimeoutSeconds is 0: write 1 or more',
      'error: app.yaml:25:107: queue.name is the name of a LocalQueue: lower-case letters, digits, - and ., 63 characters at most, such as team-a',
      'error: app.yaml:30:35: the trait task-queue is for components of type task, cron-task, daemon-task and task-flow: remove it from e',
    ]);
  });

  const placed = (policies: string, more = '') =>
    application(task('image: busybox'), `  policies:\n${policies.replace(/^/gm, '    ')}\n${more}`);
  const toProd = '- {name: prod, type: topology, properties: {clusters: [local], namespace: prod}}';

  it('plans in the namespace where a topology policy puts the tasks', async () => {
    const text = placed(toProd);
    const { code, out, err } = await plan({ 'app.yaml': text }, '-f', 'app.yaml');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(
      /^Application app in namespace default, its tasks in namespace prod: deployed as revision app-v1\n/,
    );
    expect(await planOf(text)).toMatchObject({ name: 'app', namespace: 'default', taskNamespace: 'prod' });
    expect(await planOf(one)).not.toHaveProperty('taskNamespace');
    // A name that is taken in the Application's namespace is free there.
    const other = one.replace('name: app\n', 'name: other\n');
    const names = async (texts: readonly string[]) => {
      const written = await plan({ 'app.yaml': texts.join('\n---\n') }, '-f', 'app.yaml', '-o', 'json');
      const { applications } = JSON.parse(written.out) as Plan;
      return applications.flatMap(({ components }) => components[0]?.task?.runs.map(({ name }) => name));
    };
    expect(await names([other, text])).toEqual(['mytask-v1', 'mytask-v1']);
    expect(await names([other, one])).toEqual(['mytask-v1', expect.stringMatching(/^mytask-v1-[0-9a-f]{5}$/)]);
  });

  it('gives two components whose names join to the same two Tasks, and refuses them where earlier names are kept', async () => {
    const shop = (name: string, component: string, more = '') =>
      application(task('image: busybox', 'task', component), more).replace('name: app\n', `name: ${name}\n`);
    const kept = (more = '') =>
      shop('shop', 'eu-dump', more).replace(
        'name: shop\n',
        "name: shop\n  annotations: {task.oam.dev/joined-by: '-'}\n",
      );
    const problemsOf = async (...texts: readonly string[]) => {
      const { code, err } = await plan({ 'app.yaml': texts.join('\n---\n') }, '-f', 'app.yaml');
      return [code, err.trim()];
    };
    expect(await problemsOf(shop('shop-eu', 'dump'), shop('shop', 'eu-dump'))).toEqual([0, '']);
    expect(await problemsOf(shop('shop-eu', 'dump'), kept())).toEqual([
      1,
      'error: app.yaml:20:7: the Task shop-eu-dump is that of component dump of Application shop-eu, and KubeVela would report a conflict: rename one of the components, or deploy it to another namespace',
    ]);
    const elsewhere = `  policies:\n    ${toProd}\n`;
    expect(await problemsOf(shop('shop-eu', 'dump'), kept(elsewhere))).toEqual([0, '']);
  });

  it('says which policies it does not evaluate', async () => {
    const remarksOf = async (text: string) =>
      (await plan({ 'app.yaml': text }, '-f', 'app.yaml')).err.trim().split('\n');
    const toTest = toProd.replaceAll('prod', 'test');
    const override = '- {name: small, type: override, properties: {components: [{name: mytask}]}}';
    expect(await remarksOf(placed([toProd, toTest, override].join('\n')))).toEqual([
      'remark: topology policies put the components of Application app into the namespaces prod, test: the plan shows those in prod',
      'remark: the policy small (override) of Application app is not evaluated: the plan shows components as they are written',
    ]);
    expect(await remarksOf(placed(toProd.replace('[local]', '[eu-1]')))).toEqual([
      'remark: the topology policy prod of Application app puts components into other clusters, of which the plan knows nothing',
    ]);
    // Only what the workflow names counts.
    const workflow = '  workflow: {steps: [{name: put, type: deploy, properties: {policies: [test]}}]}\n';
    const text = placed([toProd, toTest, override].join('\n'), workflow);
    expect(await remarksOf(text)).toEqual(['']);
    expect(await planOf(text)).toMatchObject({ taskNamespace: 'test' });
    expect(await remarksOf(text.replace('policies: [test]', 'policies: [test, tset]'))).toEqual([
      'remark: the workflow of Application app deploys with the policy tset, which the Application does not have: it has to be a Policy in its namespace',
    ]);
  });

  it.each([
    ['cmd: run it', 'cmd must be a list, not "run it": write ["run it"]'],
    ['env: {A: b}', 'env must be a list, not {"A":"b"}: write a list, such as [{name: A, value: "b"}]'],
    ['timeoutSeconds: 1h', 'timeoutSeconds must be a whole number, not "1h": write 3600'],
  ])('says of a step run-task with %s what a task would say', async (properties, said) => {
    const workflow = `  workflow:\n    steps:\n      - name: own\n        type: run-task\n        properties: {image: busybox, ${properties}}\n`;
    const { code, err } = await plan({ 'app.yaml': one + workflow }, '-f', 'app.yaml');
    expect(code).toBe(1);
    expect(err).toMatch(/^error: app\.yaml:\d+:\d+: .*\n$/);
    expect(err).toContain(`: ${said}\n`);
  });

  it('refuses a step run-task whose script is larger than what KubeVela applies', async () => {
    const properties = JSON.stringify({ image: 'busybox', cmd: ['sh', '-c', 'x'.repeat(300_000)] });
    const workflow = `  workflow:\n    steps:\n      - name: big\n        type: run-task\n        properties: ${properties}\n`;
    const { code, err } = await plan({ 'app.yaml': one + workflow }, '-f', 'app.yaml');
    expect(code).toBe(1);
    expect(err).toMatch(
      /^error: app\.yaml:16:9: the Task has 30\d{4} bytes, and KubeVela applies 262144 at most: .*, or split the step\n$/,
    );
  });

  it('refuses the values of a template for what only a schedule starts, without quoting them', async () => {
    const template = task('image: busybox\nparameters: [{name: rows, type: integer}]', 'task-template', 'dump');
    const nightly = task(
      'schedule: {cron: "@daily"}\nexecutionPolicy: {trigger: Manual}\ntemplateRef: {name: dump, parameters: {rows: hunter2}}',
      'task',
      'nightly',
    );
    const { code, err } = await plan({ 'app.yaml': application(template + nightly) }, '-f', 'app.yaml');
    expect([code, err]).toEqual([
      1,
      'error: app.yaml:17:9: parameter rows of TaskTemplate dump must be an integer, not a string\n',
    ]);
  });

  it('says what to do where its files are missing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'plan-parts-'));
    await writeFile(join(folder, 'definitions.json'), '{}');
    await expect((await readParts(folder)).cue()).rejects.toThrow(
      `${join(folder, 'cue.wasm.gz')} is missing: plan and convert need cue.wasm.gz, wasm_exec.cjs, definitions.json in the program's folder; copy them from dist/cli, or build them with npm run build`,
    );
    await rm(folder, { recursive: true });
  });
});
