import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { patientReasons, queuedReasons } from '../../controller/src/domain/model/reasons.ts';
import { describeMetrics, metricsPage } from '../../scripts/metrics-page.ts';

const repository = new URL('../../', import.meta.url);
const read = (file: string) => readFile(new URL(file, repository), 'utf8');

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string; description: string; runbook_url: string };
}
interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string; legendFormat: string }[];
}
interface Dashboard {
  uid: string;
  panels: Panel[];
  templating: { list: { name: string; definition?: string }[] };
}

const { groups } = parse(await read('observability/task-runs.rules.yaml')) as {
  groups: { name: string; rules: Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(await read('observability/grafana-dashboard.json')) as Dashboard;
const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, legendFormat }) => ({ title, expr, legendFormat })),
);

/** Labels that Prometheus gives to all that it scrapes. */
const ofTarget = ['instance', 'job'];

/** The labels of each series that there is, by its name. */
const series = new Map<string, readonly string[]>();
for (const { name, type, labels } of describeMetrics()) {
  if (type !== 'histogram') series.set(name, labels);
  else
    for (const suffix of ['_bucket', '_sum', '_count'])
      series.set(`${name}${suffix}`, suffix === '_bucket' ? [...labels, 'le'] : labels);
}

interface Named {
  readonly errors: number;
  readonly metrics: readonly { readonly name: string; readonly labels: readonly string[] }[];
  /** What it groups by or matches on. */
  readonly grouping: readonly string[];
}

/** What an expression names. Grafana's own variables are filled in before. */
function named(expression: string): Named {
  const text = expression.replaceAll('$__rate_interval', '5m').replaceAll('$namespace', '.*');
  const metrics: { name: string; labels: string[] }[] = [];
  const grouping: string[] = [];
  let errors = 0;
  parser.parse(text).iterate({
    enter: ({ type, from, to, node }) => {
      const word = text.slice(from, to);
      if (type.isError) errors += 1;
      else if (type.name === 'VectorSelector') metrics.push({ name: '', labels: [] });
      else if (type.name === 'Identifier') Object.assign(metrics.at(-1) ?? {}, { name: word });
      else if (type.name === 'LabelName' && node.parent?.name === 'GroupingLabels') grouping.push(word);
      else if (type.name === 'LabelName') metrics.at(-1)?.labels.push(word);
    },
  });
  return { errors, metrics, grouping };
}

/** What is wrong with an expression, in words. */
function problems(expression: string): string[] {
  const { errors, metrics, grouping } = named(expression);
  const all = metrics.flatMap(({ name }) => [...(series.get(name) ?? []), ...ofTarget]);
  return [
    ...(errors > 0 ? ['it does not parse'] : []),
    ...(metrics.length === 0 ? ['it names no metric'] : []),
    ...metrics.flatMap(({ name, labels }) => {
      const known = series.get(name);
      return known
        ? labels
            .filter((label) => ![...known, ...ofTarget].includes(label))
            .map((label) => `${name} has no label ${label}`)
        : [`there is no metric ${name}`];
    }),
    ...grouping.filter((label) => !all.includes(label)).map((label) => `no metric of it has a label ${label}`),
  ];
}

/** The labels that a text such as "{{ $labels.queue }}" or a legend names. */
const placeholders = (text: string) =>
  [...text.matchAll(/\{\{\s*(?:\$labels\.)?([a-z_]+)\s*\}\}/g)].map(([, label]) => label);

describe('what checks expressions', () => {
  it.each([
    ['sum(rate(task_runs_leader[5m])', ['it does not parse']],
    ['sum(task_runs_leaders)', ['there is no metric task_runs_leaders']],
    ['task_runs_leader{queue="tasks"}', ['task_runs_leader has no label queue']],
    ['sum by (queue) (task_runs_leader)', ['no metric of it has a label queue']],
    ['1 + 1', ['it names no metric']],
  ])('sees what is wrong with %s', (expression, expected) => expect(problems(expression)).toEqual(expected));
});

describe('the alerts', () => {
  it.each(rules)('$alert can be evaluated', ({ expr, annotations }) => {
    expect(problems(expr)).toEqual([]);
    for (const label of placeholders(Object.values(annotations).join(' ')))
      expect(named(expr).grouping).toContain(label);
  });

  it('each say what is wrong, how bad, and where to read on', async () => {
    const headings = [...(await read('docs/operations/runbooks.md')).matchAll(/^## (\w+)$/gm)].map(
      ([, heading]) => heading,
    );
    expect(headings).toEqual(rules.map(({ alert }) => alert));
    for (const { alert, for: wait, labels, annotations } of rules) {
      expect(alert).toMatch(/^TaskRun/);
      expect(wait ?? '0m').toMatch(/^\d+[smh]$/);
      expect(['info', 'warning', 'critical']).toContain(labels.severity);
      expect(annotations.summary.length).toBeLessThan(80);
      expect(annotations.description).toMatch(/\.$/);
      expect(annotations.runbook_url).toBe(
        `https://docs.example.com/task-runs/operations/runbooks#${alert.toLowerCase()}`,
      );
    }
  });

  it('call a queue blocked for just the reasons that stall a Task', () => {
    const { expr } = rules.find(({ alert }) => alert === 'TaskRunsQueueBlocked') ?? { expr: '' };
    const [, pattern = ''] = /reason!~"([^"]+)"/.exec(expr) ?? [];
    const inOrder = [...queuedReasons].filter((reason) => new RegExp(`^(?:${pattern})$`).test(reason));
    expect(inOrder).toEqual([...queuedReasons].filter((reason) => patientReasons.has(reason)));
  });

  const promtool = spawnSync('promtool', ['--version']).error === undefined;
  it.runIf(promtool)('are what promtool takes', () => {
    const { status, stderr } = spawnSync(
      'promtool',
      ['check', 'rules', fileURLToPath(new URL('observability/task-runs.rules.yaml', repository))],
      { encoding: 'utf8' },
    );
    expect({ status, stderr }).toMatchObject({ status: 0 });
  });
});

describe('the dashboard', () => {
  it.each(queries)('can show $title: $expr', ({ expr, legendFormat }) => {
    expect(problems(expr)).toEqual([]);
    for (const label of placeholders(legendFormat)) expect([...named(expr).grouping, ...ofTarget]).toContain(label);
  });

  it('lays its panels out without overlap', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    for (const { gridPos } of dashboard.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  });

  it('asks for each of its variables what there is', () => {
    const [, metric = '', label = ''] =
      /^label_values\((\w+), (\w+)\)$/.exec(
        dashboard.templating.list.find(({ name }) => name === 'namespace')?.definition ?? '',
      ) ?? [];
    expect(series.get(metric)).toContain(label);
  });
});

it('has a table of all metrics that is up to date', async () => {
  const { target, text } = metricsPage();
  expect(await read(target), 'run `npm run generate` and commit the result').toBe(text);
});
