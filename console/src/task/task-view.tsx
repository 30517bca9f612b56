import type { TaskDetail } from '../../../controller/src/api/schemas.ts';
import { pathOf } from '../api/client.ts';
import { Breadcrumbs } from '../components/breadcrumbs.tsx';
import { Heading } from '../components/heading.tsx';
import { Loaded } from '../components/loaded.tsx';
import { PhaseLabel } from '../components/phase-label.tsx';
import { RunStrip } from '../components/run-strip.tsx';
import { tabOf, Tabs, type Tab } from '../components/tabs.tsx';
import { useConsole, useRoute } from '../context.ts';
import { useLive, type Lively } from '../hooks.ts';
import { hrefOf } from '../route.ts';
import { TaskActions } from './task-actions.tsx';
import { TaskDetails } from './task-details.tsx';
import { TaskLogs } from './task-logs.tsx';
import { TaskRuns } from './task-runs.tsx';
import { TaskTimeline } from './task-timeline.tsx';

const tabs: readonly Tab[] = [
  ['runs', 'Runs'],
  ['timeline', 'Timeline'],
  ['logs', 'Logs'],
  ['details', 'Details'],
];

/** One task. */
export function TaskView({ namespace, name }: { readonly namespace: string; readonly name: string }) {
  const { api } = useConsole();
  const live = useLive('task', (signal) =>
    api.get<TaskDetail>(pathOf('namespaces', namespace, 'tasks', name), {}, signal),
  );
  return (
    <>
      <Breadcrumbs
        links={[
          ['Tasks', hrefOf({ view: 'tasks', query: {} })],
          [namespace, hrefOf({ view: 'tasks', namespace, query: {} })],
        ]}
      />
      <Heading title={name} />
      <Loaded live={live} what="the task">
        {(task) => <KnownTask task={task} live={live} />}
      </Loaded>
    </>
  );
}

function KnownTask({ task, live }: { readonly task: TaskDetail; readonly live: Lively<TaskDetail> }) {
  const tab = tabOf(tabs, useRoute().query['tab']);
  return (
    <>
      <div class="summary">
        <PhaseLabel phase={task.phase} suspended={task.suspended} />
        <RunStrip active={task.active} last={task.lastRuns} />
        <span class="summary-message">{task.message}</span>
        <TaskActions task={task} onDone={live.refresh} />
      </div>
      <Tabs tabs={tabs} label="Parts of the task" />
      {tab === 'runs' ? <TaskRuns task={task} /> : null}
      {tab === 'timeline' ? <TaskTimeline task={task} /> : null}
      {tab === 'logs' ? <TaskLogs task={task} /> : null}
      {tab === 'details' ? <TaskDetails task={task} /> : null}
    </>
  );
}
