import type { TaskDetail } from '../../../controller/src/api/schemas.ts';
import { pathOf } from '../api/client.ts';
import { LogView } from '../logs/log-view.tsx';

/** What the newest runs of a task printed, merged by time. */
export function TaskLogs({ task: { namespace, name } }: { readonly task: TaskDetail }) {
  return (
    <LogView
      path={pathOf('namespaces', namespace, 'tasks', name, 'logs')}
      query={{ runs: 50 }}
      live={false}
      source={({ run }) => run}
      label={`Logs of ${name}`}
    />
  );
}
