import { withController, type Bench } from './bench.ts';
import { seeJobs, type JobsSeen } from './jobs-seen.ts';
import { componentOf, createNamespace, deploy, empty, forAll, renamed, taskRuns, tasks } from './objects.ts';
import { percentile, row, type Row } from './report.ts';
import type { TaskObject } from '../controller/src/cluster/resource-types.ts';
import { apiVersion } from '../controller/src/resources/index.ts';

const deployments = 60;
const taskCount = 20;
/** Tasks of the other tenant, and as many TaskRuns that he asks for and cancels at once. */
const floodSize = 2_000;
/** His calls in flight. */
const hands = 20;

/**
 * From a Task's patch until its Job is seen, one after another, without anybody else, and then while another tenant
 * makes Tasks, TaskRuns and cancellations in a namespace of his own as fast as he can.
 */
export async function otherTenant(bench: Bench): Promise<Row[]> {
  const { namespace, client, render } = bench;
  const template = await render({ namespace, name: 'template' });
  const all = Array.from({ length: taskCount }, (_, index) => renamed(template, `task-${index}`));
  const theirs = `${namespace}-flood`;
  await createNamespace(client, theirs);
  const calm: number[] = [];
  const flooded: number[] = [];
  await withController(bench, async () => {
    const seen = await seeJobs(client, namespace);
    await forAll(all, 1, async (task) => {
      await client.create(tasks, task);
      await seen.at(`${componentOf(task)}-v1`);
    });
    const measure = async (into: number[], from: number): Promise<void> => {
      for (let count = 0; count < deployments; count += 1) {
        const task = all[count % taskCount] ?? template;
        into.push(await deployed(bench, seen, task, from + Math.floor(count / taskCount)));
      }
    };
    await measure(calm, 2);
    const flood = await render({ namespace: theirs, name: 'flood', seconds: 30 });
    const made = makeFlood(bench, flood);
    await measure(flooded, 2 + deployments / taskCount);
    await made;
    seen.stop();
  });
  await empty(client, theirs);
  const figures = { unit: 'ms', peer: 'the same without the other tenant' };
  return [0.5, 0.99].map((share) =>
    row({
      name: `Deploy to Job while another tenant makes ${floodSize} Tasks, p${share * 100}`,
      value: percentile(flooded, share),
      limit: percentile(calm, share),
      aim: 1_000,
      ...figures,
    }),
  );
}

async function deployed({ client }: Bench, seen: JobsSeen, task: TaskObject, revision: number): Promise<number> {
  const began = performance.now();
  const [at] = await Promise.all([seen.at(`${componentOf(task)}-v${revision}`), deploy(client, task, revision)]);
  return at - began;
}

async function makeFlood({ client }: Bench, template: TaskObject): Promise<void> {
  const { namespace = '' } = template.metadata;
  const all = Array.from({ length: floodSize }, (_, index) => renamed(template, `flood-${index}`));
  await forAll(all, hands, async (task, index) => {
    const { metadata } = await client.create(tasks, task);
    const name = `asked-${index}`;
    await client.create(taskRuns, {
      apiVersion,
      kind: 'TaskRun',
      metadata: { namespace, name },
      spec: { taskRef: { name: metadata.name } },
    });
    await client.patch(taskRuns, { namespace, name }, { spec: { cancel: true } });
  });
}
