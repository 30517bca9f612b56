/**
 * Requests and answers of the REST API: each shape is declared once, here. Requests are checked against the schemas,
 * the OpenAPI document is written from them, and the console and the command line take their types from them. Times are
 * RFC 3339 in UTC, durations are in seconds.
 */
import * as z from 'zod';
import { runPhases } from '../domain/model/phase.ts';
import { triggerTypes } from '../domain/model/trigger.ts';

const dnsName = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const name = z
  .string()
  .regex(dnsName, 'a name has only lower case letters, digits, dashes and dots, at most 253 characters')
  .refine((text) => !text.includes('..'), 'a name must not have two dots in a row');
const time = z.iso.datetime({ offset: true });
const open = z.record(z.string(), z.unknown());

/** An error: `code` never changes its meaning, `message` says what is wrong and what to do instead. */
export const problem = z
  .object({ error: z.object({ code: z.string(), message: z.string(), field: z.string().optional() }) })
  .meta({
    id: 'Problem',
    description:
      'What went wrong. `code` is stable; `message` is for people; `field` is the parameter or field that was refused.',
  });

export const trigger = z
  .object({ type: z.enum(triggerTypes), value: z.string().optional(), scheduledTime: time.optional() })
  .meta({
    id: 'Trigger',
    description: 'What asked for a run: a revision, a schedule time, a person, a workflow step, or a retry.',
  });

export const run = z
  .object({
    uid: z.string(),
    namespace: z.string(),
    name: z.string(),
    task: z.string(),
    trigger,
    phase: z.enum(runPhases),
    reason: z.string().optional(),
    message: z.string().optional(),
    creationTimestamp: time,
    startTime: time.optional(),
    completionTime: time.optional(),
    durationSeconds: z.number().optional().meta({ description: 'From start to completion; absent until then.' }),
    delaySeconds: z.number().optional().meta({ description: 'How long after its due time a scheduled run started.' }),
    queuedTime: time.optional().meta({ description: 'Since when it has waited in a queue; only while it waits.' }),
    waitedSeconds: z.number().optional().meta({
      description:
        'How long it waited in a queue; with steps, items or nodes the longest wait. It is a part of delaySeconds.',
    }),
    exitCode: z.int().optional(),
    attempts: z.int().optional(),
    shape: z
      .enum(['Job', 'Steps', 'Items', 'Nodes'])
      .meta({ description: 'Whether the run is one Job, or has Jobs of steps, items or nodes.' }),
    kept: z.boolean().meta({ description: 'Whether the run still has a Job, and with it pods and their logs.' }),
    archived: z.boolean().meta({ description: 'Whether the TaskRun was deleted and the run is only in the archive.' }),
  })
  .meta({ id: 'Run', description: 'A run in one line.' });

export const runPage = z
  .object({
    items: z.array(run),
    nextCursor: z
      .string()
      .optional()
      .meta({ description: 'Pass it as `cursor` to get the next runs; absent on the last page.' }),
    total: z.int().meta({ description: 'How many runs match the filters, on all pages.' }),
    totalIsLeast: z
      .boolean()
      .meta({ description: 'True if there are more runs than `total`: counting stops at 10,000.' }),
  })
  .meta({ id: 'RunPage' });

export const queue = z.object({ name: z.string(), priorityClass: z.string().optional() }).meta({
  id: 'Queue',
  description: "A queue of Kueue in the run's namespace, and the WorkloadPriorityClass of the Jobs that wait there.",
});

export const job = z
  .object({
    name: z.string().optional(),
    step: z.string().optional(),
    node: z.string().optional(),
    item: z.unknown().optional(),
    attempt: z.int().optional(),
    phase: z.string().optional(),
    reason: z.string().optional(),
    message: z.string().optional(),
    startTime: z.string().optional(),
    completionTime: z.string().optional(),
    duration: z.string().optional(),
    queue: queue.optional().meta({ description: "The step's own queue if it has one, else the run's." }),
    queuedTime: z
      .string()
      .optional()
      .meta({ description: 'Since when its Job has waited in the queue; only while it waits.' }),
    waitedSeconds: z.int().optional().meta({
      description: 'How long its Job waited in the queue until it was admitted; the sum if it waited several times.',
    }),
    exitCode: z.int().optional(),
    dependsOn: z.array(z.string()).optional(),
  })
  .loose()
  .meta({ id: 'RunJob', description: 'A Job of a run, or a step, item or node that has no Job yet.' });

