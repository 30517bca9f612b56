import type { RunDetail } from '../../../controller/src/api/schemas.ts';
import { ClockTime } from '../components/clock-time.tsx';
import { Elapsed } from '../components/elapsed.tsx';
import { Empty } from '../components/empty.tsx';
import { Facts, type Fact } from '../components/facts.tsx';
import { Waited } from '../components/waited.tsx';
import { bytes, duration, inWords } from '../format.ts';
import { lookOf } from '../phase.ts';
import { runHref } from '../route.ts';
import { triggerWords } from '../task/run-row.tsx';
import { queuedFrom, queuesOf } from './queue.ts';

/** What is known of a run at one glance. */
export function RunOverview({ run }: { readonly run: RunDetail }) {
  return (
    <div class="columns">
      <section>
        <h2>Run</h2>
        <RunFacts run={run} />
      </section>
      <section>
        <h2>Outputs</h2>
        <Outputs run={run} />
      </section>
      <section>
        <h2>Logs kept</h2>
        <LogParts run={run} />
      </section>
    </div>
  );
}

function RunFacts({ run }: { readonly run: RunDetail }) {
  const {
    namespace,
    trigger,
    phase,
    reason,
    cancelReason,
    retryOf,
    startTime,
    completionTime,
    durationSeconds,
    delaySeconds,
  } = run;
  return (
    <Facts
      facts={[
        ['State', `${lookOf(phase).word}. ${lookOf(phase).meaning}`],
        ['Reason', reason],
        ['Cancelled because', cancelReason],
        ['Asked for by', [triggerWords(run), trigger.value].filter(Boolean).join(', ')],
        ['Due', trigger.scheduledTime === undefined ? undefined : <ClockTime time={trigger.scheduledTime} />],
        ['Asked for', <ClockTime time={run.creationTimestamp} />],
        ...queueFacts(run),
        ['Started', <ClockTime time={startTime} />],
        ['Late by', delaySeconds === undefined ? undefined : duration(delaySeconds)],
        ['Ended', <ClockTime time={completionTime} />],
        [
          'Duration',
          <Elapsed startTime={startTime} completionTime={completionTime} durationSeconds={durationSeconds} />,
        ],
        ['Exit code', run.exitCode],
        ['Attempts', run.attempts],
        ['Retry of', retryOf === undefined ? undefined : <a href={runHref(namespace, retryOf)}>{retryOf}</a>],
        ['Application', run.application],
        ['Component', run.component],
        [
          'On record',
          run.archived ? 'in the archive only' : run.kept ? 'with its Job and pods' : 'without its Job and pods',
        ],
      ]}
    />
  );
}

/** Where it waits, since when and how long; nothing of a run in no queue. */
function queueFacts(run: RunDetail): readonly Fact[] {
  const queues = queuesOf(run);
  if (queues.length === 0) return [];
  const { snapshot, queuedTime } = run;
  const limit = snapshot?.queueTimeoutSeconds;
  const from = queuedFrom(run);
  const waits = run.waitedSeconds !== undefined || queuedTime !== undefined;
  return [
    [queues.length === 1 ? 'Queue' : 'Queues', queues.join(', ')],
    ['Queued', from === undefined ? undefined : <ClockTime time={new Date(from).toISOString()} />],
    [queuedTime === undefined ? 'Waited' : 'Waits', waits ? <Waited of={run} /> : undefined],
    ['Waits at most', limit === undefined ? undefined : duration(limit)],
  ];
}

function Outputs({ run: { outputs } }: { readonly run: RunDetail }) {
  const entries = Object.entries(outputs ?? {});
  if (entries.length === 0) return <p class="faint">None.</p>;
  return <Facts facts={entries.map(([name, value]) => [name, <code class="wrap">{inWords(value)}</code>] as const)} />;
}

function LogParts({ run: { logs } }: { readonly run: RunDetail }) {
  if (logs.length === 0) return <Empty title="This run has no logs." />;
  return (
    <ul class="names">
      {logs.map(({ pod, container, restart, bytes: size, cutBytes, archived }) => (
        <li key={`${pod}/${container}/${restart}`}>
          {pod}/{container}
          {restart > 0 ? `, restart ${restart}` : ''}{' '}
          <span class="faint">
            {[
              size > 0 ? bytes(size) : undefined,
              cutBytes > 0 ? `${bytes(cutBytes)} of the beginning left out` : undefined,
              archived ? 'archived' : undefined,
            ]
              .filter(Boolean)
              .join(', ')}
          </span>
        </li>
      ))}
    </ul>
  );
}
