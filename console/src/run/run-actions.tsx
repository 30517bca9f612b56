import { useState } from 'preact/hooks';
import type { Access, RunDetail } from '../../../controller/src/api/schemas.ts';
import { useConsole } from '../context.ts';
import { isFinished } from '../../../controller/src/domain/model/phase.ts';
import { CancelDialog } from './cancel-dialog.tsx';
import { ResumeRunDialog } from './resume-run-dialog.tsx';
import { RetryDialog } from './retry-dialog.tsx';

interface Props {
  readonly run: RunDetail;
  readonly onDone: () => void;
}

const dialogs = { cancel: CancelDialog, resume: ResumeRunDialog, retry: RetryDialog } as const;
type Action = keyof typeof dialogs;
const titles = { cancel: 'Cancel…', resume: 'Resume…', retry: 'Retry…' } as const satisfies Record<Action, string>;

/** The actions that are possible for a run now. */
export function RunActions({ run, onDone }: Props) {
  const may = useConsole().access?.may;
  const [open, setOpen] = useState<Action>();
  const Dialog = open === undefined ? undefined : dialogs[open];
  const close = () => {
    setOpen(undefined);
    onDone();
  };
  return (
    <div class="actions" role="group" aria-label="Actions">
      {actionsOf(run, may).map((action) => (
        <button key={action} type="button" aria-haspopup="dialog" onClick={() => setOpen(action)}>
          {titles[action]}
        </button>
      ))}
      {Dialog === undefined ? null : <Dialog run={run} onClose={close} />}
    </div>
  );
}

function actionsOf(run: RunDetail, may: Access['may'] | undefined): readonly Action[] {
  if (may === undefined) return [];
  if (!isFinished(run.phase))
    return [...(may.cancel ? ['cancel' as const] : []), ...(may.run && isPaused(run) ? ['resume' as const] : [])];
  return may.run && run.phase !== 'Succeeded' && !run.archived ? ['retry'] : [];
}

/** A flow that paused after a failure and waits for a person. */
function isPaused({ reason }: RunDetail): boolean {
  return reason === 'Paused';
}
