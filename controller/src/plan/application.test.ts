import { describe, expect, it, test } from 'vitest';
import { readApplications } from './application.ts';
import { sentenceOf } from './positions.ts';

const types = ['task', 'cron-task', 'task-flow', 'daemon-task', 'task-template'];
const read = (text: string) => readApplications(text, 'app.yaml', types);
const problems = (text: string) => read(text).problems.map(sentenceOf);

const head = 'apiVersion: core.oam.dev/v1beta1\nkind: Application\nmetadata:\n  name: app\nspec:\n  components:\n';
const component = '    - name: mytask\n      type: task\n      properties:\n        image: busybox\n';

describe('a file of Applications', () => {
  it.for<[what: string, text: string, said: readonly string[]]>([
    [
      'reports broken YAML',
      'a: 1\nb: [c\n',
      [
        'app.yaml:3:1: this is not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]; fix it there',
      ],
    ],
    [
      'reports a value that kubectl cannot send',
      `${head}${component}        cpu: .nan\n`,
      [
        'app.yaml:11:14: spec.components.0.properties.cpu is .nan, which JSON cannot hold: write a number, or put it in quotes',
      ],
    ],
    [
      'must not be empty',
      '\n# nothing\n',
      [
        'app.yaml:1:1: the file has no Application: write apiVersion: core.oam.dev/v1beta1, kind: Application, metadata.name and spec.components',
      ],
    ],
    [
      'must not be a plain text',
      'hello\n',
      [
        'app.yaml:1:1: this is not an Application: write apiVersion: core.oam.dev/v1beta1, kind: Application, metadata.name and spec.components',
      ],
    ],
    [
      'needs the group',
      'apiVersion: v1\nkind: Application\n',
      ['app.yaml:1:1: this Application is of v1: write apiVersion: core.oam.dev/v1beta1'],
    ],
    [
      'needs components',
      'apiVersion: core.oam.dev/v1beta1\nkind: Application\nmetadata:\n  name: app\nspec: {}\n',
      [
        'app.yaml:5:1: spec.components must be a list of 1 to 1000: write the parts of the Application, such as {name: mytask, type: task, properties: {image: busybox}}',
      ],
    ],
    [
      'reports a misspelt type',
      `${head}    - name: mytask\n      type: taks\n`,
      ['app.yaml:8:7: the component type taks does not exist: write type: task'],
    ],
    [
      'reports an invalid name',
      `${head}    - type: task\n      name: My_Task\n`,
      [
        'app.yaml:8:7: My_Task is not a valid name: write lower case letters, digits and dashes, with a letter or digit at both ends',
      ],
    ],
    [
      'reports a name that is too long',
      `${head}    - name: ${'a'.repeat(64)}\n      type: task\n`,
      [
        `app.yaml:7:7: the name ${'a'.repeat(64)} has 64 characters, and KubeVela writes it into a label, which has at most 63: choose a shorter one`,
      ],
    ],
    [
      'reports a name that is used twice',
      head + component + component,
      ['app.yaml:11:7: two components have the name mytask: give each a name of its own'],
    ],
    [
      'reports all problems at once',
      `${head}    - name: A\n      type: cron-taks\n    - name: b\n`,
      [
        'app.yaml:7:7: A is not a valid name: write lower case letters, digits and dashes, with a letter or digit at both ends',
        'app.yaml:8:7: the component type cron-taks does not exist: write type: cron-task',
        'app.yaml:9:7: a component has no type: write one, such as type: task',
      ],
    ],
    [
      'reports two Applications with the same name',
      `${head}${component}---\n${head}${component}`,
      ['app.yaml:15:3: two Applications have the name app: rename one, or plan them one by one'],
    ],
  ])('%s', ([, text, said]) => expect(problems(text)).toEqual(said));

  test('may have several documents, and names those that it leaves out', () => {
    const { applications, remarks } = read(
      `---\n${head}${component}---\napiVersion: v1\nkind: Secret\nmetadata: {name: key}\n---\n`,
    );
    expect(applications.map(({ name }) => name)).toEqual(['app']);
    expect(remarks).toEqual(['app.yaml:13: the Secret key is not an Application, so it is not planned']);
  });

  test('gives the position of every property, through aliases and flow style', () => {
    const {
      applications: [application],
    } = read(
      `${head}    - name: one\n      type: task\n      properties: &same\n        image: busybox\n        env: [{name: A}, {name: B, valu: 1}]\n    - name: two\n      type: task\n      properties: *same\n`,
    );
    const place = (...path: (string | number)[]) => application?.positions.at(['spec', 'components', ...path]);
    expect(place(0, 'properties', 'env', 1, 'valu')).toEqual({ file: 'app.yaml', line: 11, column: 36 });
    expect(place(1, 'properties', 'env', 1, 'name')).toMatchObject({ line: 11, column: 27 });
    expect(place(0, 'properties', 'nothing', 'there')).toMatchObject({ line: 9, column: 7 });
  });

  test('may have steps within steps', () => {
    const {
      applications: [application],
    } = read(
      `${head}${component}  workflow:\n    steps:\n      - name: group\n        type: step-group\n        subSteps:\n          - {name: run, type: run-task, properties: {component: mytask}}\n`,
    );
    expect(application?.steps.map(({ name, type }) => `${name} ${type}`)).toEqual(['group step-group', 'run run-task']);
  });
});

