import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../controller/src/kube/client.ts';
import type { TaskObject } from '../controller/src/cluster/resource-types.ts';
import { eventually } from '../test/support/eventually.ts';
import { withController, type Bench } from './bench.ts';
import { scrapeApiServer, scrapeController, sum, type Sample } from './metrics.ts';
import { deploy, forAll, renamed, tasks } from './objects.ts';
import { row, type Row } from './report.ts';

const taskCount = 10;
/** As executionPolicy.keepLast is by default. */
const keepLast = 3;
const quietMs = 4_000;
const restMs = 60_000;

/** Calls that a run costs, all told, of Tasks whose pods run for a second and for half a minute, and calls at rest. */
export async function apiCalls(bench: Bench): Promise<Row[]> {
  const { namespace, client, render } = bench;
  const short = await render({ namespace, name: 'short', seconds: 1 });
  const long = await render({ namespace, name: 'long', seconds: 30 });
  const some = (task: TaskObject, prefix: string) =>
    Array.from({ length: taskCount }, (_, index) => renamed(task, `${prefix}-${index}`));
  const shorts = some(short, 'short');
  return withController(bench, async ({ port }) => {
    const counted = (all: readonly TaskObject[], revision: number) => callsPerRun(client, port, all, revision);
    const first = await counted(shorts, 1);
    for (let revision = 2; revision <= keepLast; revision += 1) await run(client, shorts, revision);
    const steady = await counted(shorts, keepLast + 1);
    const lasting = await counted(some(long, 'long'), 1);
    const atRest = await callsAtRest(client, port);
    const figures = { unit: 'calls', limit: null, aim: 8 };
    const peer = 'no raw figure: a TaskRun and a Job are 2 creates';
    return [
      row({ name: 'API calls of a first run of 1 s', value: first, peer, ...figures }),
      row({ name: 'API calls of a run of 1 s, keepLast reached', value: steady, peer, ...figures }),
      row({ name: 'API calls of a first run of 30 s', value: lasting, peer, ...figures }),
      row({
        name: 'API calls at rest, in 60 s',
        value: atRest,
        unit: 'calls',
        limit: 0,
        peer: 'nobody asks for anything',
        aim: 0,
      }),
    ];
  });
}

/** Deploys all of them and waits until they have succeeded. */
async function run(client: Client, all: readonly TaskObject[], revision: number): Promise<void> {
  await forAll(all, taskCount, (task) =>
    revision === 1 ? client.create(tasks, task) : deploy(client, task, revision),
  );
  await eventually(
    'all runs succeeded',
    async () => {
      const stored = await Promise.all(
        all.map((task) => client.get(tasks, { namespace: task.metadata.namespace, name: task.metadata.name ?? '' })),
      );
      return stored.every(
        ({ metadata, status }) => status?.observedGeneration === metadata.generation && status?.phase === 'Succeeded',
      );
    },
    { seconds: 120, everyMs: 500 },
  );
}

async function callsPerRun(
  client: Client,
  port: number,
  all: readonly TaskObject[],
  revision: number,
): Promise<number> {
  const before = await quiet(port);
  const serverBefore = await scrapeApiServer(client);
  await run(client, all, revision);
  const after = await quiet(port);
  compare(before, after, serverBefore, await scrapeApiServer(client));
  return (ownCalls(after) - ownCalls(before)) / all.length;
}

/** Non-watch calls that touch what the controller touches, by whomever; its own count must not be higher. */
async function callsAtRest(client: Client, port: number): Promise<number> {
  const before = await quiet(port);
  const serverBefore = await scrapeApiServer(client);
  await delay(restMs);
  const own = ownCalls(await scrapeController(port)) - ownCalls(before);
  const server = touched(await scrapeApiServer(client)) - touched(serverBefore);
  return Math.max(own, server);
}

/** The controller's metrics once it has called nobody for a while: events and nudges come after all else. */
export async function quiet(port: number, seconds = 60): Promise<Sample[]> {
  let last = await scrapeController(port);
  let since = performance.now();
  return eventually(
    'the controller is quiet',
    async () => {
      const now = await scrapeController(port);
      if (ownCalls(now) !== ownCalls(last)) since = performance.now();
      last = now;
      return performance.now() - since > quietMs ? now : undefined;
    },
    { seconds, everyMs: 250 },
  );
}

/**
 * All attempts that were answered or not, but those that begin a watch. Without leader election there are no Leases.
 */
export function ownCalls(samples: readonly Sample[]): number {
  return sum(samples, 'task_runs_api_requests_total', ({ verb }) => verb !== 'watch');
}

const resources = new Set(['tasks', 'taskruns', 'jobs', 'pods', 'events', 'applications']);

function touched(samples: readonly Sample[]): number {
  return sum(
    samples,
    'apiserver_request_total',
    ({ resource = '', verb = '' }) => resources.has(resource) && verb !== 'WATCH',
  );
}

/**
 * Writes that nobody else in the cluster makes: what the controller counts of them must be what the API server counts.
 */
const ours = [
  { verb: 'create', resource: 'taskruns.task.oam.dev' },
  { verb: 'create', resource: 'jobs.batch' },
  { verb: 'patch', resource: 'taskruns.task.oam.dev', subresource: 'status' },
  { verb: 'patch', resource: 'tasks.task.oam.dev', subresource: 'status' },
  { verb: 'delete', resource: 'jobs.batch' },
] as const;
const serverVerbs = { create: 'POST', patch: 'PATCH', delete: 'DELETE' } as const;

/** @throws Error when the two counts differ: then neither is a figure */
function compare(
  before: readonly Sample[],
  after: readonly Sample[],
  serverBefore: readonly Sample[],
  serverAfter: readonly Sample[],
): void {
  for (const { verb, resource, ...rest } of ours) {
    const subresource = 'subresource' in rest ? rest.subresource : '';
    const [plural = '', group = ''] = resource.split(/\.(.*)/);
    const own = (samples: readonly Sample[]) =>
      sum(
        samples,
        'task_runs_api_requests_total',
        (of) => of['verb'] === verb && of['resource'] === resource && (of['subresource'] ?? '') === subresource,
      );
    const server = (samples: readonly Sample[]) =>
      sum(
        samples,
        'apiserver_request_total',
        (of) =>
          of['verb'] === serverVerbs[verb] &&
          of['resource'] === plural &&
          of['group'] === group &&
          of['subresource'] === subresource,
      );
    const [mine, theirs] = [own(after) - own(before), server(serverAfter) - server(serverBefore)];
    if (mine !== theirs)
      throw new Error(
        `the controller counts ${mine} calls to ${verb} ${resource} ${subresource}, the API server ${theirs}`,
      );
  }
}
