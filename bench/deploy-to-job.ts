import { withController, type Bench } from './bench.ts';
import { seeJobs, type JobsSeen } from './jobs-seen.ts';
import { componentOf, deploy, forAll, jobOf, jobs, ownerless, renamed, runOf, tasks } from './objects.ts';
import { percentile, row, type Row } from './report.ts';

const deployments = 250;
/** Deployed in turn, so that none has hundreds of unfinished runs. */
const taskCount = 25;

/**
 * From a Task's patch until its Job is seen; in turns with it, from a create of an equal Job until the same watch sees
 * that.
 */
export async function deployToJob(bench: Bench): Promise<Row[]> {
  const { namespace, client, render } = bench;
  const template = await render({ namespace, name: 'template' });
  const all = Array.from({ length: taskCount }, (_, index) => renamed(template, `task-${index}`));
  const ours: number[] = [];
  const raw: number[] = [];
  await withController(bench, async () => {
    const seen = await seeJobs(client, namespace);
    await forAll(all, 1, async (task) => {
      await client.create(tasks, task);
      await seen.at(`${componentOf(task)}-v1`);
    });
    for (let count = 0; count < deployments; count += 1) {
      const task = all[count % taskCount] ?? template;
      const name = `raw-${count}`;
      const equal = ownerless(jobOf(runOf(task, name)));
      raw.push(await untilSeen(seen, name, () => client.create(jobs, equal)));
      const revision = 2 + Math.floor(count / taskCount);
      ours.push(await untilSeen(seen, `${componentOf(task)}-v${revision}`, () => deploy(client, task, revision)));
    }
    seen.stop();
  });
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

/** Milliseconds from the beginning of `act` until the Job is seen. */
async function untilSeen(seen: JobsSeen, job: string, act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  const [at] = await Promise.all([seen.at(job), act()]);
  return at - began;
}
