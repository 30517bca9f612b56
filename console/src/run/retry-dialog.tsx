import type { Run, RunDetail } from '../../../controller/src/api/schemas.ts';
import { pathOf } from '../api/client.ts';
import { ActionDialog } from '../components/action-dialog.tsx';
import { useConsole } from '../context.ts';

/** Retries a run that failed or was cancelled. */
export function RetryDialog({
  run: { namespace, name, shape },
  onClose,
}: {
  readonly run: RunDetail;
  readonly onClose: () => void;
}) {
  const { api, router } = useConsole();
  const act = async () => {
    const retry = await api.post<Run>(pathOf('namespaces', namespace, 'runs', name, 'retry'));
    router.go({ view: 'run', namespace, name: retry.name, query: {} });
    return `${retry.name} retries ${name}.`;
  };
  return (
    <ActionDialog title={`Retry ${name}?`} confirm="Retry" onClose={onClose} act={act}>
      <p>A new run uses the same snapshot. {shape === 'Job' ? '' : 'Steps that succeeded do not run again.'}</p>
    </ActionDialog>
  );
}
