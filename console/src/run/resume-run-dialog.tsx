import type { RunDetail } from '../../../controller/src/api/schemas.ts';
import { pathOf } from '../api/client.ts';
import { ActionDialog } from '../components/action-dialog.tsx';
import { useConsole } from '../context.ts';

/** Continues a flow that paused after a failure. */
export function ResumeRunDialog({
  run: { namespace, name },
  onClose,
}: {
  readonly run: RunDetail;
  readonly onClose: () => void;
}) {
  const { api } = useConsole();
  const act = async () => {
    await api.post<RunDetail>(pathOf('namespaces', namespace, 'runs', name, 'resume'));
    return `${name} continues.`;
  };
  return (
    <ActionDialog title={`Resume ${name}?`} confirm="Resume" onClose={onClose} act={act}>
      <p>It paused after a failure, and continues from there.</p>
    </ActionDialog>
  );
}
