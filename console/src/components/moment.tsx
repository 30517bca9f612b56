import { localTime, relative } from '../format.ts';
import { useNow } from '../hooks.ts';

/** A time as people say it; the exact one shows when one points at it. */
export function Moment({ time }: { readonly time: string | undefined }) {
  const now = useNow(10_000);
  if (time === undefined) return <span class="faint">–</span>;
  return (
    <time dateTime={time} title={`${localTime(time)} here, ${time}`}>
      {relative(time, now)}
    </time>
  );
}
