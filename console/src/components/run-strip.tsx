import type { RunSummary } from '../../../controller/src/api/schemas.ts';
import { duration } from '../format.ts';
import { lookOf } from '../phase.ts';
import { PhaseIcon } from './phase-icon.tsx';

const most = 10;

/** The latest runs as a strip of marks, the newest at the right. */
export function RunStrip({
  active,
  last,
}: {
  readonly active: readonly RunSummary[];
  readonly last: readonly RunSummary[];
}) {
  const names = new Set(active.map(({ name }) => name));
  const runs = [...active, ...last.filter(({ name }) => !names.has(name))].slice(0, most).reverse();
  if (runs.length === 0) return <span class="faint">no runs</span>;
  return (
    <span class="strip" role="img" aria-label={summaryOf(runs)}>
      {runs.map((run) => (
        <span key={run.name} title={titleOf(run)}>
          <PhaseIcon phase={run.phase} />
        </span>
      ))}
    </span>
  );
}

function titleOf({ name, phase, reason, durationSeconds }: RunSummary): string {
  return [name, lookOf(phase).word, reason, durationSeconds === undefined ? undefined : duration(durationSeconds)]
    .filter(Boolean)
    .join(' · ');
}

/** Newest first, as people ask for it: "2 Succeeded, 1 Failed". */
function summaryOf(runs: readonly RunSummary[]): string {
  const counts = new Map<string, number>();
  for (const { phase } of runs) counts.set(phase, (counts.get(phase) ?? 0) + 1);
  return `Latest runs: ${[...counts].map(([phase, count]) => `${count} ${lookOf(phase).word}`).join(', ')}`;
}
