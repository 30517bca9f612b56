/**
 * Every limit that people can reach is checked before it hurts: what is right at it fits, and one more is refused in a
 * sentence with the number. A plan and `convert` say it by these schemas, most of which the API server has, too.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { admitBySchema, type Schema } from '../../controller/src/plan/schema.ts';
import { longArguments } from '../../controller/src/plan/long-arguments.ts';
import { sizeProblem } from '../../controller/src/plan/plan.ts';
import { partsOfSources } from '../../scripts/plan-parts.ts';

let schemas: Readonly<Record<string, Schema>>;
beforeAll(async () => {
  schemas = (await partsOfSources()).definitions.schemas;
});

const text = (length: number) => 'x'.repeat(length);
const list = (length: number, element: (index: number) => unknown = (index) => ({ name: `n${index}` })) =>
  Array.from({ length }, (_, index) => element(index));
const container = { name: 'c', image: 'a:1' };
const pod = (spec: object, metadata: object = {}) => ({
  template: { metadata, spec: { containers: [container], ...spec } },
});
const step = (index: number, more: object = {}) => ({ name: `s${index}`, ...pod({}), ...more });
const second = 2 ** 31 - 1;

/** A Task's spec that reaches a limit with `most`, and the problem of one more. */
const rows: readonly [what: string, spec: (size: number) => object, most: number, says: string][] = [
  ['a label of the pods', (size) => pod({}, { labels: { a: text(size) } }), 63, 'has 64 characters: write 0 to 63'],
  [
    'all annotations of the pods together',
    (size) => pod({}, { annotations: { a: text(size - 4), b: '12' } }),
    256 * 1024,
    'has 262145 bytes in all: write 262144 or less',
  ],
  ['the name of a container', (size) => pod({ containers: [{ ...container, name: text(size) }] }), 63, '64 characters'],
  ['the name of an init container', (size) => pod({ initContainers: [{ name: text(size) }] }), 63, '64 characters'],
  ['the name of a volume', (size) => pod({ volumes: [{ name: text(size), emptyDir: {} }] }), 63, '64 characters'],
  ['the host name of the pods', (size) => pod({ hostname: text(size) }), 63, 'has 64 characters: write 0 to 63'],
  ['the time of a pod', (size) => pod({ activeDeadlineSeconds: size }), second, 'write 1 to 2147483647'],
  [
    'the time of a Job',
    (size) => ({ ...pod({}), job: { activeDeadlineSeconds: size } }),
    second,
    'write 1 to 2147483647',
  ],
  ['the time of a run', (size) => ({ ...pod({}), timeoutSeconds: size }), second, 'write 1 to 2147483647'],
  ['the time of a step', (size) => ({ steps: [step(0, { timeoutSeconds: size })] }), second, 'write 1 to 2147483647'],
  [
    'the time in a queue',
    (size) => ({ ...pod({}), queue: { name: 'q' }, queueTimeoutSeconds: size }),
    second,
    'write 1 to 2147483647',
  ],
  [
    'how long Jobs are kept',
    (size) => ({ ...pod({}), executionPolicy: { ttlSecondsAfterFinished: size } }),
    second,
    'write 0 to 2147483647',
  ],
  [
    'how late a run may start',
    (size) => ({ ...pod({}), schedule: { crons: ['@daily'], startingDeadlineSeconds: size } }),
    second,
    'write 0 to 2147483647',
  ],
  ['the pods that may fail', (size) => ({ ...pod({}), job: { backoffLimit: size } }), second, 'write 0 to 2147483647'],
  [
    'the pods that must succeed',
    (size) => ({ ...pod({}), job: { completions: size } }),
    second,
    'write 0 to 2147483647',
  ],
  ['the attempts of a run', (size) => ({ ...pod({}), retry: { limit: size } }), 100, 'is 101: write 0 to 100'],
  [
    'the pause between attempts',
    (size) => ({ ...pod({}), retry: { limit: 1, delaySeconds: size } }),
    86_400,
    'is 86401: write 0 to 86400',
  ],
  ['the runs on record', (size) => ({ ...pod({}), executionPolicy: { historyLimit: size } }), 1000, 'write 1 to 1000'],
  ['the runs that are kept', (size) => ({ ...pod({}), executionPolicy: { keepLast: size } }), 1000, 'write 0 to 1000'],
  ['the runs that wait', (size) => ({ ...pod({}), executionPolicy: { queueLimit: size } }), 1000, 'write 1 to 1000'],
  ['the items', (size) => ({ ...pod({}), items: list(size) }), 1000, 'has 1001 elements: write 1 to 1000'],
  [
    'the fields of an item',
    (size) => ({
      ...pod({}),
      items: [Object.fromEntries(list(size, (index) => [`f${index}`, 'v']) as [string, string][])],
    }),
    20,
    'has 21 fields: write 1 to 20',
  ],
  ['the steps of a flow', (size) => ({ steps: list(size, (index) => step(index)) }), 1000, 'has 1001 elements'],
  ['the name of a step', (size) => ({ steps: [step(0, { name: text(size) })] }), 63, 'has 64 characters'],
  [
    'the steps that one waits for',
    (size) => ({
      steps: [...list(size, (index) => step(index)), step(size, { dependsOn: list(size, (index) => `s${index}`) })],
    }),
    100,
    'has 101 elements: write 0 to 100',
  ],
  ['the outputs', (size) => ({ ...pod({}), outputs: list(size) }), 20, 'has 21 elements: write 0 to 20'],
  [
    'the schedules',
    (size) => ({ ...pod({}), schedule: { crons: list(size, (index) => `${index} * * * *`) } }),
    20,
    'has 21 elements: write 1 to 20',
  ],
  ['the name of a queue', (size) => ({ ...pod({}), queue: { name: text(size) } }), 63, 'has 64 characters'],
];

const problemsOf = (spec: object) =>
  admitBySchema(schemas['Task'] ?? {}, { metadata: { name: 'shop-c' }, spec }).problems.map(
    ({ path, message }) => `${path.join('.')} ${message}`,
  );

describe('a limit', () => {
  it.each(rows)('of %s is known before a run meets it', (_what, spec, most, says) => {
    expect(problemsOf(spec(most))).toEqual([]);
    const [problem = 'nothing'] = problemsOf(spec(most + 1));
    expect(problem).toContain(says);
  });

  it('does not hold for a text that is filled in later', () => {
    const label = `${text(60)}-$(item.name)`;
    expect(problemsOf({ ...pod({}, { labels: { a: label } }), items: [{ name: 'a' }] })).toEqual([]);
  });

  it('of an argument and a variable is a warning, for nodes with larger pages pass longer ones', () => {
    const of = (length: number) =>
      longArguments({
        cmd: ['sh', '-c', text(length)],
        podSpec: { containers: [{ env: [{ name: 'A', value: text(length - 2) }] }] },
      });
    expect(of(131_071)).toEqual([]);
    expect(of(131_072)).toEqual([
      expect.stringMatching(/^an argument in cmd has 131072 bytes, and most nodes pass 131071 at most to a program/),
      expect.stringMatching(/^the variable A has 131072 bytes/),
    ]);
  });

  it('of what KubeVela applies counts in bytes, whatever it is written in', () => {
    expect(sizeProblem({ text: text(256 * 1024 - '{"text":""}'.length) })).toBeUndefined();
    expect(sizeProblem({ text: text(256 * 1024 - '{"text":""}'.length + 1) })).toMatch(/^the Task has 262145 bytes/);
    expect(sizeProblem({ text: 'ä'.repeat(132_000) })).toMatch(/^the Task has 264011 bytes/);
  });
});
