import { duration } from '../format.ts';
import { useNow } from '../hooks.ts';

interface Timed {
  readonly startTime?: string | undefined;
  readonly completionTime?: string | undefined;
  readonly durationSeconds?: number | undefined;
}

/** How long something took; what still runs grows. */
export function Elapsed({ startTime, completionTime, durationSeconds }: Timed) {
  const now = useNow(1_000);
  if (durationSeconds !== undefined) return <span class="figures">{duration(durationSeconds)}</span>;
  if (startTime === undefined) return <span class="faint">–</span>;
  const end = completionTime === undefined ? now : Date.parse(completionTime);
  return <span class="figures">{duration(Math.floor((end - Date.parse(startTime)) / 1000))}</span>;
}
