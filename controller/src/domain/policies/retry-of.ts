/**
 * spec.retryOf: a run that takes another one up where it failed. It is a run of its own, with that one's snapshot, so
 * that both stay on record as they were; what succeeded is in the snapshot as `kept`, and not run again.
 */
import type { JobRow, Snapshot, TaskRun } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { isFinished } from '../model/phase.ts';
import { flowOf } from '../shape/arrange.ts';
import { stepsOf } from '../shape/items.ts';
import { withTemplates } from '../shape/templates.ts';
import { withOverrides } from './allowed-overrides.ts';

type Rows = NonNullable<Snapshot['kept']>;

/** Why a run cannot be retried, in a sentence with the remedy; undefined where it can. */
export function retryProblem(name: string, run: TaskRun | undefined): string | undefined {
  const { phase = 'Pending' } = run?.status ?? {};
  if (!run) return `the Task has no run ${name} on record; name one of its runs that failed or was cancelled`;
  if (phase === 'Failed' || phase === 'Cancelled') return undefined;
  const remedy = isFinished(phase)
    ? 'create a TaskRun without retryOf to run again'
    : 'wait for its end, or cancel it first';
  return `${name} is ${phase}, and only a run that failed or was cancelled can be retried; ${remedy}`;
}

/**
 * What the retry runs.
 * @param run the run that is retried, whole
 * @param overrides the retry's own
 */
export function retrySpec(
  run: TaskRun,
  overrides: TaskRun['spec']['overrides'],
): Pick<TaskRun['spec'], 'snapshot' | 'templates'> {
  const { snapshot, templates } = run.spec;
  if (!snapshot) return {};
  const { kept: _kept, ...rest } = snapshot;
  const kept = keptRows(withTemplates(run));
  const taken = kept.length > 0 ? compact({ ...rest, kept, globals: withPlace(run) }) : rest;
  return compact({ snapshot: withOverrides(taken as Snapshot, overrides), templates });
}

/** What the steps that succeeded left is on the node where they ran, and in the workspace that they had. */
function withPlace({ spec, status }: TaskRun): Snapshot['globals'] {
  const { globals } = spec.snapshot ?? {};
  const workspace = globals?.['workspace'];
  const { nodeName, workspace: claimName } = status ?? {};
  return (
    globals &&
    compact({
      ...globals,
      ...(nodeName !== undefined && { nodeName }),
      ...(claimName !== undefined && { workspace: { ...(workspace as object), claimName } }),
    })
  );
}

/**
 * What succeeded, after nothing but what succeeded: a clean-up after a failure is no more use to the steps that follow
 * now.
 */
function keptRows({ metadata, spec, status }: TaskRun): Rows {
  const succeeded = new Map(
    (status?.jobs ?? []).flatMap((row) => (row.phase === 'Succeeded' ? [[row.step ?? '', row] as const] : [])),
  );
  const kept = new Set<string>();
  for (const [step, needed] of dependenciesOf(spec.snapshot) ??
    [...succeeded.keys()].map((step) => [step, []] as const)) {
    if (succeeded.has(step) && needed.every((name) => kept.has(name))) kept.add(step);
  }
  return [...succeeded].filter(([step]) => kept.has(step)).map(([, row]) => keptRow(row, metadata.name));
}

/**
 * Each step, after all that it depends on, with those; undefined for nodes, which depend on nothing and are known by
 * the record alone.
 */
function dependenciesOf(snapshot: Snapshot | undefined): readonly (readonly [string, readonly string[]])[] | undefined {
  const flow = flowOf(stepsOf(snapshot) ?? []);
  return 'problem' in flow || snapshot?.nodes
    ? undefined
    : flow.order.map(({ name }) => [name, flow.dependencies.get(name) ?? []] as const);
}

function keptRow(
  { step = '', node, run, phase = '', startTime, completionTime, duration, outputs }: JobRow,
  name: string,
): Rows[number] {
  return compact({ step, node, run: run ?? name, phase, startTime, completionTime, duration, outputs });
}
