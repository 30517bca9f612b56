import { useState } from 'preact/hooks';
import type { TaskDetail } from '../../../controller/src/api/schemas.ts';
import { useConsole } from '../context.ts';
import { PruneDialog } from './prune-dialog.tsx';
import { RunDialog } from './run-dialog.tsx';
import { SuspendDialog } from './suspend-dialog.tsx';

interface Props {
  readonly task: TaskDetail;
  readonly onDone: () => void;
}

const dialogs = { run: RunDialog, suspend: SuspendDialog, prune: PruneDialog } as const;
type Action = keyof typeof dialogs;

/** The actions for a task; only those that the person may do. */
export function TaskActions({ task, onDone }: Props) {
  const may = useConsole().access?.may;
  const [open, setOpen] = useState<Action>();
  const Dialog = open === undefined ? undefined : dialogs[open];
  const titles: Readonly<Record<Action, string>> = {
    run: 'Run…',
    suspend: task.suspended ? 'Resume…' : 'Suspend…',
    prune: 'Prune…',
  };
  const close = () => {
    setOpen(undefined);
    onDone();
  };
  return (
    <div class="actions" role="group" aria-label="Actions">
      {(['run', 'suspend', 'prune'] as const)
        .filter((action) => may?.[action])
        .map((action) => (
          <button key={action} type="button" aria-haspopup="dialog" onClick={() => setOpen(action)}>
            {titles[action]}
          </button>
        ))}
      {Dialog === undefined ? null : <Dialog task={task} onClose={close} />}
    </div>
  );
}
