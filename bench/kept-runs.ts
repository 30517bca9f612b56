import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from 'kubernetes-types/batch/v1.js';
import { rfc3339 } from '../controller/src/domain/lang/rfc3339.ts';
import { classify } from '../controller/src/domain/view/classify.ts';
import { runStatus } from '../controller/src/domain/status/run.ts';
import { taskStatus } from '../controller/src/domain/status/task.ts';
import type { Client } from '../controller/src/kube/client.ts';
import type { Task, TaskRun } from '../controller/src/resources/index.ts';
import type { ControllerProcess } from '../test/support/controller-process.ts';
import { eventually } from '../test/support/eventually.ts';
import { withController, type Bench } from './bench.ts';
import { memoryOf, scrapeController, sum, type Sample } from './metrics.ts';
import { componentOf, forAll, jobOf, jobs, renamed, runOf, taskRuns, tasks } from './objects.ts';
import { median, row, type Row } from './report.ts';
import type { TaskObject } from '../controller/src/cluster/resource-types.ts';
import { emptyState, withCluster } from '../controller/src/domain/model/state.ts';
import type { Job as FinishedJob } from '../controller/src/domain/model/objects.ts';
import type { TaskView } from '../controller/src/domain/model/view.ts';

const usualCount = 1_000;
const runsOfEach = 10;
const starts = 3;
/** An hour ago: of what is younger than a minute a controller that starts would tell KubeVela again. */
const finishedAt = new Date(Date.now() - 3_600_000);
/** Names nobody, so that the Job controller leaves these Jobs alone: they are over, and have no pods. */
const managedBy = 'task.oam.dev/bench';

/** How a controller starts, of which everything is there already. */
interface Start {
  readonly readySeconds: number;
  readonly settledSeconds: number;
  readonly memory: number;
  readonly mostMemory: number;
  readonly stallMs: number;
}

/** Memory and start-up of a controller beside thousands of runs whose Jobs are kept; and beside none. */
export async function keptRuns(bench: Bench): Promise<Row[]> {
  const taskCount = bench.times * usualCount;
  const kept = taskCount * runsOfEach;
  const bare = await measureStarts(bench, 0);
  await populate(bench, taskCount);
  const listing = await listSeconds(bench);
  const full = await measureStarts(bench, taskCount);
  const node = await bareNode();
  const of = (field: keyof Start) => ({
    value: median(full.map((start) => start[field])),
    limit: median(bare.map((start) => start[field])),
  });
  const empty = 'the same controller without any run';
  return [
    row({
      name: `${kept} kept runs: process start until ready and settled`,
      ...of('settledSeconds'),
      limit: listing,
      unit: 's',
      peer: 'listing the same objects in pages, in a process that runs',
      aim: bench.times,
    }),
    row({
      name: `${kept} kept runs: process start until ready`,
      ...of('readySeconds'),
      unit: 's',
      peer: empty,
      aim: null,
    }),
    row({
      name: `${kept} kept runs: memory when settled`,
      ...of('memory'),
      unit: 'MB',
      peer: empty,
      aim: 150 * bench.times,
    }),
    row({
      name: `${kept} kept runs: most memory while starting`,
      ...of('mostMemory'),
      limit: node,
      unit: 'MB',
      peer: 'node that does nothing',
      aim: null,
    }),
    row({
      name: `${kept} kept runs: longest stall of the event loop`,
      ...of('stallMs'),
      unit: 'ms',
      peer: empty,
      aim: 50,
    }),
  ];
}

/**
 * Creates Tasks with finished runs and their Jobs, all with the statuses that the controller would write: nothing is
 * left to do.
 */
async function populate({ namespace, client, asController, render }: Bench, taskCount: number): Promise<void> {
  const template = await render({
    namespace,
    name: 'template',
    parameter: { executionPolicy: { keepLast: runsOfEach }, job: { managedBy } },
  });
  const all = Array.from({ length: taskCount }, (_, index) => renamed(template, `task-${index}`));
  const revisions = Array.from({ length: runsOfEach }, (_, index) => index + 1);
  await forAll(all, 20, async (task) => {
    const stored = (await client.create(tasks, task)) as Task;
    const runs: TaskRun[] = [];
    const kept: FinishedJob[] = [];
    for (const revision of revisions) {
      const { run, job } = await createKept(client, asController, stored, revision);
      runs.push(run);
      kept.push(job);
    }
    const status = taskStatus(viewOf(stored, runs, kept), finishedAt);
    await asController.patchStatus(tasks, { namespace, name: stored.metadata.name }, { status });
  });
}

