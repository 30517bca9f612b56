import { withController, type Bench } from './bench.ts';
import { seeJobs } from './jobs-seen.ts';
import { componentOf, empty, forAll, jobOf, jobs, renamed, runOf, taskRuns, tasks } from './objects.ts';
import { median, row, type Row } from './report.ts';
import type { TaskObject } from '../controller/src/cluster/resource-types.ts';

const usualCount = 500;
const usualRounds = 3;
/**
 * Tasks created at a time, as many as the controller has workers; the raw loop has as many calls in flight as both
 * together.
 */
const creators = 10;
/** Seconds. */
const patience = 60;

/**
 * Hundreds of Tasks at once, until the last Job is there; in turns with it, a loop that writes the same Tasks, TaskRuns
 * and Jobs itself.
 */
export async function burst(bench: Bench): Promise<Row[]> {
  const { namespace, client, render, times } = bench;
  const taskCount = times * usualCount;
  // One is enough where it takes long.
  const rounds = times === 1 ? usualRounds : 1;
  // They run for longer than it takes, so that no outcome comes in between.
  const template = await render({ namespace, name: 'template', seconds: 30 });
  const all = Array.from({ length: taskCount }, (_, index) => renamed(template, `task-${index}`));
  const ours: number[] = [];
  const raw: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    raw.push(await untilLast(bench, all, () => forAll(all, 2 * creators, (task) => writeAll(bench, task))));
    ours.push(
      await withController(bench, () =>
        untilLast(bench, all, () => forAll(all, creators, (task) => client.create(tasks, task))),
      ),
    );
  }
  const figures = { unit: 's', peer: 'loop that writes the same Tasks, TaskRuns and Jobs' };
  return [
    row({
      name: `${taskCount} Tasks at once, until the last Job`,
      value: median(ours),
      limit: median(raw),
      aim: 1.2 * median(raw),
      ...figures,
    }),
  ];
}

async function writeAll(bench: Bench, task: TaskObject): Promise<void> {
  await writeRun(bench, await bench.client.create(tasks, task));
}

/** The writes of a stored Task's first run. */
export async function writeRun({ asController }: Bench, task: TaskObject): Promise<void> {
  const run = await asController.create(taskRuns, runOf(task, `${componentOf(task)}-v1`));
  await asController.create(jobs, jobOf(run));
}

/** Seconds until every Task's Job was seen. What came of it is removed again. */
async function untilLast(
  { namespace, client, times }: Bench,
  all: readonly TaskObject[],
  act: () => Promise<unknown>,
): Promise<number> {
  const seen = await seeJobs(client, namespace);
  const began = performance.now();
  await Promise.all([act(), ...all.map((task) => seen.at(`${componentOf(task)}-v1`, patience * times))]);
  const last = Math.max(...seen.times);
  seen.stop();
  await empty(client, namespace);
  return (last - began) / 1000;
}
