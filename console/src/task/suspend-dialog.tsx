import type { TaskDetail } from '../../../controller/src/api/schemas.ts';
import { pathOf } from '../api/client.ts';
import { ActionDialog } from '../components/action-dialog.tsx';
import { useConsole } from '../context.ts';

/** Stops a task from starting anything, or lets it go on. */
export function SuspendDialog({
  task: { namespace, name, suspended },
  onClose,
}: {
  readonly task: TaskDetail;
  readonly onClose: () => void;
}) {
  const { api } = useConsole();
  const act = async () => {
    await api.post<TaskDetail>(pathOf('namespaces', namespace, 'tasks', name, suspended ? 'resume' : 'suspend'));
    return suspended ? `${name} continues.` : `${name} is suspended.`;
  };
  return (
    <ActionDialog
      title={`${suspended ? 'Resume' : 'Suspend'} ${name}?`}
      confirm={suspended ? 'Resume' : 'Suspend'}
      onClose={onClose}
      act={act}
    >
      <p>
        {suspended
          ? 'Its schedule and its deployments start runs again, and waiting runs may start.'
          : 'No new run starts, neither by schedule nor by deployment. Active runs continue to their end.'}
      </p>
    </ActionDialog>
  );
}
