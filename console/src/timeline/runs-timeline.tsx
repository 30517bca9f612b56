import { useEffect, useState } from 'preact/hooks';
import type { Run } from '../../../controller/src/api/schemas.ts';
import { Empty } from '../components/empty.tsx';
import { counted } from '../format.ts';
import { useNow, useWidth } from '../hooks.ts';
import { RunsTable } from '../task/runs-table.tsx';
import { timelineOf, type Upcoming } from './geometry.ts';
import type { LoadedRuns } from './load-runs.ts';
import type { Range } from './range.ts';
import { TimelineChart } from './timeline-chart.tsx';
import { TimelineLegend } from './timeline-legend.tsx';

interface Props {
  readonly loaded: LoadedRuns;
  readonly upcoming: readonly Upcoming[];
  readonly range: Range;
  readonly namespaces: boolean;
}

const rowsAtOnce = 60;
const tableRows = 100;
/** What lies ahead has an eighth of the picture. */
const aheadShare = 1 / 8;

/** Runs on a timeline as wide as there is room, and the same runs as a table. */
export function RunsTimeline({ loaded: { runs, cut }, upcoming, range, namespaces }: Props) {
  const [measure, width] = useWidth<HTMLDivElement>();
  const now = useNow(range.redrawMs);
  const [most, setMost] = useState(rowsAtOnce);
  const labelWidth = Math.min(namespaces ? 240 : 180, Math.floor(width * 0.34));
  const chart = Math.max(60, width - labelWidth - 8);
  const zoneMs = -new Date(now).getTimezoneOffset() * 60_000;
  const whole = timelineOf({
    runs,
    upcoming,
    from: now - range.ms,
    to: now + range.ms * aheadShare,
    now,
    width: chart,
    zoneMs,
  });
  const rows = whole.rows.slice(0, most);
  const last = rows.at(-1);
  const timeline = { ...whole, rows, height: last === undefined ? 0 : last.y + last.height };
  // For bench/console.ts: how soon somebody sees runs.
  useEffect(() => void (width > 0 && performance.mark('timeline-shown')), [runs, width]);
  return (
    <>
      <div ref={measure} class="chart">
        {width === 0 ? null : rows.length === 0 ? (
          <Empty title="Nothing ran in this time.">Choose a longer range.</Empty>
        ) : (
          <TimelineChart timeline={timeline} labelWidth={labelWidth} width={chart} now={now} namespaces={namespaces} />
        )}
      </div>
      {rows.length < whole.rows.length ? (
        <button type="button" onClick={() => setMost(most + rowsAtOnce)}>
          {`Show more of ${counted(whole.rows.length, 'task')}`}
        </button>
      ) : null}
      <TimelineLegend />
      {cut ? (
        <p class="remark">
          The newest {runs.length.toLocaleString('en-US')} runs are shown: there are more in this time. Choose a
          namespace or a shorter range.
        </p>
      ) : null}
      <SameAsTable runs={runs} />
    </>
  );
}

/** For the keyboard, for screen readers, and for who wants figures. It is drawn once somebody opens it. */
function SameAsTable({ runs }: { readonly runs: readonly Run[] }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>The same as a table</summary>
      {open ? (
        <RunsTable
          runs={runs.slice(0, tableRows)}
          caption={`The newest ${counted(Math.min(tableRows, runs.length), 'run')} of the timeline`}
          task
        />
      ) : null}
    </details>
  );
}
