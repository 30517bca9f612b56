import { setTimeout as delay } from 'node:timers/promises';
import type { TaskObject } from '../controller/src/cluster/resource-types.ts';
import { eventually } from '../test/support/eventually.ts';
import { quiet } from './api-calls.ts';
import { withController, type Bench } from './bench.ts';
import { writeRun } from './burst.ts';
import { seeJobs } from './jobs-seen.ts';
import { memoryOf, quantile, scrapeApiServer, scrapeController, sum, type Sample } from './metrics.ts';
import { cronJobs, empty, forAll, jobOf, ownerless, renamed, runOf, tasks } from './objects.ts';
import { percentile, row, type Row } from './report.ts';

const delayMetric = 'task_runs_schedule_delay_seconds';
const usualCount = 500;
const restingCount = 10_000;
const restSeconds = 60;
/** At least so long before they are due all of them begin to be created. */
const prepareMsFor = (times: number): number => 50_000 * Math.ceil(times / 4);
const minuteMs = 60_000;

/** Schedules of one minute, beside as many CronJobs of another one and a loop that makes the same writes. */
export async function schedules(bench: Bench): Promise<Row[]> {
  const { namespace, client, render, times } = bench;
  const dueCount = times * usualCount;
  // They run for longer than it takes, so that no outcome comes in between.
  const all = named(await render({ namespace, name: 'template', seconds: 30 }), dueCount);
  const { ours, metrics } = await withController(bench, async ({ port }) => {
    const ours = await latenesses(bench, async (cron) => {
      await forAll(all, 20, (task) => client.create(tasks, scheduled(task, cron)));
      await quiet(port, (prepareMsFor(times) + minuteMs) / 1_000);
    });
    return { ours, metrics: await scrapeController(port) };
  });
  const native = await latenesses(bench, (cron) =>
    forAll(all, 20, (task) => client.create(cronJobs, cronJobOf(task, cron))),
  );
  return dueRows({ dueCount, ours, native, raw: await rawSeconds(bench, all), metrics });
}

interface Due {
  readonly dueCount: number;
  readonly ours: readonly number[];
  readonly native: readonly number[];
  readonly raw: number;
  readonly metrics: readonly Sample[];
}

function dueRows({ dueCount, ours, native, raw, metrics }: Due): Row[] {
  const due = `${dueCount} schedules due in one minute`;
  const peer = `Kubernetes' CronJob controller, ${dueCount} CronJobs due in one minute`;
  const told = sum(metrics, `${delayMetric}_count`);
  if (told !== dueCount) throw new Error(`${delayMetric} counts ${told} scheduled runs of ${dueCount}`);
  const late = (name: string, share: number) =>
    row({
      name: `${due}, lateness ${name} by the metric`,
      value: quantile(metrics, delayMetric, share),
      limit: percentile(native, share),
      unit: 's',
      peer,
      aim: null,
    });
  const last = percentile(ours, 1);
  return [
    row({
      name: `${due}, until the last Job`,
      value: last,
      limit: percentile(native, 1),
      unit: 's',
      peer,
      aim: (3 * dueCount) / usualCount,
    }),
    row({
      name: `${due}, beside a loop`,
      value: last,
      limit: raw,
      unit: 's',
      peer: 'loop that writes the same TaskRuns and Jobs',
      aim: null,
    }),
    late('p50', 0.5),
    late('p99', 0.99),
    late('max', 1),
    row({
      name: `${due}, rate`,
      value: dueCount / last,
      limit: dueCount / percentile(native, 1),
      unit: 'Jobs/s',
      peer,
      aim: null,
    }),
  ];
}

/** How many seconds after the minute each Job was seen. What came of it is removed again. */
async function latenesses(
  { namespace, client, times }: Bench,
  prepare: (cron: string) => Promise<unknown>,
): Promise<number[]> {
  const seen = await seeJobs(client, namespace);
  const due = await prepared(prepare, prepareMsFor(times));
  const all = await eventually(
    'every schedule made its Job',
    () => (seen.times.length >= times * usualCount ? seen.times : undefined),
    { seconds: 180 * times, everyMs: 50 },
  );
  seen.stop();
  await empty(client, namespace);
  return all.map((at) => (performance.timeOrigin + at - due) / 1000);
}

