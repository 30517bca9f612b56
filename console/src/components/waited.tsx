import type { Run } from '../../../controller/src/api/schemas.ts';
import { duration } from '../format.ts';
import { useNow } from '../hooks.ts';
import { waitedSeconds } from '../run/queue.ts';

/** How long something waited in a queue; what still waits grows. */
export function Waited({ of }: { readonly of: Pick<Run, 'queuedTime' | 'waitedSeconds'> }) {
  const seconds = waitedSeconds(of, useNow(1_000));
  return seconds === undefined ? <span class="faint">–</span> : <span class="figures">{duration(seconds)}</span>;
}
