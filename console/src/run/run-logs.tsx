import type { LogLine, RunDetail } from '../../../controller/src/api/schemas.ts';
import { pathOf } from '../api/client.ts';
import { LogView } from '../logs/log-view.tsx';
import { isFinished } from '../../../controller/src/domain/model/phase.ts';

/** What the pods of a run printed, and print. */
export function RunLogs({ run: { namespace, name, phase, logs } }: { readonly run: RunDetail }) {
  const several = new Set(logs.map(({ container }) => container)).size > 1;
  const source = ({ pod, container }: LogLine) =>
    pod === '' ? '' : several ? `${shortPod(pod, name)}/${container}` : shortPod(pod, name);
  return (
    <LogView
      path={pathOf('namespaces', namespace, 'runs', name, 'logs')}
      query={{}}
      live={!isFinished(phase)}
      source={source}
      label={`Logs of ${name}`}
    />
  );
}

/** Pods begin with the run's name, which everybody knows here. */
function shortPod(pod: string, run: string): string {
  return pod.startsWith(`${run}-`) ? pod.slice(run.length + 1) : pod;
}
