import type { Run, RunDetail } from '../../../controller/src/api/schemas.ts';
import { pathOf } from '../api/client.ts';
import { ActionDialog } from '../components/action-dialog.tsx';
import { useConsole } from '../context.ts';

/** Runs again what a run did not bring to an end. */
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
    return `${retry.name} takes up what ${name} did not finish.`;
  };
  return (
    <ActionDialog title={`Retry ${name}?`} confirm="Retry" onClose={onClose} act={act}>
      <p>
        A new run does the same work with the same content.{' '}
        {shape === 'Job' ? '' : 'What has succeeded is not done again.'}
      </p>
    </ActionDialog>
  );
}
