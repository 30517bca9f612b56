/** A run as the archive stores it: a line for lists, and the rest. */
import { compact } from '../domain/lang/compact.ts';
import { secondsBetween } from '../domain/lang/duration.ts';
import { waitOfRun } from './queue-report.ts';
import type { TaskRun, TaskRunStatus } from '../resources/index.ts';
import { velaLabels } from '../resources/index.ts';

/** A run in one line. Times are RFC 3339. */
export interface RunRecord {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly task: string;
  readonly trigger: { readonly type: TriggerType; readonly value?: string; readonly scheduledTime?: string };
  readonly phase: Phase;
  readonly reason?: string;
  readonly message?: string;
  readonly creationTimestamp: string;
  readonly startTime?: string;
  readonly completionTime?: string;
  readonly durationSeconds?: number;
  /** How long after its due time a scheduled run started. */
  readonly delaySeconds?: number;
  /** Since when it has waited in a queue; only while it waits. */
  readonly queuedTime?: string;
  /** How long it waited in a queue; with steps, items or nodes the longest wait. */
  readonly waitedSeconds?: number;
  readonly exitCode?: number;
  readonly attempts?: number;
  readonly shape: 'Job' | 'Steps' | 'Items' | 'Nodes';
}

export type Phase = NonNullable<TaskRunStatus['phase']>;
export type TriggerType = NonNullable<TaskRun['spec']['trigger']>['type'];

/** Everything else that is known of a run, except its logs. */
export interface RunBody {
  readonly application?: string;
  readonly component?: string;
  readonly jobs: readonly object[];
  readonly snapshot?: object;
  readonly overrides?: object;
  readonly outputs?: object;
  readonly cancelReason?: string;
  readonly retryOf?: string;
}

/** The line of a run that is, or was, in the cluster. */
export function recordOf({ metadata, spec, status = {} }: TaskRun): RunRecord {
  const { startTime, completionTime } = status;
  const { type = 'Manual', value, scheduledTime } = spec.trigger ?? {};
  return compact({
    uid: metadata.uid,
    namespace: metadata.namespace,
    name: metadata.name,
    task: spec.taskRef.name,
    trigger: compact({ type, value, scheduledTime: instant(scheduledTime) }),
    phase: status.phase ?? 'Pending',
    reason: status.reason,
    message: status.message,
    creationTimestamp: metadata.creationTimestamp,
    startTime,
    completionTime,
    durationSeconds: secondsBetween(startTime, completionTime),
    delaySeconds: secondsBetween(scheduledTime, startTime),
    ...waitOfRun(status),
    exitCode: status.jobs?.at(-1)?.exitCode,
    attempts: status.attempts,
    shape: shapeOf(spec.snapshot, status.jobs),
  });
}

/**
 * The rest of what is known of a run. Values of environment variables, arguments, parameters of templates and items are
 * left out: people put passwords there.
 */
export function bodyOf({ metadata: { labels = {} }, spec, status = {} }: TaskRun): RunBody {
  return compact({
    application: labels[velaLabels.application],
    component: labels[velaLabels.component],
    jobs: jobsOf(spec.snapshot, status.jobs),
    snapshot: spec.snapshot && withoutSecrets(spec.snapshot),
    overrides: spec.overrides && (withoutValues(spec.overrides) as object),
    outputs: status.outputs,
    cancelReason: spec.cancelReason,
    retryOf: spec.retryOf,
  });
}

/** A step's row with its dependencies and its own queue, so that a flow can be drawn from the rows alone. */
function jobsOf(snapshot: TaskRun['spec']['snapshot'], jobs: TaskRunStatus['jobs'] = []): readonly object[] {
  const steps = new Map(
    (snapshot?.steps ?? []).map(({ name, dependsOn = [], queue }) => [name, compact({ dependsOn, queue })]),
  );
  return jobs.map((row) => ({ ...row, ...steps.get(row.step ?? '') }));
}

function shapeOf(snapshot: TaskRun['spec']['snapshot'], [first]: TaskRunStatus['jobs'] = []): RunRecord['shape'] {
  const { steps, items = snapshot?.matrix, nodes } = snapshot ?? {};
  const shapes: readonly (readonly [unknown, RunRecord['shape']])[] = [
    [steps, 'Steps'],
    [items, 'Items'],
    [nodes, 'Nodes'],
    [first?.node, 'Nodes'],
    [first?.step, 'Steps'],
  ];
  return shapes.find(([sign]) => sign !== undefined)?.[1] ?? 'Job';
}

/** Deeper than any pod template; deeper values are left out. */
const deepest = 24;
const leftOut = '…';

/** `items` and `matrix` mean something else further down, as in a volume. */
function withoutSecrets({ items, matrix, ...rest }: NonNullable<TaskRun['spec']['snapshot']>): object {
  return compact({
    ...(withoutValues(rest) as object),
    items: items?.map(nameOnly),
    matrix: matrix && hidden(matrix),
  });
}

/** An item's name is that of its Job, and so no secret. */
function nameOnly(item: object): unknown {
  const { name, ...values } = item as Readonly<Record<string, unknown>>;
  return compact({ name, ...(hidden(values) as object) });
}

/** The same structure without the values; what is too deep is left out. */
function hidden(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > deepest) return leftOut;
  if (Array.isArray(value)) return value.map((item) => hidden(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, hidden(field, depth + 1)]));
}

/** How fields are shown that people put secrets into, wherever they are. */
const secretFields: Readonly<Record<string, (field: unknown) => unknown>> = {
  env: namesOnly,
  args: hidden,
  parameters: hidden,
};

function withoutValues(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > deepest) return leftOut;
  if (Array.isArray(value)) return value.map((item) => withoutValues(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => {
      const show = Object.hasOwn(secretFields, name) ? secretFields[name] : undefined;
      return [name, show ? show(field) : withoutValues(field, depth + 1)];
    }),
  );
}

/**
 * For variables in a list, the source of a value stays; an entry that is not a variable is left out, because it may be
 * `NAME=value`.
 */
function namesOnly(env: unknown): unknown {
  if (typeof env !== 'object' || env === null) return leftOut;
  if (!Array.isArray(env)) return Object.fromEntries(Object.keys(env).map((name) => [name, leftOut]));
  return env.map((variable: unknown) => {
    if (typeof variable !== 'object' || variable === null) return leftOut;
    return 'value' in variable ? { ...variable, value: leftOut } : variable;
  });
}

/** A time with a zone becomes one of UTC. */
function instant(time: string | undefined): string | undefined {
  return time === undefined || Number.isNaN(Date.parse(time)) ? undefined : new Date(time).toISOString();
}
