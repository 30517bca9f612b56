import { CompareView } from './compare/compare-view.tsx';
import { Empty } from './components/empty.tsx';
import { Heading } from './components/heading.tsx';
import type { Route } from './route.ts';
import { RunView } from './run/run-view.tsx';
import { TaskView } from './task/task-view.tsx';
import { TasksView } from './tasks/tasks-view.tsx';
import { TimelineView } from './timeline/timeline-view.tsx';

/** What the address asks for. */
export function CurrentView({ route }: { readonly route: Route }) {
  const { view, namespace, name = '' } = route;
  if (view === 'tasks') return <TasksView key={namespace} namespace={namespace} />;
  if (view === 'timeline') return <TimelineView key={namespace} namespace={namespace} />;
  if (namespace !== undefined) {
    if (view === 'task') return <TaskView key={`${namespace}/${name}`} namespace={namespace} name={name} />;
    if (view === 'run') return <RunView key={`${namespace}/${name}`} namespace={namespace} name={name} />;
    if (view === 'compare') return <CompareView namespace={namespace} />;
  }
  return (
    <>
      <Heading title="Not found" />
      <Empty title="This page does not exist.">
        <a href="#/tasks">Go to the tasks</a>
      </Empty>
    </>
  );
}
