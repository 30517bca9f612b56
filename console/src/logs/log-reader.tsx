import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { LogLine } from '../../../controller/src/api/schemas.ts';
import type { Query } from '../api/client.ts';
import { Failure } from '../components/failure.tsx';
import { useConsole } from '../context.ts';
import { counted } from '../format.ts';
import { useChanges } from '../hooks.ts';
import { LogChunk } from './log-chunk.tsx';
import { LogTail } from './log-tail.ts';

interface Props {
  readonly path: string;
  readonly query: Query;
  readonly follow: boolean;
  readonly source: (line: LogLine) => string;
  readonly times: boolean;
  readonly label: string;
  readonly searched: boolean;
}

/** So near to the end, somebody reads the end. */
const nearPixels = 24;

/** Reads a log as long as it is shown, and stays at its end unless somebody scrolls up. */
export function LogReader({ path, query, follow, source, times, label, searched }: Props) {
  const { api } = useConsole();
  const tail = useMemo(
    () =>
      new LogTail(
        (since, signal) =>
          api.lines(path, { ...query, ...(since === undefined ? {} : { since, tail: undefined }) }, signal),
        follow,
      ),
    [],
  );
  useChanges(tail);
  useEffect(() => {
    tail.start();
    return () => tail.stop();
  }, [tail]);
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const { buffer, error, ended } = tail;
  useLayoutEffect(() => {
    if (atEnd.current && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  });
  const scrolled = ({
    currentTarget: { scrollTop, clientHeight, scrollHeight },
  }: {
    readonly currentTarget: HTMLElement;
  }) => {
    atEnd.current = scrollHeight - clientHeight - scrollTop < nearPixels;
  };
  return (
    <>
      {error === undefined ? null : <Failure error={error} retry={() => tail.retry()} />}
      <p class="log-status" role="status">
        {statusOf(tail, follow, searched)}
      </p>
      <div ref={box} class="log" role="log" aria-label={label} aria-live="off" tabIndex={0} onScroll={scrolled}>
        {buffer.lines === 0 && !ended ? <p class="log-line log-remark">waiting for lines</p> : null}
        {buffer.chunks.map((chunk) => (
          <LogChunk key={chunk.id} chunk={chunk} source={source} times={times} />
        ))}
      </div>
    </>
  );
}

function statusOf(tail: LogTail, follow: boolean, searched: boolean): string {
  const {
    buffer: { lines, dropped },
    ended,
    error,
  } = tail;
  const count = `${counted(lines, searched ? 'matching line' : 'line')}`;
  const rest =
    dropped === 0 ? '' : `; ${counted(dropped, 'older line')} dropped, since 10,000 are kept: search to find them`;
  const state =
    error !== undefined
      ? tail.retries
        ? ', the connection broke and is retried'
        : ''
      : ended
        ? ', complete'
        : follow
          ? ', following'
          : ', loading';
  return `${count}${state}${rest}`;
}
