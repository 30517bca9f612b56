import { duration, localTime } from '../format.ts';
import { lookOf } from '../phase.ts';
import { runHref } from '../route.ts';
import { waitedSeconds } from '../run/queue.ts';
import { laneHeight, type Bar } from './geometry.ts';

const barHeight = laneHeight - 3;

/** A run on the timeline. The keyboard reaches the same runs in the table below the picture. */
export function TimelineBar({ bar, top, now }: { readonly bar: Bar; readonly top: number; readonly now: number }) {
  const { run, x, width, lane, open, wait, queue } = bar;
  const y = top + lane * laneHeight;
  const { tone } = lookOf(run.phase);
  return (
    <a href={runHref(run.namespace, run.name)} class={`bar-link tone-${tone}`} tabIndex={-1} aria-label={run.name}>
      <title>{sentenceOf(bar, now)}</title>
      {wait === undefined ? null : (
        <rect class="wait" x={wait.x} y={y + barHeight / 2 - 1} width={wait.width} height={2} />
      )}
      {queue === undefined ? null : (
        <rect class="queue" x={queue.x} y={y + barHeight / 2 - 2} width={queue.width} height={4} />
      )}
      <rect class={open ? 'run open' : 'run'} x={x} y={y} width={width} height={barHeight} rx={1.5} />
      {run.phase === 'Failed' ? (
        <path
          class="cross"
          d={`M${x} ${y}L${x + Math.min(width, barHeight)} ${y + barHeight}M${x} ${y + barHeight}L${x + Math.min(width, barHeight)} ${y}`}
        />
      ) : null}
    </a>
  );
}

/** Everything that the picture says of a run. */
function sentenceOf({ run, open }: Bar, now: number): string {
  const { name, phase, reason, startTime, durationSeconds } = run;
  const ran = durationSeconds ?? (open && startTime !== undefined ? (now - Date.parse(startTime)) / 1000 : undefined);
  const parts = [
    name,
    reason === undefined ? lookOf(phase).word : `${lookOf(phase).word}: ${reason}`,
    startTime === undefined ? undefined : `started ${localTime(startTime)}`,
    ran === undefined ? undefined : `${open ? 'for' : 'took'} ${duration(Math.floor(ran))}`,
    longer(run.delaySeconds, 'late'),
    longer(waitedSeconds(run, now), 'in a queue'),
  ];
  return parts.filter((part) => part !== undefined).join('\n');
}

/** Less than a second is not worth a line. */
function longer(seconds = 0, words: string): string | undefined {
  return seconds < 1 ? undefined : `${duration(seconds)} ${words}`;
}
