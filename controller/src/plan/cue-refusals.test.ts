import { describe, expect, it } from 'vitest';
import { parameterNames, refusalOfSchema, refusalsOf } from './cue-refusals.ts';

const parameters = { type: 'task', names: ['image', 'cmd', 'keepLast'] };

describe("CUE's words", () => {
  it.for<[messages: string[], properties: Record<string, unknown>, path: string, message: string]>([
    [
      ['parameter.executionPolicy.keeplast: field not allowed'],
      { executionPolicy: { keeplast: 3 } },
      'executionPolicy.keeplast',
      'executionPolicy.keeplast does not exist: did you mean keepLast?',
    ],
    [
      ['parameter.whatever: field not allowed'],
      { whatever: 3 },
      'whatever',
      'whatever does not exist: see `vela show task` for the parameters',
    ],
    [
      ['parameter.cmd: field not allowed'],
      { cmd: [] },
      'cmd',
      'cmd does not exist: see `vela show task` for the parameters',
    ],
    [
      [
        'output.x.image: conflicting values string and 3 (mismatched types string and int)',
        'parameter.image: conflicting values string and 3 (mismatched types string and int)',
      ],
      { image: 3 },
      'image',
      'image must be a string, not 3: write "3"',
    ],
    [
      ['parameter.cmd: conflicting values "x" and [...string] (mismatched types string and list)'],
      { cmd: 'x' },
      'cmd',
      'cmd must be a list, not "x": write ["x"]',
    ],
    [
      ['parameter.timeoutSeconds: conflicting values "5" and int (mismatched types string and int)'],
      { timeoutSeconds: '5' },
      'timeoutSeconds',
      'timeoutSeconds must be a whole number, not "5": write 5 without quotes',
    ],
    [
      [
        'parameter.env: conflicting values {A:"b"} and [...] (mismatched types struct and list)',
        'parameter.env.A: conflicting values "b" and {} (mismatched types string and struct)',
      ],
      { env: { A: 'b' } },
      'env',
      'env must be a list, not {"A":"b"}: write a list, such as [{name: A, value: "b"}]',
    ],
    [
      ['output.spec.template.spec.containers.0.image: cannot reference optional field: image'],
      {},
      '',
      'image is missing: write it',
    ],
    [
      ['output.spec.template.spec.containers.0.env.0.name: incomplete value string'],
      { env: [{ value: 'x' }] },
      'env.0',
      'env.0.name is missing: write it',
    ],
    [
      ['output."these steps depend on each other in a cycle: a, b"."fix dependsOn": conflicting values'],
      { steps: [] },
      'steps',
      'these steps depend on each other in a cycle: a, b; fix it there',
    ],
    [
      ['output.spec.steps.1.template.spec.containers.0.image: cannot reference optional field: image'],
      { steps: [{ image: 'x' }, { name: 'b' }] },
      'steps.1',
      'steps.1.image is missing: write it',
    ],
    [
      [
        `output.spec.template.spec.volumes.0: invalid operands 5 and "configMap" to '==' (type int and string)`,
        `output.spec.template.spec.volumes.0: invalid operands 5 and "secret" to '==' (type int and string)`,
      ],
      { volumes: [{ name: 'a', type: 5 }] },
      'volumes.0.type',
      'volumes.0.type must be a string, not 5: write "5"',
    ],
    [
      [`parameter.volumes.0: invalid operands 5 and "configMap" to '==' (type int and string)`],
      { volumes: [{ name: 'a', type: 5 }] },
      'volumes.0.type',
      'volumes.0.type must be a string, not 5: write "5"',
    ],
    [
      [
        'parameter.volumes.0.type: 4 errors in empty disjunction:',
        ...['pvc', 'secret', 'pvc'].map((kind) => `parameter.volumes.0.type: conflicting values "${kind}" and "disk"`),
      ],
      { volumes: [{ name: 'a', type: 'disk' }] },
      'volumes.0.type',
      'volumes.0.type is "disk": write one of pvc, secret',
    ],
    [['something else'], {}, '', ': something else'],
  ])('%o become a problem with a property', ([messages, properties, path, message]) => {
    expect(refusalsOf(messages, properties, parameters)).toEqual([
      { path: path === '' ? [] : path.split('.'), message },
    ]);
  });

  it('names the property that a field of the Task comes from', () => {
    expect(
      refusalOfSchema(
        { path: ['spec', 'executionPolicy', 'keepLast'], message: 'is -1' },
        { successfulJobsHistoryLimit: -1 },
      ),
    ).toEqual({ path: ['successfulJobsHistoryLimit'], message: 'successfulJobsHistoryLimit is -1' });
    expect(
      refusalOfSchema(
        { path: ['spec', 'schedule', 'crons', '0'], message: 'has 0 characters' },
        { schedule: { cron: [''] } },
      ),
    ).toEqual({ path: ['schedule', 'cron', '0'], message: 'schedule.cron.0 has 0 characters' });
    expect(refusalOfSchema({ path: ['spec', 'steps', '1'], message: 'lacks name' }, { steps: [{}, {}] })).toEqual({
      path: ['steps', '1'],
      message: 'steps.1 lacks name',
    });
  });

  it('finds the names that a definition declares', () => {
    expect(
      parameterNames('// +usage=What\n\timage: string\n// +usage=How\n// +short=c\n\tcmd?: [...string]\n\tother: 1\n'),
    ).toEqual(['image', 'cmd']);
  });
});
