import { expect, it } from 'vitest';
import type { Client } from '../../kube/client.ts';
import { labels } from '../../resources/index.ts';
import type { StoredRun } from '../find.ts';
import type { Io } from '../io.ts';
import { aRun, now } from '../testing/resources.ts';
import { printRun } from './print-run.ts';

type Spec = StoredRun['spec'];

const ownedBy = (kind: 'Job' | 'TaskRun', uid: string) => {
  const apiVersion = kind === 'Job' ? 'batch/v1' : 'task.oam.dev/v1alpha1';
  return [{ apiVersion, kind, name: uid, uid, controller: true }];
};
const job = { metadata: { name: 'job', uid: 'job', ownerReferences: ownedBy('TaskRun', aRun().metadata.uid) } };
const pod = {
  metadata: {
    name: 'the-pod',
    uid: 'pod',
    namespace: 'prod',
    labels: { [labels.run]: 'mytask-v3' },
    ownerReferences: ownedBy('Job', 'job'),
  },
  spec: { containers: [{ name: 'main' }] },
  status: { containerStatuses: [{ name: 'main', restartCount: 0, state: { terminated: { exitCode: 0 } } }] },
};

/** What is printed of a run that the controller adopts, with one pod, once it is watched. */
async function printed(spec: Partial<Spec>): Promise<string> {
  const adopted = Promise.withResolvers<void>();
  const jobs = [{ name: 'job', uid: 'job' }];
  const run = (status: StoredRun['status'], more: Partial<Spec> = {}): StoredRun => aRun({ spec: more, status });
  const client = {
    async *list({ plural }: { plural: string }) {
      const items = plural === 'taskruns' ? [run({})] : plural === 'jobs' ? [job] : [];
      yield await Promise.resolve({ items, resourceVersion: '1' });
    },
    async *watch({ plural }: { plural: string }, { signal }: { signal: AbortSignal }) {
      if (plural === 'taskruns') {
        yield { type: 'MODIFIED', object: run({ phase: 'Running', jobs }, spec) };
        adopted.resolve();
        await read.promise;
        yield { type: 'MODIFIED', object: run({ phase: 'Succeeded', jobs }, spec) };
      } else {
        await adopted.promise;
        yield { type: 'ADDED', object: pod };
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      }
    },
    // eslint-disable-next-line @typescript-eslint/require-await -- as the client has it
    async *getStream() {
      read.resolve();
      yield Buffer.from('2026-11-22T21:03:01Z hello\n');
    },
  };
  const read = Promise.withResolvers<void>();
  let text = '';
  const out = {
    terminal: false,
    columns: Infinity,
    write: (data: Buffer) => Promise.resolve(void (text += String(data))),
  };
  const io = { out, err: out, now: () => now, environment: {} } as unknown as Io;
  const session = { client: client as unknown as Client, io, namespace: 'prod', server: undefined, program: 'x' };
  await printRun(session, run({}), {}, new AbortController().signal, () => Promise.resolve());
  return text;
}

const hash = 'h';

it.for<[what: string, spec: Partial<Spec>]>([
  ['steps', { snapshot: { hash, steps: [{ name: 'build' }] } }],
  ['items', { snapshot: { hash, items: [{ name: 'a' }] } }],
  ['a matrix', { snapshot: { hash, matrix: { size: [1, 2] } } }],
  ['nodes', { snapshot: { hash, nodes: {} } }],
  ['a Job with several pods', { snapshot: { hash, job: { completions: 3 } } }],
  [
    'a template with several pods',
    { snapshot: { hash }, templates: { wide: { template: {}, job: { parallelism: 2 } } } },
  ],
])('a followed run with %s names the pod of each line, also where it is new', async ([, spec]) => {
  expect(await printed(spec)).toBe('the-pod hello\n');
});

it.for<[what: string, spec: Partial<Spec>]>([
  ['one pod', { snapshot: { hash, job: { backoffLimit: 3 } } }],
  [
    'one pod, where its template has several',
    { snapshot: { hash, job: { parallelism: 1 } }, templates: { wide: { template: {}, job: { parallelism: 2 } } } },
  ],
])('a followed run with %s prints its lines as they are', async ([, spec]) => {
  expect(await printed(spec)).toBe('hello\n');
});
