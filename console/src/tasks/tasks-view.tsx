import { useEffect, useMemo } from 'preact/hooks';
import { Empty } from '../components/empty.tsx';
import { Heading } from '../components/heading.tsx';
import { Loaded } from '../components/loaded.tsx';
import { useConsole, useRoute } from '../context.ts';
import { counted } from '../format.ts';
import { useLive } from '../hooks.ts';
import { loadTasks, type Tasks } from './load-tasks.ts';
import { countPhases, filterTasks } from './task-filter.ts';
import { TaskFilters } from './task-filters.tsx';
import { TaskTable } from './task-table.tsx';

/** All tasks of a namespace, or of all. */
export function TasksView({ namespace }: { readonly namespace: string | undefined }) {
  const { api } = useConsole();
  const live = useLive<Tasks>('tasks', (signal, progress) => loadTasks(api, namespace, signal, progress));
  return (
    <>
      <Heading title={namespace === undefined ? 'Tasks' : `Tasks in ${namespace}`} />
      <Loaded live={live} what="tasks">
        {(tasks) => <ChosenTasks tasks={tasks} />}
      </Loaded>
    </>
  );
}

function ChosenTasks({ tasks: { items, total } }: { readonly tasks: Tasks }) {
  const { q: text = '', phase = '' } = useRoute().query;
  const counts = useMemo(() => countPhases(items), [items]);
  const chosen = useMemo(() => filterTasks(items, { text, phase }), [items, text, phase]);
  // For bench/console.ts: how soon somebody sees tasks.
  useEffect(() => void performance.mark('tasks-shown'), [items]);
  if (items.length === 0)
    return (
      <Empty title="There are no tasks here.">
        Deploy an Application with a component of type task, and it appears.
      </Empty>
    );
  return (
    <>
      <div class="bar">
        <TaskFilters counts={counts} />
        <p class="count" role="status">
          {chosen.length === items.length
            ? counted(total, 'task')
            : `${chosen.length.toLocaleString('en-US')} of ${counted(total, 'task')}`}
          {items.length < total ? `, ${items.length.toLocaleString('en-US')} loaded` : ''}
        </p>
      </div>
      {chosen.length === 0 ? <Empty title="No task matches.">Change the filter.</Empty> : <TaskTable tasks={chosen} />}
    </>
  );
}
