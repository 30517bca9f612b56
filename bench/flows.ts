import { decide } from '../controller/src/domain/decide.ts';
import { emptyState, withCluster } from '../controller/src/domain/model/state.ts';
import { FlowWorld } from '../controller/src/domain/testing/flow-world.ts';
import { nodes } from '../controller/src/kube/resources.ts';
import type { TaskSpec } from '../controller/src/resources/index.ts';
import { simulatedNodes } from '../sandbox/src/programs/kwok.ts';
import { eventually } from '../test/support/eventually.ts';
import { quiet } from './api-calls.ts';
import { withController, type Bench } from './bench.ts';
import { seeJobs } from './jobs-seen.ts';
import { scrapeController, sum } from './metrics.ts';
import { empty, forAll, jobOf, jobs, ownerless, renamed, runOf, taskRuns, tasks } from './objects.ts';
import { median, row, type Row } from './report.ts';
import type { FlowStep } from '../controller/src/domain/model/flow.ts';

const chainLength = 100;
const usualWidth = 500;
/** With the one that they depend on, as many steps as a Task may have. */
const mostWidth = 999;
const nodeCount = 1_000;
/** The Job controller may make 20 calls a second by default, and makes several a Job. */
const usualSeconds = 240;
/**
 * Steps that may start at once, and calls of the raw loop in flight: the controller makes one Task's calls one after
 * the other.
 */
const rawCreators = 1;

/**
 * A chain and a fan of steps, each beside a loop that does the same with Jobs; a Job for each of a thousand nodes; and
 * decide alone.
 */
export async function flows(bench: Bench): Promise<Row[]> {
  return [...(await chain(bench)), ...(await fan(bench)), ...(await everyNode(bench)), ...decideOnThousand()];
}

/** The same Task with other work to do. */
async function taskWith(bench: Bench, name: string, specOf: (template: Record<string, unknown>) => Partial<TaskSpec>) {
  const task = await bench.render({
    namespace: bench.namespace,
    name: 'template',
    seconds: 1,
    parameter: { annotations: { 'sandbox.task.oam.dev/duration': '10ms' } },
  });
  const { template = {}, job: _job, ...spec } = task.spec;
  return renamed({ ...task, spec: { ...spec, ...specOf(template) } }, name);
}

/** Seconds from the create of a Task until its run has succeeded. */
async function untilDone(
  { client, namespace }: Bench,
  task: Awaited<ReturnType<typeof taskWith>>,
  run: string,
  seconds: number,
): Promise<number> {
  const began = performance.now();
  await client.create(tasks, task);
  return eventually(
    `${run} has succeeded`,
    async () => {
      const { status } = await client.get(taskRuns, { namespace, name: run });
      return status?.phase === 'Succeeded' ? (performance.now() - began) / 1000 : undefined;
    },
    { seconds, everyMs: 100 },
  );
}

/** Side by side: both wait for the kubelet's and the Job controller's part of each Job most of the time. */
async function chain(bench: Bench): Promise<Row[]> {
  const { namespace, client } = bench;
  const steps = (template: Record<string, unknown>): FlowStep[] =>
    Array.from({ length: chainLength }, (_, index) => ({
      name: `s${index}`,
      template,
      ...(index > 0 && { dependsOn: [`s${index - 1}`] }),
    }));
  const task = await taskWith(bench, 'chain', (template) => ({ steps: steps(template) }));
  const [ours, raw] = await withController(bench, () =>
    Promise.all([untilDone(bench, task, 'chain-v1', 400), rawChain(bench)]),
  );
  await empty(client, namespace);
  const edge = (seconds: number) => (seconds * 1000) / chainLength;
  return [
    row({
      name: `Chain of ${chainLength} steps, an edge beyond the raw loop`,
      value: Math.max(0, edge(ours) - edge(raw)),
      unit: 'ms',
      limit: edge(raw),
      aim: 50,
      peer: 'all of an edge where a loop creates each Job as it sees the end of the one before',
    }),
  ];
}

/** Seconds for as many Jobs, each created as the end of the one before is seen. */
async function rawChain(bench: Bench): Promise<number> {
  const { client, namespace } = bench;
  const job = await plainJob(bench);
  const seen = await seeJobs(client, namespace, { ended: true });
  const began = performance.now();
  for (let index = 0; index < chainLength; index += 1) {
    const name = `raw-chain-${index}`;
    await bench.asController.create(jobs, { ...job, metadata: { ...job.metadata, name } });
    await seen.at(name);
  }
  seen.stop();
  return (performance.now() - began) / 1000;
}

async function fan(bench: Bench): Promise<Row[]> {
  const { namespace, client, times } = bench;
  const fanWidth = Math.min(times * usualWidth, mostWidth);
  const task = await taskWith(bench, 'fan', (template) => ({
    steps: [
      { name: 'root', template },
      ...Array.from({ length: fanWidth }, (_, index) => ({ name: `s${index}`, dependsOn: ['root'], template })),
    ],
  }));
  const raw = await rawFan(bench, fanWidth);
  await empty(client, namespace);
  const ours = await withController(bench, () => untilDone(bench, task, 'fan-v1', usualSeconds * times));
  await empty(client, namespace);
  const edge = ((ours - raw) * 1000) / fanWidth;
  return [
    row({
      name: `Fan of ${fanWidth} steps after one, until all have ended`,
      value: ours,
      unit: 's',
      limit: raw,
      aim: null,
      peer: 'loop that creates the same Jobs, and waits for their ends',
    }),
    row({
      name: `Fan of ${fanWidth} steps, an edge beyond the raw loop`,
      value: Math.max(0, edge),
      unit: 'ms',
      limit: (raw * 1000) / fanWidth,
      aim: 50,
      peer: 'all of the loop, divided by the edges',
    }),
  ];
}

