import { localTime } from '../format.ts';

/** A time where the browser is, in full. */
export function ClockTime({ time }: { readonly time: string | undefined }) {
  if (time === undefined) return <span class="faint">–</span>;
  return (
    <time class="figures" dateTime={time} title={time}>
      {localTime(time)}
    </time>
  );
}
