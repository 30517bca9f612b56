import { taskHref } from '../route.ts';
import { laneHeight, type Timeline, type TimelineRow } from './geometry.ts';
import { TimelineBar } from './timeline-bar.tsx';

interface Props {
  readonly timeline: Timeline;
  readonly labelWidth: number;
  readonly width: number;
  readonly now: number;
  /** Whether rows say their namespace. */
  readonly namespaces: boolean;
}

const axisHeight = 22;
const pixelsOfALetter = 6.6;

/** The picture of who ran when. */
export function TimelineChart({ timeline, labelWidth, width, now, namespaces }: Props) {
  const { rows, ticks, nowX, height } = timeline;
  const whole = height + axisHeight;
  return (
    <svg class="timeline" width={labelWidth + width} height={whole} role="group" aria-label="Timeline of runs">
      {rows.map((row, index) => (
        <rect
          key={`${row.namespace}/${row.task}`}
          class={index % 2 === 0 ? 'stripe' : 'stripe odd'}
          x={0}
          y={row.y + axisHeight}
          width={labelWidth + width}
          height={row.height}
        />
      ))}
      <g transform={`translate(${labelWidth} 0)`}>
        {ticks.map(({ x, label }) => (
          <g key={x}>
            <line class="grid" x1={x} x2={x} y1={axisHeight - 4} y2={whole} />
            <text class="tick" x={x} y={13} text-anchor={x < 20 ? 'start' : x > width - 20 ? 'end' : 'middle'}>
              {label}
            </text>
          </g>
        ))}
        <line class="now" x1={nowX} x2={nowX} y1={axisHeight - 4} y2={whole} />
      </g>
      {rows.map((row) => (
        <g key={`${row.namespace}/${row.task}`}>
          <RowLabel row={row} width={labelWidth} namespaces={namespaces} />
          <g transform={`translate(${labelWidth} 0)`}>
            {row.bars.map((bar) => (
              <TimelineBar key={bar.run.uid} bar={bar} top={row.y + axisHeight + 7} now={now} />
            ))}
            {row.upcoming.map((x) => (
              <path key={x} class="next" d={`M${x} ${row.y + axisHeight + 7}l4 4.5l-4 4.5l-4 -4.5Z`} />
            ))}
          </g>
        </g>
      ))}
    </svg>
  );
}

function RowLabel({
  row,
  width,
  namespaces,
}: {
  readonly row: TimelineRow;
  readonly width: number;
  readonly namespaces: boolean;
}) {
  const { namespace, task, y } = row;
  const title = namespaces ? `${namespace}/${task}` : task;
  const most = Math.floor((width - 14) / pixelsOfALetter);
  return (
    <a href={taskHref(namespace, task)} class="row-label" aria-label={title}>
      <title>{title}</title>
      <text x={8} y={y + axisHeight + laneHeight + 4}>
        {title.length <= most ? title : `${title.slice(0, most - 1)}…`}
      </text>
    </a>
  );
}
