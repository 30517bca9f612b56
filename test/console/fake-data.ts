/** Made-up tasks and runs for the fake API: few, and of every kind. */
import type { LogLine, Run, RunDetail, RunSummary, TaskDetail } from '../../controller/src/api/schemas.ts';

/** Everything that the fake API knows. Tests may change it while it is served. */
export interface FakeData {
  readonly tasks: TaskDetail[];
  readonly runs: RunDetail[];
  /** By `namespace/run`. */
  readonly logs: Map<string, LogLine[]>;
}

const minute = 60_000;

/** A time so many minutes ago. */
export function ago(minutes: number): string {
  return new Date(Date.now() - minutes * minute).toISOString();
}

let uids = 0;

/** When a run started and ended, by its phase. */
function timesOf(phase: Run['phase'], startTime: string, seconds: number): Partial<Run> {
  const started = phase !== 'Pending' && phase !== 'Queued' && phase !== 'Skipped';
  const over = phase !== 'Running' && phase !== 'Pending' && phase !== 'Queued';
  const end = new Date(Date.parse(startTime) + seconds * 1000).toISOString();
  return {
    ...(started ? { startTime } : {}),
    ...(over ? { completionTime: end } : {}),
    ...(started && over ? { durationSeconds: seconds } : {}),
  };
}

/** A run that succeeded, unless the arguments say otherwise. */
export function fakeRun(
  namespace: string,
  task: string,
  name: string,
  rest: Partial<RunDetail> & { readonly startedAgo?: number } = {},
): RunDetail {
  const { startedAgo = 10, durationSeconds = 95, phase = 'Succeeded', ...given } = rest;
  const startTime = ago(startedAgo);
  return {
    uid: `uid-${(uids += 1)}`,
    namespace,
    name,
    task,
    trigger: { type: 'Revision', value: '3' },
    phase,
    creationTimestamp: ago(startedAgo + 0.05),
    ...timesOf(phase, startTime, durationSeconds),
    ...(phase === 'Succeeded' ? { exitCode: 0, attempts: 1 } : {}),
    shape: 'Job',
    kept: true,
    archived: false,
    application: 'shop',
    component: task,
    jobs: [{ name, phase, startTime }],
    snapshot: {
      template: { spec: { containers: [{ name: 'main', image: 'busybox:1.36', args: ['sh', '-c', 'work'] }] } },
      generation: 3,
      hash: '0123456789abcdef',
    },
    logs: [{ pod: `${name}-x7k2p`, container: 'main', restart: 0, bytes: 18_432, cutBytes: 0, archived: false }],
    ...given,
  };
}

/** A task whose state follows from its runs. */
export function fakeTask(
  namespace: string,
  name: string,
  runs: readonly Run[],
  rest: Partial<TaskDetail> = {},
): TaskDetail {
  const own = runs
    .filter((run) => run.namespace === namespace && run.task === name)
    .sort((a, b) => b.creationTimestamp.localeCompare(a.creationTimestamp));
  const count = (phase: string) => own.filter((run) => run.phase === phase).length;
  const newest = own[0];
  return {
    uid: `task-${namespace}-${name}`,
    namespace,
    name,
    application: 'shop',
    component: name,
    phase: newest?.phase ?? 'Idle',
    ...(newest === undefined ? {} : { message: messageOf(newest) }),
    suspended: false,
    totals: {
      active: count('Running') + count('Pending'),
      queued: count('Queued'),
      succeeded: count('Succeeded'),
      failed: count('Failed'),
      cancelled: count('Cancelled'),
      skipped: count('Skipped'),
      kept: own.length,
    },
    active: own
      .filter(({ completionTime, phase }) => completionTime === undefined && phase !== 'Skipped')
      .map(summaryOf),
    lastRuns: own
      .filter(({ completionTime }) => completionTime !== undefined)
      .slice(0, 10)
      .map(summaryOf),
    nextScheduleTimes: [],
    policy: { concurrencyPolicy: 'Forbid', keepLast: 3, allowedOverrides: ['args', 'env'] },
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'Reconciled',
        message: 'The task is in order.',
        lastTransitionTime: ago(300),
      },
    ],
    ...rest,
  };
}

function messageOf({ name, phase, reason, message }: Run): string {
  return [`${name} ${phase}`, reason, message].filter(Boolean).join(': ');
}