/** Prepares for a minute that is at least so far away. @returns that minute, when it has come */
async function prepared(prepare: (cron: string) => Promise<unknown>, leastMs: number): Promise<number> {
  const due = Math.ceil((Date.now() + leastMs) / minuteMs) * minuteMs;
  const at = new Date(due);
  await prepare(`${at.getUTCMinutes()} ${at.getUTCHours()} * * *`);
  const left = due - Date.now();
  if (left < 0)
    throw new Error(`not all was in place when the minute came, but ${-left} ms later: the machine is too busy`);
  await delay(left);
  return due;
}

/** The same writes for Tasks that are there, as many calls in flight as the controller has workers. */
async function rawSeconds(bench: Bench, all: readonly TaskObject[]): Promise<number> {
  const { namespace, client } = bench;
  const stored: TaskObject[] = [];
  await forAll(all, 20, async (task) => stored.push(await client.create(tasks, task)));
  const began = performance.now();
  await forAll(stored, 10, (task) => writeRun(bench, task));
  const seconds = (performance.now() - began) / 1000;
  await empty(client, namespace);
  return seconds;
}

/** What 10,000 schedules cost while none is due. */
export async function schedulesAtRest(bench: Bench): Promise<Row[]> {
  const { namespace, client, render } = bench;
  const all = named(await render({ namespace, name: 'template' }), restingCount);
  return withController(bench, async ({ pid, port }) => {
    const bare = await memoryOf(pid);
    await forAll(all, 20, (task) => client.create(tasks, scheduled(task, '0 0 29 2 *')));
    await quiet(port, 180);
    const [before, serverBefore] = [await scrapeController(port), await scrapeApiServer(client)];
    await delay(restSeconds * 1000);
    const [after, serverAfter] = [await scrapeController(port), await scrapeApiServer(client)];
    const { now } = await memoryOf(pid);
    const cpu = sum(after, 'process_cpu_seconds_total') - sum(before, 'process_cpu_seconds_total');
    return restingRows({ cpu, written: writes(serverAfter) - writes(serverBefore), memory: now, bareMemory: bare.now });
  });
}

function restingRows({
  cpu,
  written,
  memory,
  bareMemory,
}: Readonly<Record<'cpu' | 'written' | 'memory' | 'bareMemory', number>>): Row[] {
  const rest = `${restingCount} schedules at rest`;
  const nothing = { limit: 0, peer: 'nobody asks for anything' };
  const extrapolated = `an hour, extrapolated from ${restSeconds} s`;
  const hours = restSeconds / 3_600;
  return [
    row({ name: `${rest}: CPU in ${restSeconds} s`, value: cpu, unit: 's', aim: null, ...nothing }),
    row({ name: `${rest}: CPU ${extrapolated}`, value: cpu / hours, unit: 's', aim: null, ...nothing }),
    row({
      name: `${rest}: memory`,
      value: memory,
      unit: 'MB',
      limit: bareMemory,
      peer: 'the same process before they were created',
      aim: null,
    }),
    row({ name: `${rest}: writes in ${restSeconds} s`, value: written, unit: 'calls', aim: 0, ...nothing }),
    row({ name: `${rest}: writes ${extrapolated}`, value: written / hours, unit: 'calls', aim: 0, ...nothing }),
  ];
}

const written = new Set(['tasks', 'taskruns', 'jobs', 'events', 'applications']);

/** By whomever; without leader election there are no Leases of ours. */
function writes(samples: readonly Sample[]): number {
  return sum(
    samples,
    'apiserver_request_total',
    ({ resource = '', verb = '' }) => written.has(resource) && /^(POST|PUT|PATCH|DELETE|APPLY)$/.test(verb),
  );
}

function named(template: TaskObject, count: number): TaskObject[] {
  return Array.from({ length: count }, (_, index) => renamed(template, `task-${index}`));
}

function scheduled(task: TaskObject, cron: string): TaskObject {
  return { ...task, spec: { ...task.spec, schedule: { crons: [cron] } } };
}

function cronJobOf(task: TaskObject, schedule: string) {
  const { spec } = ownerless(jobOf(runOf(task, 'template')));
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: task.metadata,
    spec: { schedule, timeZone: 'Etc/UTC', jobTemplate: { spec } },
  };
}
