import type { ComponentChildren } from 'preact';
import type { RunDetail } from '../../../controller/src/api/schemas.ts';
import { ClockTime } from '../components/clock-time.tsx';
import { Elapsed } from '../components/elapsed.tsx';
import { PhaseLabel } from '../components/phase-label.tsx';
import { Waited } from '../components/waited.tsx';
import { duration } from '../format.ts';
import { runHref } from '../route.ts';
import { triggerWords } from '../task/run-row.tsx';

const rows: readonly (readonly [title: string, cell: (run: RunDetail) => ComponentChildren])[] = [
  ['Task', ({ task }) => task],
  ['State', ({ phase }) => <PhaseLabel phase={phase} />],
  ['Reason', ({ reason }) => reason ?? '–'],
  ['Message', ({ message }) => <span class="wrap">{message ?? '–'}</span>],
  ['Asked for by', triggerWords],
  ['Started', ({ startTime }) => <ClockTime time={startTime} />],
  [
    'Duration',
    ({ startTime, completionTime, durationSeconds }) => (
      <Elapsed startTime={startTime} completionTime={completionTime} durationSeconds={durationSeconds} />
    ),
  ],
  ['Late by', ({ delaySeconds }) => (delaySeconds === undefined ? '–' : duration(delaySeconds))],
  ['Waited in a queue', (run) => <Waited of={run} />],
  ['Exit code', ({ exitCode }) => exitCode ?? '–'],
  ['Attempts', ({ attempts }) => attempts ?? '–'],
];

/** What became of two runs, side by side. */
export function CompareFacts({ before, after }: { readonly before: RunDetail; readonly after: RunDetail }) {
  return (
    <section>
      <h2>How they ended</h2>
      {before.durationSeconds === undefined || after.durationSeconds === undefined ? null : (
        <p>{sentenceOf(before, after.durationSeconds - before.durationSeconds)}</p>
      )}
      <table class="table compare">
        <caption class="hidden">Both runs side by side</caption>
        <thead>
          <tr>
            <td />
            {[before, after].map(({ namespace, name }, index) => (
              <th key={index} scope="col">
                <a href={runHref(namespace, name)}>{name}</a>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([title, cell]) => (
            <tr key={title}>
              <th scope="row">{title}</th>
              <td>{cell(before)}</td>
              <td>{cell(after)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function sentenceOf({ name }: RunDetail, seconds: number): string {
  if (Math.abs(seconds) < 0.05) return 'Both took the same time.';
  return `The second took ${duration(Math.abs(seconds))} ${seconds > 0 ? 'longer' : 'less'} than ${name}.`;
}
