import { lookOf } from '../phase.ts';

/** The shape of a phase; the word stands beside it, or `label` says it to those who do not see the shape. */
export function PhaseIcon({ phase, label }: { readonly phase: string | undefined; readonly label?: string }) {
  const { tone, shape, filled } = lookOf(phase);
  const naming = label === undefined ? { 'aria-hidden': true } : { role: 'img' as const, 'aria-label': label };
  return (
    <svg
      class={`icon tone-${tone} ${filled ? 'filled' : 'line'}`}
      viewBox="0 0 16 16"
      width="14"
      height="14"
      {...naming}
    >
      <path d={shape} fill-rule="evenodd" />
    </svg>
  );
}
