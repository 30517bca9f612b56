import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { JobsSeen } from './jobs-seen.ts';
import { createNamespace, cronJobs, empty, forAll, jobOf, renamed, runOf } from './objects.ts';
import { eventually } from '../test/support/eventually.ts';

const namespace = 'cron-jobs';
const count = 100;
const leadMs = 10_000;

/** How many Jobs a second Kubernetes' own CronJob controller creates, for 100 CronJobs that are due in the same minute. */
export async function cronJobRate({ client, render }: Bench): Promise<number> {
  await createNamespace(client, namespace);
  const task = await render({ namespace, name: 'template', seconds: 30 });
  const { spec: jobSpec } = jobOf(runOf(task, 'template'));
  const due = new Date(Math.ceil((Date.now() + leadMs) / 60_000) * 60_000);
  const seen = await JobsSeen.in(client, namespace);
  const names = Array.from({ length: count }, (_, index) => renamed(task, `cron-${index}`).metadata.name ?? '');
  await forAll(names, 10, (name) =>
    client.create(cronJobs, {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { namespace, name },
      spec: { schedule: `${due.getUTCMinutes()} ${due.getUTCHours()} * * *`, timeZone: 'Etc/UTC', jobTemplate: { spec: jobSpec } },
    }),
  );
  await delay(Math.max(0, due.getTime() - Date.now()));
  const times = await eventually('every CronJob made its Job', () => (seen.times.length >= count ? seen.times : undefined), { everyMs: 50 });
  seen.stop();
  await empty(client, namespace);
  return (count - 1) / ((Math.max(...times) - Math.min(...times)) / 1000);
}
