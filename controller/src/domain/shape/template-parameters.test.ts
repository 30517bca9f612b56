import { expect, test } from 'vitest';
import { filledTemplate } from './template-parameters.ts';

const values = { rows: 10, all: true, table: 'people' };
const container = { name: 'main', image: 'dump:1' };

test('a number that is a word of a command or the value of a variable is text, as a Job has it', () => {
  const own = {
    ...container,
    command: ['dump', '--rows', '$(params.rows)'],
    args: ['$(params.all)', '--rows=$(params.rows)', '$(params.table)'],
    env: [{ name: 'ROWS', value: '$(params.rows)' }],
  };
  const filled = {
    ...container,
    command: ['dump', '--rows', '10'],
    args: ['true', '--rows=10', 'people'],
    env: [{ name: 'ROWS', value: '10' }],
  };
  const template = { spec: { containers: [own], initContainers: [own] } };
  expect(filledTemplate({ template }, values).template).toEqual({
    spec: { containers: [filled], initContainers: [filled] },
  });
});

test('a number in labels, annotations, selectors and values is text, as a pod has it', () => {
  const rows = '$(params.rows)';
  const mount = { name: 'v', mountPath: '/v', subPath: rows };
  const expression = { key: 'rows', operator: 'In', values: [rows] };
  const pod = (value: unknown) => ({
    metadata: { labels: { 'example.com/rows': value }, annotations: { rows: value } },
    spec: {
      nodeSelector: { rows: value },
      tolerations: [{ key: 'rows', value }],
      affinity: {
        podAffinity: [
          { labelSelector: { matchLabels: { rows: value }, matchExpressions: [{ ...expression, values: [value] }] } },
        ],
      },
      containers: [{ ...container, volumeMounts: [{ ...mount, subPath: value }] }],
    },
  });
  expect(filledTemplate({ template: pod(rows) }, values).template).toEqual(pod('10'));
});

test('elsewhere a number stays one: a Job has numbers', () => {
  const spec = {
    containers: [{ ...container, ports: [{ containerPort: '$(params.rows)' }] }],
    hostNetwork: '$(params.all)',
  };
  const job = {
    backoffLimit: '$(params.rows)',
    podFailurePolicy: { rules: [{ onExitCodes: { values: ['$(params.rows)'] } }] },
  };
  expect(filledTemplate({ template: { spec }, job }, values)).toEqual({
    template: { spec: { containers: [{ ...container, ports: [{ containerPort: 10 }] }], hostNetwork: true } },
    job: { backoffLimit: 10, podFailurePolicy: { rules: [{ onExitCodes: { values: [10] } }] } },
  });
});
