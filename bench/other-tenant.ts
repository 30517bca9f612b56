import { withController, type Bench } from './bench.ts';
import { besideRaw } from './deploy-to-job.ts';
import { createNamespace, empty, forAll, renamed, taskRuns, tasks } from './objects.ts';
import { percentile, row, type Row } from './report.ts';
import type { TaskObject } from '../controller/src/cluster/resource-types.ts';
import { apiVersion } from '../controller/src/resources/index.ts';

const deployments = 60;
const taskCount = 20;
/** Tasks of the other tenant, and as many TaskRuns that he asks for and cancels at once. */
const floodSize = 2_000;
/** His calls in flight. */
const hands = 20;

/** From the patch of a trigger to a Job five calls follow one another, and a Job that is created is one. */
const callsToJob = 5;

/**
 * From a Task's patch until its Job is seen, one after another, while another tenant makes Tasks, TaskRuns and
 * cancellations in a namespace of his own as fast as he can. Beside each deployment a Job is created directly: how long
 * that takes amid the same flood is the API server's part.
 */
export async function otherTenant(bench: Bench): Promise<Row[]> {
  const { namespace, client, render } = bench;
  const template = await render({ namespace, name: 'template' });
  const all = Array.from({ length: taskCount }, (_, index) => renamed(template, `task-${index}`));
  const theirs = `${namespace}-flood`;
  await createNamespace(client, theirs);
  const flood = await render({ namespace: theirs, name: 'flood', seconds: 30 });
  const { ours, raw } = await withController(bench, async () => {
    let made: Promise<void> | undefined;
    const figures = await besideRaw(bench, deployments, all, () => {
      made = makeFlood(bench, flood);
    });
    await made;
    return figures;
  });
  await empty(client, theirs);
  return [0.5, 0.99].map((share) => {
    const limit = percentile(raw, share);
    return row({
      name: `Deploy to Job while another tenant makes ${floodSize} Tasks, p${share * 100}`,
      value: percentile(ours, share),
      unit: 'ms',
      limit,
      peer: 'a Job that is created directly meanwhile',
      aim: callsToJob * limit,
    });
  });
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
