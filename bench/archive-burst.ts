import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Archive } from '../controller/src/archive/archive.ts';
import type { TaskObject } from '../controller/src/cluster/resource-types.ts';
import { eventually } from '../test/support/eventually.ts';
import { withController, type Bench } from './bench.ts';
import { memoryOf, scrapeController, sum } from './metrics.ts';
import { forAll, renamed, runOf, taskRuns, tasks } from './objects.ts';
import { row, type Row } from './report.ts';

const taskCount = 100;
const perSecond = 100;
const seconds = 20;
const runCount = perSecond * seconds;

/**
 * A hundred runs a second end for a while, beside a controller that archives them. Their pods are simulated, so they
 * have no logs.
 */
export async function archiveBurst(bench: Bench): Promise<Row[]> {
  const { namespace, client, asController, render } = bench;
  const directory = await mkdtemp(join(tmpdir(), 'archive-burst-'));
  const file = join(directory, 'runs.db');
  try {
    const template = await render({
      namespace,
      name: 'template',
      parameter: { suspend: true, executionPolicy: { trigger: 'Manual' } },
    });
    const stored: TaskObject[] = [];
    await forAll(
      Array.from({ length: taskCount }, (_, index) => renamed(template, `task-${index}`)),
      20,
      async (task) => stored.push(await client.create(tasks, task)),
    );
    const runs = Array.from({ length: runCount }, (_, index) => ({
      task: stored[index % taskCount] ?? template,
      name: `run-${index}`,
    }));
    return await withController(
      bench,
      async (controller) => {
        // They wait, for their Tasks are suspended; cancelled they end at once, and nothing else is the controller's to
        // do.
        await forAll(runs, 20, ({ task, name }) => asController.create(taskRuns, runOf(task, name)));
        await eventually(
          'the runs are known',
          async () => sum(await scrapeController(controller.port), 'task_runs_runs') >= runCount || undefined,
        );
        const began = performance.now();
        let most = 0;
        for (let second = 0; second < seconds; second += 1) {
          const some = runs.slice(second * perSecond, (second + 1) * perSecond);
          await Promise.all([
            forAll(some, 20, ({ name }) => client.patch(taskRuns, { namespace, name }, { spec: { cancel: true } })),
            delay(1_000),
          ]);
          most = Math.max(most, (await memoryOf(controller.pid)).now);
        }
        const asked = (performance.now() - began) / 1_000;
        await eventually(
          'all are archived',
          async () =>
            sum(await scrapeController(controller.port), 'task_runs_archive_saved_total') >= runCount || undefined,
          { everyMs: 50, seconds: 60 },
        );
        const archived = (performance.now() - began) / 1_000;
        const { most: peak } = await memoryOf(controller.pid);
        const count = await countOf(file);
        return [
          row({
            name: `${runCount} runs that end, ${perSecond} a second: lost to the archive`,
            value: runCount - count,
            limit: null,
            unit: 'runs',
            peer: '',
            aim: 0,
          }),
          row({
            name: `${runCount} runs that end, ${perSecond} a second: until all are archived`,
            value: archived,
            limit: asked,
            unit: 's',
            peer: 'until the last was asked to end',
            aim: null,
          }),
          row({
            name: `${runCount} runs that end, ${perSecond} a second: most memory`,
            value: Math.max(most, peak),
            limit: null,
            unit: 'MB',
            peer: '',
            aim: 250,
          }),
        ];
      },
      [`--archive=${file}`],
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function countOf(file: string): Promise<number> {
  const archive = new Archive(file);
  try {
    return (await archive.size()).count;
  } finally {
    await archive.close();
  }
}
