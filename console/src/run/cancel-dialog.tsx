import { useState } from 'preact/hooks';
import type { RunDetail } from '../../../controller/src/api/schemas.ts';
import { pathOf } from '../api/client.ts';
import { ActionDialog } from '../components/action-dialog.tsx';
import { useConsole } from '../context.ts';

/** Ends a run early. */
export function CancelDialog({
  run: { namespace, name },
  onClose,
}: {
  readonly run: RunDetail;
  readonly onClose: () => void;
}) {
  const { api } = useConsole();
  const [reason, setReason] = useState('');
  const act = async () => {
    await api.post<RunDetail>(
      pathOf('namespaces', namespace, 'runs', name, 'cancel'),
      reason.trim() === '' ? {} : { reason: reason.trim() },
    );
    return `${name} is being cancelled.`;
  };
  return (
    <ActionDialog title={`Cancel ${name}?`} confirm="Cancel the run" danger onClose={onClose} act={act}>
      <p>Its pods are stopped. The run stays on record as Cancelled.</p>
      <label>
        Why (for the record)
        <input
          type="text"
          maxLength={400}
          value={reason}
          onInput={({ currentTarget }) => setReason(currentTarget.value)}
        />
      </label>
    </ActionDialog>
  );
}
