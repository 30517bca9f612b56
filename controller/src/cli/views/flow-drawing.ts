/** A flow as text: each step below the one that it waits for longest. */
import { flowOf } from '../../domain/shape/arrange.ts';
import type { JobRow } from '../../resources/index.ts';
import type { StoredRun } from '../find.ts';
import { printable } from '../text.ts';
import type { Flow, FlowStep } from '../../domain/model/flow.ts';

type Children = ReadonlyMap<string | undefined, readonly string[]>;

/** @returns undefined for a run that is not a flow, or whose steps cannot be ordered */
export function drawFlow({ spec, status }: Pick<StoredRun, 'spec' | 'status'>): string | undefined {
  const steps = spec.snapshot?.steps;
  const flow = steps && flowOf(steps.map((step): FlowStep => ({ ...step, template: step.template ?? {} })));
  if (!flow || 'problem' in flow) return undefined;
  const rows = new Map((status?.jobs ?? []).map((row) => [row.step, row]));
  return draw(childrenOf(flow), undefined, '', (name) => lineOf(name, flow, rows.get(name))).join('\n');
}

/** The steps below each step; those that wait for no other stand at the top. */
function childrenOf({ order, dependencies }: Flow): Children {
  const depths = new Map<string, number>();
  const children = new Map<string | undefined, string[]>();
  for (const { name } of order) {
    const needed = dependencies.get(name) ?? [];
    const depth = Math.max(0, ...needed.map((other) => (depths.get(other) ?? 0) + 1));
    depths.set(name, depth);
    const parent = needed.filter((other) => depths.get(other) === depth - 1).at(-1);
    children.set(parent, [...(children.get(parent) ?? []), name]);
  }
  return children;
}

/** Recursion is safe: a flow has at most a thousand steps. */
function draw(
  children: Children,
  parent: string | undefined,
  prefix: string,
  line: (name: string) => string,
): readonly string[] {
  const names = children.get(parent) ?? [];
  return names.flatMap((name, index) => {
    const isLast = index === names.length - 1;
    const [branch, deeper] = parent === undefined ? ['', ''] : isLast ? ['└─ ', '   '] : ['├─ ', '│  '];
    return [`${prefix}${branch}${line(name)}`, ...draw(children, name, `${prefix}${deeper}`, line)];
  });
}

function lineOf(
  name: string,
  { dependencies }: Flow,
  { phase = 'Pending', duration, message }: Partial<JobRow> = {},
): string {
  const needed = dependencies.get(name) ?? [];
  const after = needed.length > 1 ? `  (after ${needed.join(', ')})` : '';
  const why = phase === 'Queued' && message !== undefined ? `: ${printable(message)}` : '';
  return `${name}  ${phase}${why}${duration === undefined ? '' : ` ${duration}`}${after}`;
}