// They were planned, and the API server refused them, or KubeVela dropped them.
describe('what stands around the components', () => {
  it.each<[what: string, spec: string, said: string]>([
    ['policies', 'policies: {type: topology}', 'policies must be a list, not {"type":"topology"}: write a list'],
    ['a workflow', 'workflow: [{type: deploy}]', 'workflow must be fields, not [{"type":"deploy"}]: write its fields'],
    ['its steps', 'workflow: {steps: {type: deploy}}', 'workflow.steps must be a list, not {"type":"deploy"}: write'],
    [
      'what a step waits for',
      'workflow: {steps: [{name: a, type: deploy, dependsOn: b}]}',
      'workflow.steps.0.dependsOn must be a list, not "b": write ["b"]',
    ],
    [
      'a step that it waits for',
      'workflow: {steps: [{name: build, type: deploy}, {name: b, type: deploy, dependsOn: [biuld]}]}',
      'there is no step "biuld": write build',
    ],
    [
      'a time of a million digits, at once',
      `workflow: {steps: [{name: a, type: deploy, timeout: "${'1'.repeat(200_000)}"}]}`,
      `timeout is "${'1'.repeat(59)}...: write 30s, 5m or 1h30m`,
    ],
    [
      'a step in a group',
      'workflow: {steps: [{name: a, type: step-group, subSteps: [{name: b, type: run-task, timeout: 5}]}]}',
      'workflow.steps.0.subSteps.0.timeout must be a string, not 5: write "5"',
    ],
    [
      'names of steps, each its own',
      'workflow: {steps: [{name: a, type: step-group, subSteps: [{name: b, type: deploy}, {name: b, type: deploy}]}]}',
      'two steps have the name b: give each a name of its own',
    ],
    [
      'a time',
      'workflow: {steps: [{name: a, type: deploy, timeout: 10 minutes}]}',
      'timeout is "10 minutes": write 30s, 5m or 1h30m',
    ],
    [
      'a misspelt field',
      'policies: [{name: a, type: topology, property: {}}]',
      'does not have there: write properties',
    ],
  ])('is of the kind that KubeVela has: %s', (_what, spec, said) => {
    expect(problems(`${head}${component}  ${spec}\n`).join('\n')).toContain(said);
  });

  it.each([
    ['traits: sidecar', 'components.0.traits must be a list, not "sidecar": write ["sidecar"]'],
    ['traits: [sidecar]', 'components.0.traits.0 must be fields, not "sidecar"'],
    ['dependsOn: other', 'components.0.dependsOn must be a list, not "other": write ["other"]'],
    ['settings: {image: b}', 'components.0.settings is a field that KubeVela does not have there: write properties'],
    [
      'whatever: 1',
      'components.0.whatever is a field that KubeVela does not have there: it has name, type, properties',
    ],
  ])('is of the kind that KubeVela has, in a component: %s', (field, said) => {
    expect(problems(`${head}${component}      ${field}\n`).join('\n')).toContain(said);
  });

  it('takes all that KubeVela has', () => {
    const whole = `      traits: [{type: scaler, properties: {a: 1}}]\n      dependsOn: []\n      inputs: [{from: a, parameterKey: b}]\n      outputs: [{name: a, valueFrom: b}]\n      externalRevision: a\n      scopes: {a: b}\n`;
    const around = `  policies: [{name: p, type: topology, properties: {}}]\n  workflow: {ref: w, mode: {steps: DAG, subSteps: DAG}, steps: [{name: a, type: step-group, if: always, timeout: 5m, meta: {alias: a}, mode: DAG, inputs: [], outputs: [], dependsOn: [], properties: ~, subSteps: []}]}\n`;
    expect(problems(`${head}${component}${whole}${around}`)).toEqual([]);
  });

  it('may be all there is: an Application of a workflow alone', () => {
    const text =
      'apiVersion: core.oam.dev/v1beta1\nkind: Application\nmetadata:\n  name: app\nspec:\n  components: []\n';
    expect(problems(`${text}  workflow: {steps: [{name: a, type: run-task, properties: {image: b}}]}\n`)).toEqual([]);
  });

  it('names what is a name, and no text', () => {
    expect(problems(`${head}    - {name: 12, type: task}\n`)).toEqual([
      'app.yaml:7:8: the name of a component must be a string, not 12: write it in quotes',
    ]);
  });
});