async function rawFan(bench: Bench, fanWidth: number): Promise<number> {
  const { client, namespace, times } = bench;
  const job = await plainJob(bench);
  const seen = await seeJobs(client, namespace, { ended: true });
  const began = performance.now();
  await bench.asController.create(jobs, { ...job, metadata: { ...job.metadata, name: 'raw-root' } });
  await seen.at('raw-root');
  const names = Array.from({ length: fanWidth }, (_, index) => `raw-fan-${index}`);
  await forAll(names, rawCreators, (name) =>
    bench.asController.create(jobs, { ...job, metadata: { ...job.metadata, name } }),
  );
  await Promise.all(names.map((name) => seen.at(name, usualSeconds * times)));
  seen.stop();
  return (performance.now() - began) / 1000;
}

/** What a step's Job is, of nobody. */
async function plainJob(bench: Bench) {
  const task = await taskWith(bench, 'raw', (template) => ({ template }));
  return ownerless(
    jobOf({
      ...runOf({ ...task, metadata: { ...task.metadata, uid: 'raw' } }, 'raw'),
      metadata: { name: 'raw', namespace: bench.namespace, uid: 'raw' },
    }),
  );
}

async function everyNode(bench: Bench): Promise<Row[]> {
  const { client, namespace } = bench;
  const [node] = simulatedNodes(1);
  const names = Array.from({ length: nodeCount }, (_, index) => `bench-${String(index).padStart(4, '0')}`);
  await forAll(names, 10, (name) =>
    client.create(nodes, { ...node, metadata: { name, labels: { bench: 'nodes' } } } as never),
  );
  await eventually(
    'all nodes are ready',
    async () => {
      for await (const { items } of client.list(nodes, { labelSelector: 'bench=nodes' }))
        if (items.some(({ spec }) => spec?.taints)) return false;
      return true;
    },
    { seconds: 120, everyMs: 1_000 },
  );
  const task = await taskWith(bench, 'nodes', (template) => ({
    nodes: {},
    maxParallel: '10%',
    template: { ...template, spec: { ...(template['spec'] as object), nodeSelector: { bench: 'nodes' } } },
  }));
  try {
    return await withController(bench, async ({ port }) => {
      const before = await quiet(port);
      const seconds = await untilDone(bench, task, 'nodes-v1', 2 * usualSeconds);
      const run = await client.get(taskRuns, { namespace, name: 'nodes-v1' });
      await quiet(port);
      const writes =
        sum(await scrapeController(port), 'task_runs_api_requests_total', isWrite) -
        sum(before, 'task_runs_api_requests_total', isWrite);
      const peer = 'no raw figure: a Job is one create';
      return [
        row({
          name: `A Job on each of ${nodeCount} nodes, 10% at once`,
          value: seconds,
          unit: 's',
          limit: null,
          aim: null,
          peer: 'no raw figure',
        }),
        row({
          name: `A Job on each of ${nodeCount} nodes, writes a Job`,
          value: writes / nodeCount,
          unit: 'calls',
          limit: null,
          aim: 3,
          peer,
        }),
        row({
          name: `A Job on each of ${nodeCount} nodes, size of the TaskRun`,
          value: Buffer.byteLength(JSON.stringify(run)) / 1024,
          unit: 'KiB',
          limit: null,
          aim: 256,
          peer: 'no raw figure',
        }),
      ];
    });
  } finally {
    await forAll(names, 10, (name) => client.delete(nodes, { name }));
  }
}

const writing = new Set(['create', 'patch', 'update', 'delete']);

function isWrite({ verb = '' }: Readonly<Record<string, string>>): boolean {
  return writing.has(verb);
}

/** In this process: a thousand steps, ten at a time, of which four hundred have ended and one has just done so. */
function decideOnThousand(): Row[] {
  const template = { spec: { containers: [{ name: 'main', image: 'busybox' }] } };
  const steps = Array.from({ length: 1_000 }, (_, index): FlowStep => ({
    name: `step-${index}`,
    template,
    ...(index >= 10 && { dependsOn: [`step-${index - 10}`] }),
  }));
  const world = new FlowWorld(steps, { maxParallel: 10 }).reconcile();
  for (let round = 0; round < 40; round += 1) {
    world.advance(1);
    for (const name of world.active) world.finish(name);
    world.reconcile();
  }
  const [first = ''] = world.active;
  world.finish(first);
  const { task, run, now } = world;
  const times = Array.from({ length: 101 }, () => {
    const state = withCluster(emptyState(task), { runs: run ? [run] : [], jobs: [...world.jobs.values()] });
    const began = performance.now();
    decide(state, new Date(now));
    return performance.now() - began;
  });
  return [
    row({
      name: 'decide on 1000 steps, one just ended, p50',
      value: median(times),
      unit: 'ms',
      limit: null,
      aim: 5,
      peer: 'no raw figure',
    }),
  ];
}
