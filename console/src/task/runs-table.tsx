import type { ComponentChildren } from 'preact';
import type { Run } from '../../../controller/src/api/schemas.ts';
import { RunRow } from './run-row.tsx';

interface Props {
  readonly runs: readonly Run[];
  readonly caption: string;
  /** Whether to say whose run each is. */
  readonly task?: boolean;
  /** A first cell, where runs may be chosen. */
  readonly choose?: (run: Run) => ComponentChildren;
}

const columns: readonly (readonly [title: string, width: string])[] = [
  ['Run', ''],
  ['State', ''],
  ['Asked for by', 'middle'],
  ['Started', 'middle'],
  ['Duration', 'number'],
  ['Exit', 'number wide'],
  ['Attempts', 'number wide'],
  ['What happened', 'wide'],
];

/** Runs, one in a row. */
export function RunsTable({ runs, caption, task = false, choose }: Props) {
  return (
    <table class="table">
      <caption class="hidden">{caption}</caption>
      <thead>
        <tr>
          {choose === undefined ? null : (
            <th scope="col">
              <span class="hidden">Compare</span>
            </th>
          )}
          {columns.map(([title, width]) => (
            <th key={title} scope="col" class={width}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <RunRow key={run.uid} run={run} task={task} {...(choose === undefined ? {} : { choice: choose(run) })} />
        ))}
      </tbody>
    </table>
  );
}