function summaryOf({ name, phase, reason, startTime, completionTime, durationSeconds }: Run): RunSummary {
  return {
    name,
    phase,
    ...(reason === undefined ? {} : { reason }),
    ...(startTime === undefined ? {} : { startTime }),
    ...(completionTime === undefined ? {} : { completionTime }),
    ...(durationSeconds === undefined ? {} : { durationSeconds }),
  };
}

/** Runs of a schedule, one every so many minutes, now and then a failed one. */
function scheduledRuns(task: string, every: number, count: number): RunDetail[] {
  return Array.from({ length: count }, (_, index) => {
    const failed = index % 9 === 5;
    const startedAgo = 2 + index * every;
    return fakeRun('shop', task, `${task}-${29_400_000 - index * every}`, {
      startedAgo,
      phase: failed ? 'Failed' : 'Succeeded',
      durationSeconds: 40 + ((index * 37) % 70),
      trigger: { type: 'Schedule', scheduledTime: ago(startedAgo + 0.1) },
      delaySeconds: 6,
      archived: index > 40,
      kept: index < 3,
      ...(failed ? { reason: 'BackoffLimitExceeded', message: 'main exited with 1', exitCode: 1, attempts: 3 } : {}),
    });
  });
}

function flowRun(): RunDetail {
  const step = (name: string, phase: string, dependsOn: string[] = []) => ({
    step: name,
    phase,
    dependsOn,
    ...(phase === 'Pending' ? {} : { name: `etl-v4-${name}`, startTime: ago(4) }),
    ...(phase === 'Succeeded' ? { duration: '31s', exitCode: 0 } : {}),
  });
  return fakeRun('shop', 'etl', 'etl-v4', {
    startedAgo: 5,
    phase: 'Running',
    reason: 'Paused',
    message: 'load-eu failed; the flow waits for a decision',
    shape: 'Steps',
    jobs: [
      step('extract', 'Succeeded'),
      step('clean-eu', 'Succeeded', ['extract']),
      step('clean-us', 'Succeeded', ['extract']),
      {
        ...step('load-eu', 'Failed', ['clean-eu']),
        reason: 'BackoffLimitExceeded',
        message: 'main exited with 2',
        exitCode: 2,
      },
      step('load-us', 'Running', ['clean-us']),
      step('join', 'Pending', ['load-eu', 'load-us']),
      step('report', 'Pending', ['join']),
      step('notify', 'Pending', ['join']),
    ],
    outputs: { rows: 18_234, digest: 'sha256:4bf3' },
  });
}

function itemsRun(): RunDetail {
  const items = ['eu-west', 'eu-north', 'us-east', 'us-west', 'ap-south'];
  return fakeRun('shop', 'reindex', 'reindex-v2', {
    startedAgo: 30,
    phase: 'Failed',
    reason: 'StepFailed',
    message: '1 of 5 items failed',
    shape: 'Items',
    jobs: items.map((item, index) => ({
      name: `reindex-v2-${index}`,
      item,
      phase: index === 3 ? 'Failed' : 'Succeeded',
      startTime: ago(30),
      duration: '1m 12s',
      exitCode: index === 3 ? 137 : 0,
      ...(index === 3 ? { reason: 'OOMKilled' } : {}),
    })),
  });
}

const nightly = { queue: { name: 'nightly', priorityClass: 'urgent' }, queueTimeoutSeconds: 3600, template: {} };

/** Runs of a task in a queue: one that waits, one that was admitted, and a flow with a waiting step. */
function queuedRuns(): RunDetail[] {
  const due = (startedAgo: number) => ({ type: 'Schedule' as const, scheduledTime: ago(startedAgo) });
  return [
    fakeRun('billing', 'train', 'train-v3', {
      startedAgo: 12,
      phase: 'Queued',
      trigger: due(12.2),
      reason: 'Pending',
      message: 'waits for 600m cpu in cq',
      snapshot: nightly,
      queuedTime: ago(12),
      jobs: [{ name: 'train-v3', phase: 'Queued', queuedTime: ago(12) }],
      logs: [],
    }),
    fakeRun('billing', 'train', 'train-v2', {
      startedAgo: 40,
      trigger: due(53),
      delaySeconds: 780,
      snapshot: nightly,
      waitedSeconds: 760,
      jobs: [{ name: 'train-v2', phase: 'Succeeded', startTime: ago(40), waitedSeconds: 760 }],
    }),
    fakeRun('billing', 'train', 'train-flow', {
      startedAgo: 30,
      phase: 'Running',
      shape: 'Steps',
      waitedSeconds: 5,
      queuedTime: ago(3),
      snapshot: nightly,
      jobs: [
        {
          step: 'fetch',
          name: 'train-flow-fetch',
          phase: 'Succeeded',
          startTime: ago(30),
          duration: '2m',
          waitedSeconds: 5,
        },
        {
          step: 'fit',
          name: 'train-flow-fit',
          phase: 'Queued',
          dependsOn: ['fetch'],
          queue: { name: 'gpus' },
          queuedTime: ago(3),
          reason: 'Inadmissible',
          message: 'queue gpus does not exist',
        },
      ],
    }),
  ];
}