/** A run of the Task that is over and on record, with its Job. */
async function createKept(
  client: Client,
  asController: Client,
  task: Task,
  revision: number,
): Promise<{ run: TaskRun; job: FinishedJob }> {
  const { spec, ...manifest } = runOf(task as TaskObject, `${componentOf(task as TaskObject)}-v${revision}`);
  const trigger = { type: 'Revision' as const, value: manifest.metadata.name ?? '', generation: revision };
  const run = await asController.create(taskRuns, { ...manifest, spec: { ...spec, trigger } });
  const { namespace, name } = run.metadata;
  await asController.create(jobs, jobOf(run)); // nobody else may
  const job = (await client.patchStatus(jobs, { namespace, name }, { status: succeeded() })) as FinishedJob;
  const view = viewOf(task, [run as TaskRun], [job]);
  const [only] = view.active;
  if (only === undefined) throw new Error(`run ${name} is not a new run`);
  const status = runStatus(only, view, finishedAt);
  return { run: (await asController.patchStatus(taskRuns, { namespace, name }, { status })) as TaskRun, job };
}

/** As the Job controller writes it. */
function succeeded(): NonNullable<Job['status']> {
  const time = rfc3339(finishedAt);
  const condition = {
    status: 'True',
    lastTransitionTime: time,
    lastProbeTime: time,
    reason: 'CompletionsReached',
    message: 'Reached expected number of succeeded pods',
  };
  return {
    startTime: time,
    completionTime: time,
    succeeded: 1,
    ready: 0,
    uncountedTerminatedPods: {},
    conditions: [
      { type: 'SuccessCriteriaMet', ...condition },
      { type: 'Complete', ...condition },
    ],
  };
}

function viewOf(task: Task, runs: readonly TaskRun[], existing: readonly FinishedJob[]): TaskView {
  return classify(withCluster(emptyState(task), { runs, jobs: existing }));
}

async function measureStarts(bench: Bench, reconciled: number): Promise<Start[]> {
  const all: Start[] = [];
  for (let count = 0; count < starts; count += 1) all.push(await measureStart(bench, reconciled));
  return all;
}

/** Starts a controller and looks at it until it has settled. */
async function measureStart(bench: Bench, reconciled: number): Promise<Start> {
  const began = Date.now();
  return withController(bench, async (controller) => {
    let stall = 0;
    const settled = await eventually(
      'every Task is reconciled',
      async () => {
        const samples = await scrapeController(controller.port);
        stall = Math.max(stall, stallOf(samples));
        const done =
          sum(samples, 'task_runs_reconcile_duration_seconds_count') >= reconciled &&
          sum(samples, 'task_runs_queue_depth') === 0;
        return done ? { at: Date.now(), calls: writesOf(samples) } : undefined;
      },
      { everyMs: 25, seconds: 60 * bench.times },
    );
    if (settled.calls > 0) throw new Error(`${settled.calls} calls were made where nothing was left to do`);
    const memory = await steadyMemory(controller.pid);
    stall = Math.max(stall, stallOf(await scrapeController(controller.port)));
    return {
      readySeconds: (leadingAt(controller) - began) / 1000,
      settledSeconds: (settled.at - began) / 1000,
      memory: memory.now,
      mostMemory: memory.most,
      stallMs: stall * 1000,
    };
  });
}

/** When every cache was full and the controller began to act. */
function leadingAt({ lines }: ControllerProcess): number {
  return Date.parse(String(lines.find(({ msg }) => msg === 'leading')?.['time']));
}

/** The longest since the last scrape; its timer ticks every 10 ms, so up to 10 ms of it do not count as a stall. */
function stallOf(samples: readonly Sample[]): number {
  return sum(samples, 'nodejs_eventloop_lag_max_seconds');
}

function writesOf(samples: readonly Sample[]): number {
  return sum(samples, 'task_runs_api_requests_total', ({ verb }) => verb !== 'watch' && verb !== 'list');
}

/** Memory once it has changed by less than a megabyte for three seconds; as it is after half a minute at the latest. */
async function steadyMemory(pid: number): Promise<{ now: number; most: number }> {
  let memory = await memoryOf(pid);
  for (let steady = 0, seconds = 0; steady < 3 && seconds < 30; seconds += 1) {
    await delay(1_000);
    const next = await memoryOf(pid);
    steady = Math.abs(next.now - memory.now) < 1 ? steady + 1 : 0;
    memory = next;
  }
  return memory;
}

/** How long it takes to list and parse what the controller lists, of all three kinds at once. */
async function listSeconds({ client }: Bench): Promise<number> {
  const list = async (type: typeof tasks | typeof taskRuns | typeof jobs) => {
    for await (const { items } of client.list(type as typeof tasks, { limit: 250 })) if (items.length === 0) return;
  };
  const began = performance.now();
  await Promise.all([list(tasks), list(taskRuns), list(jobs)]);
  return (performance.now() - began) / 1000;
}

async function bareNode(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'process.stdout.write("."); setInterval(() => {}, 1000)'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  const { most } = await memoryOf(child.pid ?? 0);
  child.kill();
  await exited;
  return most;
}
