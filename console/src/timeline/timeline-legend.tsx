import { PhaseLabel } from '../components/phase-label.tsx';

/** What the marks of a timeline mean. */
export function TimelineLegend() {
  return (
    <ul class="legend" aria-label="Legend">
      <li>
        <PhaseLabel phase="Succeeded" />
      </li>
      <li>
        <PhaseLabel phase="Failed" />
      </li>
      <li>
        <PhaseLabel phase="Running" />
      </li>
      <li>
        <svg width="22" height="10" aria-hidden="true" class="tone-waiting timeline">
          <rect class="wait" x="0" y="4" width="22" height="2" />
        </svg>
        due or asked for, not started
      </li>
      <li>
        <svg width="22" height="10" aria-hidden="true" class="tone-waiting timeline">
          <rect class="queue" x="0" y="3" width="22" height="4" />
        </svg>
        in a queue
      </li>
      <li>
        <svg width="10" height="10" aria-hidden="true" class="timeline">
          <path class="next" d="M5 0.5l4 4.5l-4 4.5l-4 -4.5Z" />
        </svg>
        next time of a schedule
      </li>
    </ul>
  );
}