export const logPart = z
  .object({
    pod: z.string(),
    container: z.string(),
    restart: z.int(),
    bytes: z.int(),
    cutBytes: z.int(),
    archived: z.boolean(),
  })
  .meta({
    id: 'LogPart',
    description: 'The log of one container. `cutBytes` is how many bytes of its beginning the archive left out.',
  });

const snapshot = z.looseObject({
  queue: queue.optional(),
  queueTimeoutSeconds: z
    .int()
    .optional()
    .meta({ description: 'How long a Job may wait in its queue, each time it waits.' }),
});

export const runDetail = run
  .extend({
    application: z.string().optional(),
    component: z.string().optional(),
    jobs: z.array(job),
    snapshot: snapshot.optional().meta({
      description:
        'What ran. Values of environment variables, arguments, parameters of templates, items and matrices are left out, as people put passwords there.',
    }),
    overrides: open
      .optional()
      .meta({ description: 'What this run overrides; values of variables and arguments are left out.' }),
    outputs: open.optional(),
    cancelReason: z.string().optional(),
    retryOf: z.string().optional(),
    logs: z.array(logPart),
  })
  .meta({ id: 'RunDetail', description: 'Everything that is known of a run.' });

export const runSummary = z
  .object({
    name: z.string(),
    phase: z.enum(runPhases),
    reason: z.string().optional(),
    message: z.string().optional(),
    startTime: time.optional(),
    completionTime: time.optional(),
    durationSeconds: z.number().optional(),
  })
  .meta({ id: 'RunSummary' });

export const task = z
  .object({
    uid: z.string(),
    namespace: z.string(),
    name: z.string(),
    application: z.string().optional(),
    component: z.string().optional(),
    phase: z.string().optional(),
    message: z.string().optional(),
    suspended: z.boolean(),
    schedule: z.object({ crons: z.array(z.string()), timeZone: z.string().optional() }).optional(),
    nextScheduleTime: time.optional(),
    lastSuccessfulTime: time.optional(),
    totals: z.object({
      active: z.int(),
      queued: z.int(),
      succeeded: z.int(),
      failed: z.int(),
      cancelled: z.int(),
      skipped: z.int(),
      kept: z.int(),
    }),
    active: z.array(runSummary),
    lastRuns: z.array(runSummary),
  })
  .meta({ id: 'Task', description: 'A task with its latest runs.' });

export const taskPage = z
  .object({ items: z.array(task), nextCursor: z.string().optional(), total: z.int() })
  .meta({ id: 'TaskPage' });

