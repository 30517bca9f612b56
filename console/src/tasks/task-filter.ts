import type { TaskView } from '../../../controller/src/api/schemas.ts';

/** Which tasks are shown. */
export interface TaskFilter {
  /** Words that must all be in the namespace, the name, the Application or the message, whatever the case. */
  readonly text: string;
  /** A phase, `Suspended`, or empty for all. */
  readonly phase: string;
}

/** Those that the filter lets through, in their order. */
export function filterTasks(tasks: readonly TaskView[], { text, phase }: TaskFilter): readonly TaskView[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && phase === '') return tasks;
  return tasks.filter((task) => hasPhase(task, phase) && hasWords(task, words));
}

function hasPhase({ phase = 'Idle', suspended }: TaskView, wanted: string): boolean {
  return wanted === '' || (wanted === 'Suspended' ? suspended : phase === wanted);
}

function hasWords({ namespace, name, application = '', message = '' }: TaskView, words: readonly string[]): boolean {
  const text = `${namespace}/${name} ${application} ${message}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** How many tasks there are of each phase, and how many are suspended. */
export function countPhases(tasks: readonly TaskView[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const count = (phase: string) => counts.set(phase, (counts.get(phase) ?? 0) + 1);
  for (const { phase = 'Idle', suspended } of tasks) {
    count(phase);
    if (suspended) count('Suspended');
  }
  return counts;
}
