import type { ComponentChildren } from 'preact';
import type { Run } from '../../../controller/src/api/schemas.ts';
import { ClockTime } from '../components/clock-time.tsx';
import { Elapsed } from '../components/elapsed.tsx';
import { PhaseLabel } from '../components/phase-label.tsx';
import { Waited } from '../components/waited.tsx';
import { duration } from '../format.ts';
import { runHref } from '../route.ts';

/** A run in a row. */
export function RunRow({
  run,
  task,
  choice,
}: {
  readonly run: Run;
  readonly task: boolean;
  readonly choice?: ComponentChildren;
}) {
  const { namespace, name, trigger, exitCode, attempts, reason, message, delaySeconds } = run;
  return (
    <tr>
      {choice === undefined ? null : <td class="choice">{choice}</td>}
      <th scope="row" class={task ? 'two-lines' : ''}>
        <a href={runHref(namespace, name)}>{name}</a>
        {task ? <span class="faint">{`${namespace}/${run.task}`}</span> : null}
      </th>
      <td>
        <PhaseLabel phase={run.phase} />
      </td>
      <td class="middle">{triggerWords(run)}</td>
      <td class="middle">
        <ClockTime time={run.startTime} />
        {delaySeconds === undefined || delaySeconds < 1 ? null : (
          <span class="faint"> {duration(delaySeconds)} late</span>
        )}
        <InQueue run={run} />
      </td>
      <td class="number">
        <Elapsed startTime={run.startTime} completionTime={run.completionTime} durationSeconds={run.durationSeconds} />
      </td>
      <td class="number wide">{exitCode ?? <span class="faint">–</span>}</td>
      <td class="number wide">{attempts ?? <span class="faint">–</span>}</td>
      <td class="message wide" title={message ?? trigger.value}>
        {[reason, message].filter(Boolean).join(': ')}
        <Remarks run={run} />
      </td>
    </tr>
  );
}

const triggers = {
  Revision: 'deployment',
  Schedule: 'schedule',
  Manual: 'a person',
  WorkflowStep: 'workflow step',
  Retry: 'retry',
} as const;

/** What asked for a run. */
export function triggerWords({ trigger: { type } }: Pick<Run, 'trigger'>): string {
  return triggers[type];
}

/** How much of the time before the start was spent in a queue. */
function InQueue({ run }: { readonly run: Run }) {
  const { queuedTime, waitedSeconds = 0 } = run;
  if (queuedTime === undefined && waitedSeconds < 1) return null;
  return (
    <span class="faint">
      {' '}
      <Waited of={run} /> in a queue
    </span>
  );
}

function Remarks({ run: { archived, kept } }: { readonly run: Run }) {
  if (archived) return <span class="badge">archived</span>;
  return kept ? <span class="badge">kept</span> : null;
}
