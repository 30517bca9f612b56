import type { RunDetail } from '../../../controller/src/api/schemas.ts';
import { pathOf } from '../api/client.ts';
import { Breadcrumbs } from '../components/breadcrumbs.tsx';
import { Heading } from '../components/heading.tsx';
import { Loaded } from '../components/loaded.tsx';
import { PhaseLabel } from '../components/phase-label.tsx';
import { tabOf, Tabs, type Tab } from '../components/tabs.tsx';
import { useConsole, useRoute } from '../context.ts';
import { useLive, type Lively } from '../hooks.ts';
import { hrefOf, taskHref } from '../route.ts';
import { RunActions } from './run-actions.tsx';
import { RunJobs } from './run-jobs.tsx';
import { RunLogs } from './run-logs.tsx';
import { RunOverview } from './run-overview.tsx';
import { RunSnapshot } from './run-snapshot.tsx';

/** One run. */
export function RunView({ namespace, name }: { readonly namespace: string; readonly name: string }) {
  const { api } = useConsole();
  const live = useLive('run', (signal) =>
    api.get<RunDetail>(pathOf('namespaces', namespace, 'runs', name), {}, signal),
  );
  const task = live.value?.task;
  return (
    <>
      <Breadcrumbs
        links={[
          ['Tasks', hrefOf({ view: 'tasks', query: {} })],
          [namespace, hrefOf({ view: 'tasks', namespace, query: {} })],
          ...(task === undefined ? [] : [[task, taskHref(namespace, task)] as const]),
        ]}
      />
      <Heading title={name} />
      <Loaded live={live} what="the run">
        {(run) => <KnownRun run={run} live={live} />}
      </Loaded>
    </>
  );
}

const partsOf = { Job: 'Jobs', Steps: 'Steps', Items: 'Items', Nodes: 'Nodes' } as const;

function KnownRun({ run, live }: { readonly run: RunDetail; readonly live: Lively<RunDetail> }) {
  const tabs: readonly Tab[] = [
    ['overview', 'Overview'],
    ['jobs', partsOf[run.shape]],
    ['logs', 'Logs'],
    ['snapshot', 'Snapshot'],
  ];
  const tab = tabOf(tabs, useRoute().query['tab']);
  return (
    <>
      <div class="summary">
        <PhaseLabel phase={run.phase} />
        <span class="summary-message">{[run.reason, run.message].filter(Boolean).join(': ')}</span>
        <RunActions run={run} onDone={live.refresh} />
      </div>
      <Tabs tabs={tabs} label="Parts of the run" />
      {tab === 'overview' ? <RunOverview run={run} /> : null}
      {tab === 'jobs' ? <RunJobs run={run} /> : null}
      {tab === 'logs' ? <RunLogs run={run} /> : null}
      {tab === 'snapshot' ? <RunSnapshot run={run} /> : null}
    </>
  );
}
