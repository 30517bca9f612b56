import { taskName } from '../controller/src/domain/policies/task-name.ts';
import { withController, type Bench } from './bench.ts';
import {
  applicationOf,
  applications,
  count,
  deployAll,
  deployments,
  how,
  lastStatusRow,
  removeApplications,
} from './hundreds.ts';
import { seeJobs } from './jobs-seen.ts';
import { forAll, tasks } from './objects.ts';
import { percentile, row, type Row } from './report.ts';
import { Seen } from './seen.ts';

/** Applied one after the other. */
const oneByOne = 30;
/** What the controller may add to the time that KubeVela needs, in milliseconds. */
const ownMs = 50;

/** Applications that the real KubeVela of KUBEVELA_HOME carries out, one by one and hundreds at once. */
export async function realKubevela(bench: Bench): Promise<Row[]> {
  return withController(bench, async () => {
    const rows = await applyInTurn(bench);
    for (const nth of deployments) rows.push(...(await atOnce(bench, nth)));
    await removeApplications(bench);
    return rows;
  });
}

/** From the create of an Application until a watch sees its Job, and until another sees its Task. */
async function applyInTurn({ client, namespace }: Bench): Promise<Row[]> {
  const seen = {
    tasks: await Seen.of(client, tasks, namespace, ({ metadata }) => metadata.name),
    jobs: await seeJobs(client, namespace),
  };
  const untilTask: number[] = [];
  const untilJob: number[] = [];
  const names = Array.from({ length: oneByOne }, (_, index) => `single-${index}`);
  await forAll(names, 1, async (name) => {
    const began = performance.now();
    await client.create(applications, applicationOf(namespace, name));
    untilTask.push((await seen.tasks.at(taskName(name, name))) - began);
    untilJob.push((await seen.jobs.at(`${name}-v1`)) - began);
  });
  for (const one of Object.values(seen)) one.stop();
  await forAll(names, 1, (name) => client.delete(applications, { namespace, name }));
  return [0.5, 0.99].map((share) => {
    const limit = percentile(untilTask, share);
    return row({
      name: `Application to its Job, p${share * 100}`,
      value: percentile(untilJob, share),
      limit,
      unit: 'ms',
      peer: "KubeVela's part: until a watch sees the Task",
      aim: limit + ownMs,
    });
  });
}

async function atOnce(bench: Bench, nth: number): Promise<Row[]> {
  const deployed = await deployAll(bench, nth);
  const name = `${count} Applications ${how(nth)}`;
  return [
    row({
      name: `${name}, until the last Job`,
      value: deployed.lastJob,
      limit: deployed.lastTask,
      unit: 's',
      peer: "KubeVela's part: until the last Task",
      aim: null,
    }),
    lastStatusRow(name, deployed, deployed.lastTaskSays + 5),
  ];
}
