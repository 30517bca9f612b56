import { useState } from 'preact/hooks';
import type { Pruned, PruneRequest, TaskDetail } from '../../../controller/src/api/schemas.ts';
import { pathOf } from '../api/client.ts';
import { ActionDialog } from '../components/action-dialog.tsx';
import { useConsole } from '../context.ts';
import { counted } from '../format.ts';

const secondsOfADay = 86_400;
const mostNames = 100;

/** Deletes finished runs, after it has shown which. */
export function PruneDialog({
  task: { namespace, name },
  onClose,
}: {
  readonly task: TaskDetail;
  readonly onClose: () => void;
}) {
  const { api } = useConsole();
  const [keep, setKeep] = useState('10');
  const [days, setDays] = useState('');
  const [shown, setShown] = useState<readonly string[]>();
  const change = (set: (text: string) => void) => (event: { readonly currentTarget: { readonly value: string } }) => {
    set(event.currentTarget.value);
    // What was shown is not what would be deleted now.
    setShown(undefined);
  };
  const prune = (dryRun: boolean) =>
    api.post<Pruned>(pathOf('namespaces', namespace, 'tasks', name, 'prune'), requestOf(keep, days, dryRun));
  const act = async () => {
    if (shown === undefined) {
      setShown((await prune(true)).runs);
      return undefined;
    }
    const { runs } = await prune(false);
    return `${counted(runs.length, 'run')} of ${name} deleted.`;
  };
  const ready = shown !== undefined && shown.length > 0;
  return (
    <ActionDialog
      title={`Prune ${name}`}
      confirm={ready ? `Delete ${counted(shown.length, 'run')}` : 'Show what would be deleted'}
      danger={ready}
      onClose={onClose}
      act={act}
    >
      <p>Deletes finished runs with their Jobs, pods and logs. You see the list before anything is deleted.</p>
      <label>
        Number of newest runs to keep
        <input type="number" min={0} value={keep} onInput={change(setKeep)} />
      </label>
      <label>
        Only runs older than this many days
        <input type="number" min={0} step="any" value={days} onInput={change(setDays)} />
      </label>
      <div role="status">{shown === undefined ? null : <Shown runs={shown} />}</div>
    </ActionDialog>
  );
}

function requestOf(keep: string, days: string, dryRun: boolean): PruneRequest {
  return {
    ...(keep === '' ? {} : { keep: Number(keep) }),
    ...(days === '' ? {} : { olderThanSeconds: Number(days) * secondsOfADay }),
    dryRun,
  };
}

function Shown({ runs }: { readonly runs: readonly string[] }) {
  if (runs.length === 0) return <p>No run would be deleted.</p>;
  return (
    <>
      <p>These would be deleted:</p>
      <ul class="names">
        {runs.slice(0, mostNames).map((run) => (
          <li key={run}>{run}</li>
        ))}
        {runs.length > mostNames ? <li>and {runs.length - mostNames} more</li> : null}
      </ul>
    </>
  );
}
