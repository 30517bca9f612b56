import type { TaskPhase } from '../../controller/src/domain/model/phase.ts';

/** How a phase looks: colour, shape and word, so that none of them is needed alone. */
export interface PhaseLook {
  /** A class of phases.css, which sets the colour. */
  readonly tone: 'good' | 'bad' | 'busy' | 'waiting' | 'ended' | 'idle';
  readonly word: string;
  /** What it means, in a sentence. */
  readonly meaning: string;
  /** A path in a box of 16 by 16. */
  readonly shape: string;
  /** Whether the shape is filled, else it is a line. */
  readonly filled: boolean;
}

const ring = 'M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2';

/** The one place that says how each phase looks, of tasks, runs, steps, items and nodes. */
const looks = {
  Succeeded: {
    tone: 'good',
    word: 'Succeeded',
    meaning: 'It completed successfully.',
    filled: true,
    shape: 'M8 1a7 7 0 1 0 0 14A7 7 0 1 0 8 1M4.2 8.2 5.5 6.9 7.1 8.5 10.6 5 11.9 6.3 7.1 11.1Z',
  },
  Failed: {
    tone: 'bad',
    word: 'Failed',
    meaning: 'It ended without success.',
    filled: true,
    shape:
      'M5 1H11L15 5V11L11 15H5L1 11V5ZM5 6.2 6.8 8 5 9.8 6.2 11 8 9.2 9.8 11 11 9.8 9.2 8 11 6.2 9.8 5 8 6.8 6.2 5Z',
  },
  Running: { tone: 'busy', word: 'Running', meaning: 'It runs now.', filled: true, shape: 'M3 1.5 14 8 3 14.5Z' },
  Queued: {
    tone: 'waiting',
    word: 'Queued',
    meaning: 'It waits for its turn, or in a queue.',
    filled: false,
    shape: 'M2 4H14M2 8H14M2 12H9',
  },
  Pending: {
    tone: 'waiting',
    word: 'Pending',
    meaning: 'It was requested; nothing runs yet.',
    filled: false,
    shape: `${ring}M8 4.5V8L10.5 9.5`,
  },
  Cancelled: {
    tone: 'ended',
    word: 'Cancelled',
    meaning: 'Somebody, or a policy, ended it.',
    filled: false,
    shape: `${ring}M3.8 12.2 12.2 3.8`,
  },
  Skipped: {
    tone: 'ended',
    word: 'Skipped',
    meaning: 'It was requested and did not run.',
    filled: false,
    shape: 'M3 3 8 8 3 13M8 3 13 8 8 13',
  },
  Idle: { tone: 'idle', word: 'Idle', meaning: 'Nothing was requested.', filled: false, shape: 'M4 8H12' },
  Suspended: {
    tone: 'waiting',
    word: 'Suspended',
    meaning: 'It starts nothing until it is resumed.',
    filled: true,
    shape: 'M3 2H6.5V14H3ZM9.5 2H13V14H9.5Z',
  },
} as const satisfies Record<TaskPhase | 'Suspended', PhaseLook>;

/** How a phase looks; an unknown phase of a newer controller is shown by its name. */
export function lookOf(phase: string | undefined): PhaseLook {
  const known: Readonly<Record<string, PhaseLook>> = looks;
  return known[phase ?? 'Idle'] ?? { ...looks.Pending, word: phase ?? '' };
}
