import { lookOf } from '../phase.ts';
import { PhaseIcon } from './phase-icon.tsx';

/** A phase as shape, colour and word. */
export function PhaseLabel({
  phase,
  suspended = false,
}: {
  readonly phase: string | undefined;
  readonly suspended?: boolean;
}) {
  const shown = suspended && (phase === undefined || phase !== 'Running') ? 'Suspended' : phase;
  const { word, meaning, tone } = lookOf(shown);
  return (
    <span class={`phase tone-${tone}`} title={meaning}>
      <PhaseIcon phase={shown} />
      <span>{word}</span>
    </span>
  );
}
