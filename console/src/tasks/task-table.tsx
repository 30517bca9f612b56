import type { TaskView } from '../../../controller/src/api/schemas.ts';
import { TaskRow, taskRowHeight } from './task-row.tsx';
import { useRowWindow } from './use-row-window.ts';

const columns: readonly (readonly [title: string, width: string])[] = [
  ['Task', ''],
  ['State', ''],
  ['Latest runs', ''],
  ['Active', 'number wide'],
  ['Schedule', 'middle'],
  ['Message', 'wide'],
];

/** The tasks, of which those in view are drawn. */
export function TaskTable({ tasks }: { readonly tasks: readonly TaskView[] }) {
  const [body, { first, end, before, after }] = useRowWindow(tasks.length, taskRowHeight);
  return (
    <table class="table tasks" aria-rowcount={tasks.length + 1}>
      <caption class="hidden">Tasks with their state, latest runs and schedule</caption>
      <thead>
        <tr aria-rowindex={1}>
          {columns.map(([title, width]) => (
            <th key={title} scope="col" class={width}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={body}>
        <Space height={before} />
        {tasks.slice(first, end).map((task, index) => (
          <TaskRow key={task.uid} task={task} index={first + index} />
        ))}
        <Space height={after} />
      </tbody>
    </table>
  );
}

/**
 * Stands for the rows that are not drawn. Preact sets the height on the element, which the content security policy
 * allows.
 */
function Space({ height }: { readonly height: number }) {
  return height === 0 ? null : (
    <tr aria-hidden="true" class="space">
      <td colSpan={columns.length} style={{ height: `${height}px` }} />
    </tr>
  );
}