/** A small shop: schedules, a flow that waits, items of which one failed, a suspended task, one that never ran. */
export function smallData(): FakeData {
  const next = (every: number) => Array.from({ length: 10 }, (_, index) => ago(-every * (index + 1) + 2));
  const migrate = (name: string, rest: Parameters<typeof fakeRun>[3]) => fakeRun('shop', 'migrate', name, rest);
  const runs = [
    ...scheduledRuns('backup', 5, 120),
    ...scheduledRuns('prune-carts', 15, 60),
    migrate('migrate-v3', {
      startedAgo: 8,
      phase: 'Running',
      trigger: { type: 'Revision', value: '3' },
      durationSeconds: 0,
    }),
    migrate('migrate-v2', { startedAgo: 50, durationSeconds: 310, outputs: { version: '41' } }),
    migrate('migrate-v1', {
      startedAgo: 95,
      durationSeconds: 248,
      outputs: { version: '40' },
      snapshot: {
        template: { spec: { containers: [{ name: 'main', image: 'busybox:1.35', args: ['sh', '-c', 'work'] }] } },
        generation: 2,
        hash: 'fedcba9876543210',
      },
    }),
    migrate('migrate-manual', { startedAgo: 20, phase: 'Queued', trigger: { type: 'Manual' }, reason: 'WaitsForTurn' }),
    flowRun(),
    itemsRun(),
    ...queuedRuns(),
    fakeRun('shop', 'report', 'report-v1', {
      startedAgo: 40,
      phase: 'Cancelled',
      reason: 'Cancelled',
      cancelReason: 'wrong month',
      durationSeconds: 12,
    }),
    fakeRun('billing', 'invoice', 'invoice-v9', { startedAgo: 25, durationSeconds: 700 }),
    fakeRun('billing', 'dunning', 'dunning-v2', { startedAgo: 15, phase: 'Skipped', reason: 'ConcurrencyForbidden' }),
  ];
  const scheduled = (cron: string, every: number) => ({
    schedule: { crons: [cron], timeZone: 'Europe/Berlin' },
    nextScheduleTimes: next(every),
    nextScheduleTime: next(every)[0],
  });
  const tasks = [
    fakeTask('billing', 'dunning', runs),
    fakeTask('billing', 'invoice', runs),
    fakeTask('billing', 'train', runs),
    fakeTask('shop', 'backup', runs, scheduled('*/5 * * * *', 5)),
    fakeTask('shop', 'etl', runs),
    fakeTask('shop', 'housekeeping', runs, { suspended: true, schedule: { crons: ['0 3 * * *'] } }),
    fakeTask('shop', 'migrate', runs),
    fakeTask('shop', 'prune-carts', runs, scheduled('*/15 * * * *', 15)),
    fakeTask('shop', 'reindex', runs),
    fakeTask('shop', 'report', runs),
  ];
  return { tasks, runs, logs: new Map(runs.map((run) => [`${run.namespace}/${run.name}`, linesOf(run)])) };
}

/** What a run printed: colours, markup that must stay text, and a line of bytes that are not text. */
function linesOf({ name, startTime }: RunDetail): LogLine[] {
  if (startTime === undefined) return [];
  const began = Date.parse(startTime);
  const texts = [
    'starting',
    '\u001b[32mconnected\u001b[0m to db-0',
    '<b>bold</b> & <script>alert(1)</script>',
    'bytes \u0000\u0001\u202e end',
    '\u001b[1;31merror\u001b[0m: retrying',
    ...Array.from({ length: 40 }, (_, index) => `batch ${index + 1} of 40: ${(index * 7919) % 997} rows`),
  ];
  return texts.map((line, index) => ({
    time: new Date(began + index * 500).toISOString(),
    run: name,
    pod: `${name}-x7k2p`,
    container: 'main',
    line,
  }));
}
