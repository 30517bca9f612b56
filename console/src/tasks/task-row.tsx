import type { TaskView } from '../../../controller/src/api/schemas.ts';
import { Moment } from '../components/moment.tsx';
import { PhaseLabel } from '../components/phase-label.tsx';
import { RunStrip } from '../components/run-strip.tsx';
import { taskHref } from '../route.ts';

/** All rows are as high, so that those out of view need not be drawn. Equal to --row-height of tokens.css. */
export const taskRowHeight = 46;

/** A task in a row. */
export function TaskRow({ task, index }: { readonly task: TaskView; readonly index: number }) {
  const { namespace, name, phase, suspended, totals, active, lastRuns, message, nextScheduleTime, schedule } = task;
  return (
    <tr aria-rowindex={index + 2}>
      <th scope="row" class="two-lines">
        <a href={taskHref(namespace, name)}>{name}</a>
        <span class="faint">{namespace}</span>
      </th>
      <td>
        <PhaseLabel phase={phase} suspended={suspended} />
      </td>
      <td>
        <RunStrip active={active} last={lastRuns} />
      </td>
      <td class="number wide">
        {totals.active + totals.queued === 0 ? <span class="faint">0</span> : totals.active + totals.queued}
      </td>
      <td class="two-lines middle">
        {schedule === undefined ? (
          <span class="faint">on deployment or by hand</span>
        ) : (
          <span class="figures">{schedule.crons.join(', ')}</span>
        )}
        {nextScheduleTime === undefined ? null : (
          <span class="faint">
            next <Moment time={nextScheduleTime} />
          </span>
        )}
      </td>
      <td class="message wide" title={message}>
        {message}
      </td>
    </tr>
  );
}
