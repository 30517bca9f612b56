import { useState } from 'preact/hooks';
import type { RunDetail, RunJob } from '../../../controller/src/api/schemas.ts';
import { ClockTime } from '../components/clock-time.tsx';
import { Elapsed } from '../components/elapsed.tsx';
import { PhaseLabel } from '../components/phase-label.tsx';
import { Waited } from '../components/waited.tsx';
import { counted, inWords } from '../format.ts';
import { queueOf, queuesOf } from './queue.ts';

const rowsAtOnce = 200;
const subjects = { Job: 'Job', Steps: 'Step', Items: 'Item', Nodes: 'Node' } as const;

/** The Jobs of a run with what became of them; those that failed come first. */
export function JobsTable({ run }: { readonly run: RunDetail }) {
  const { jobs, shape, name, snapshot } = run;
  const queued = queuesOf(run).length > 0;
  const [most, setMost] = useState(rowsAtOnce);
  const sorted =
    shape === 'Steps' ? jobs : [...jobs].sort((a, b) => Number(b.phase === 'Failed') - Number(a.phase === 'Failed'));
  return (
    <>
      <table class="table">
        <caption class="hidden">{`${subjects[shape]}s of ${name}`}</caption>
        <thead>
          <tr>
            <th scope="col">{subjects[shape]}</th>
            <th scope="col">State</th>
            {queued ? (
              <th scope="col" class="middle">
                Waited
              </th>
            ) : null}
            <th scope="col" class="middle">
              Started
            </th>
            <th scope="col" class="number">
              Duration
            </th>
            <th scope="col" class="number wide">
              Exit
            </th>
            <th scope="col" class="wide">
              What happened
            </th>
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, most).map((job, index) => (
            <JobRow
              key={job.name ?? index}
              job={job}
              {...(queued ? { queue: queueOf(job, snapshot)?.name ?? '' } : {})}
            />
          ))}
        </tbody>
      </table>
      {jobs.length > most ? (
        <button type="button" onClick={() => setMost(most + rowsAtOnce)}>
          {`Show more of ${counted(jobs.length, 'row')}`}
        </button>
      ) : null}
    </>
  );
}

/** @param queue the queue's name, where the table says what was waited */
function JobRow({ job, queue }: { readonly job: RunJob; readonly queue?: string }) {
  const { phase, startTime, completionTime, exitCode, reason, message, attempt } = job;
  return (
    <tr>
      <th scope="row" class="two-lines">
        <span>
          {subjectOf(job)}
          {attempt !== undefined && attempt > 1 ? <span class="faint"> attempt {attempt}</span> : null}
        </span>
        {job.name === undefined || job.name === subjectOf(job) ? null : <span class="faint">{job.name}</span>}
      </th>
      <td>
        <PhaseLabel phase={phase ?? 'Pending'} />
      </td>
      {queue === undefined ? null : (
        <td class="middle">
          <Waited of={job} /> <span class="faint">{queue}</span>
        </td>
      )}
      <td class="middle">
        <ClockTime time={startTime} />
      </td>
      <td class="number">{job.duration ?? <Elapsed startTime={startTime} completionTime={completionTime} />}</td>
      <td class="number wide">{exitCode ?? <span class="faint">–</span>}</td>
      <td class="message wide" title={message}>
        {[reason, message].filter(Boolean).join(': ')}
      </td>
    </tr>
  );
}

/** What a Job is for: a step, a node, an item, else itself. */
function subjectOf({ step, node, item, name }: RunJob): string {
  return step ?? node ?? (item === undefined ? (name ?? '–') : inWords(item));
}
