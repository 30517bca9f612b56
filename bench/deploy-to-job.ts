import { withController, type Bench } from './bench.ts';
import { seeJobs, type JobsSeen } from './jobs-seen.ts';
import { componentOf, deploy, forAll, jobOf, jobs, ownerless, renamed, runOf, tasks } from './objects.ts';
import { percentile, row, type Row } from './report.ts';
import type { TaskObject } from '../controller/src/cluster/resource-types.ts';

const deployments = 250;
/** Deployed in turn, so that none has hundreds of unfinished runs. */
const taskCount = 25;

/**
 * From a Task's patch until its Job is seen; in turns with it, from a create of an equal Job until the same watch sees
 * that.
 */
export async function deployToJob(bench: Bench): Promise<Row[]> {
  const { namespace, render } = bench;
  const template = await render({ namespace, name: 'template' });
  const all = Array.from({ length: taskCount }, (_, index) => renamed(template, `task-${index}`));
  const { ours, raw } = await withController(bench, () => besideRaw(bench, deployments, all));
  const figures = { unit: 'ms', peer: 'create of an equal Job, seen by the same watch' };
  return [
    row({
      name: 'Deploy to Job, p50',
      value: percentile(ours, 0.5),
      limit: percentile(raw, 0.5),
      aim: null,
      ...figures,
    }),
    row({
      name: 'Deploy to Job, p99',
      value: percentile(ours, 0.99),
      limit: percentile(raw, 0.99),
      aim: 3 * percentile(raw, 0.99),
      ...figures,
    }),
  ];
}

/**
 * Milliseconds from the patch of a Task's trigger until its Job is seen, for so many deployments one after another, and
 * from the creation of an equal Job before each of them.
 * @param all Tasks that do not exist yet; they are deployed in turn
 * @param ready called once all of them have run
 */
export async function besideRaw(
  { client, namespace }: Bench,
  deployments: number,
  all: readonly TaskObject[],
  ready?: () => void,
): Promise<{ readonly ours: readonly number[]; readonly raw: readonly number[] }> {
  const ours: number[] = [];
  const raw: number[] = [];
  const seen = await seeJobs(client, namespace);
  await forAll(all, 1, async (task) => {
    await client.create(tasks, task);
    await seen.at(`${componentOf(task)}-v1`);
  });
  ready?.();
  for (let round = 0; round * all.length < deployments; round += 1)
    for (const [index, task] of all.slice(0, deployments - round * all.length).entries()) {
      const name = `raw-${round * all.length + index}`;
      const equal = ownerless(jobOf(runOf(task, name)));
      raw.push(await untilSeen(seen, name, () => client.create(jobs, equal)));
      const revision = 2 + round;
      ours.push(await untilSeen(seen, `${componentOf(task)}-v${revision}`, () => deploy(client, task, revision)));
    }
  seen.stop();
  return { ours, raw };
}

/** Milliseconds from the beginning of `act` until the Job is seen. */
async function untilSeen(seen: JobsSeen, job: string, act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  const [at] = await Promise.all([seen.at(job), act()]);
  return at - began;
}