export const taskDetail = task
  .extend({
    nextScheduleTimes: z
      .array(time)
      .meta({ description: "The schedule's next ten times; empty while it is suspended." }),
    policy: open,
    conditions: z.array(
      z.object({
        type: z.string(),
        status: z.string(),
        reason: z.string(),
        message: z.string(),
        lastTransitionTime: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'TaskDetail' });

/** What people may do in a namespace, so that a console does not offer the rest. */
export const access = z
  .object({
    user: z.string(),
    onlyReads: z.boolean().meta({
      description:
        'Whether your token is for reading only (`api.audience`): whatever `may` says, changes and logs that are still in pods then take another one.',
    }),
    namespaces: z
      .array(z.string())
      .meta({ description: 'The namespaces that have tasks and that you may read, by name; at most 500.' }),
    moreNamespaces: z.boolean().meta({
      description:
        'Whether there may be others: there are more than 500, or not all could be looked at (2,000 at most, for ten seconds).',
    }),
    allNamespaces: z.boolean().meta({ description: 'Whether you may read all namespaces.' }),
    may: z
      .object({ run: z.boolean(), cancel: z.boolean(), suspend: z.boolean(), prune: z.boolean(), logs: z.boolean() })
      .meta({ description: 'In the requested namespace.' }),
  })
  .meta({ id: 'Access' });

export const taskPath = z.object({ namespace: name, task: name });
export const runPath = z.object({ namespace: name, run: name });
export const namespacePath = z.object({ namespace: name });

const list = <T extends z.ZodType>(item: T) =>
  z.preprocess(
    (value) => (typeof value === 'string' ? value.split(',').filter(Boolean) : value),
    z.array(item).max(20),
  );

const limit = (of: string, most: number, usual: number) =>
  z.coerce
    .number()
    .int()
    .min(1)
    .max(most)
    .default(usual)
    .meta({ description: `The most ${of} on a page.` });
const cursor = z.string().max(500).optional().meta({ description: 'The `nextCursor` of the previous page.' });

export const runQuery = z.object({
  task: name.optional().meta({ description: 'Only runs of this task.' }),
  phase: list(z.enum(runPhases)).optional().meta({ description: 'Only runs in these phases, separated by commas.' }),
  trigger: list(z.enum(triggerTypes))
    .optional()
    .meta({ description: 'Only runs with these triggers, separated by commas.' }),
  from: time.optional().meta({ description: 'Only runs requested at this time or later.' }),
  to: time.optional().meta({ description: 'Only runs requested before this time.' }),
  limit: limit('runs', 500, 50),
  cursor,
});

export const taskQuery = z.object({ limit: limit('tasks', 5_000, 500), cursor });

const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');

export const logQuery = z.object({
  follow: flag.meta({ description: 'Follow until the run has ended.' }),
  since: time.optional().meta({ description: 'Only lines printed at this time or later.' }),
  tail: z.coerce
    .number()
    .int()
    .min(0)
    .max(100_000)
    .optional()
    .meta({ description: 'Only the last lines of each container.' }),
  search: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'Only lines that contain this text, in upper or lower case.' }),
  format: z
    .enum(['text', 'ndjson'])
    .default('text')
    .meta({ description: 'text: `run/pod line`; ndjson: one LogLine per line.' }),
});

export const taskLogQuery = logQuery.omit({ follow: true }).extend({
  runs: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .default(50)
    .meta({ description: 'How many of the newest runs to read.' }),
  phase: list(z.enum(runPhases)).optional().meta({ description: 'Only of runs in these phases, separated by commas.' }),
});

export const logLine = z
  .object({ time: z.string(), run: z.string(), pod: z.string(), container: z.string(), line: z.string() })
  .meta({
    id: 'LogLine',
    description: 'A line of a log; or, with an empty pod, a remark, for example about lines that were cut.',
  });

const text = (most: number) => z.string().max(most);
export const runRequest = z
  .object({
    args: z.array(text(4_096)).max(100).optional().meta({ description: "Replaces the container's args." }),
    env: z
      .array(z.object({ name: z.string().min(1).max(253), value: text(4_096).optional() }).strict())
      .max(100)
      .optional(),
    name: name.max(63).optional().meta({ description: "The run's name; generated when left out." }),
  })
  .strict()
  .meta({ id: 'RunRequest' });
export const cancelRequest = z
  .object({ reason: text(400).optional() })
  .strict()
  .meta({ id: 'CancelRequest' });
export const pruneRequest = z
  .object({
    keep: z.int().min(0).optional(),
    olderThanSeconds: z.number().min(0).optional(),
    dryRun: z.boolean().default(false),
  })
  .strict()
  .refine(
    ({ keep, olderThanSeconds }) => keep !== undefined || olderThanSeconds !== undefined,
    'say which runs to delete: keep, olderThanSeconds, or both; {"keep": 0} deletes all finished runs',
  )
  .meta({ id: 'PruneRequest' });
export const pruned = z
  .object({ runs: z.array(z.string()), dryRun: z.boolean() })
  .meta({ id: 'Pruned', description: 'The runs that were deleted; with dryRun, that would be deleted.' });

export type Run = z.infer<typeof run>;
export type RunPage = z.infer<typeof runPage>;
export type RunDetail = z.infer<typeof runDetail>;
export type RunJob = z.infer<typeof job>;
export type LogPart = z.infer<typeof logPart>;
export type LogLine = z.infer<typeof logLine>;
export type TaskView = z.infer<typeof task>;
export type TaskPage = z.infer<typeof taskPage>;
export type TaskDetail = z.infer<typeof taskDetail>;
export type RunSummary = z.infer<typeof runSummary>;
export type Access = z.infer<typeof access>;
export type Problem = z.infer<typeof problem>;
export type RunQuery = z.infer<typeof runQuery>;
export type TaskQuery = z.infer<typeof taskQuery>;
export type LogQuery = z.infer<typeof logQuery>;
export type TaskLogQuery = z.infer<typeof taskLogQuery>;
export type RunRequest = z.infer<typeof runRequest>;
export type CancelRequest = z.infer<typeof cancelRequest>;
export type PruneRequest = z.infer<typeof pruneRequest>;
export type Pruned = z.infer<typeof pruned>;
