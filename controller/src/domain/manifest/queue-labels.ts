/**
 * How a Job says which of Kueue's queues it waits in.
 */
import { queueLabels, type Snapshot } from '../../resources/index.ts';

/** The labels by which Kueue knows a Job of its own; none for a Job that is in no queue. */
export function queueLabelsOf({ queue }: Partial<Snapshot> = {}): Readonly<Record<string, string>> {
  if (!queue) return {};
  const { name, priorityClass } = queue;
  return {
    [queueLabels.queue]: name,
    ...(priorityClass !== undefined && { [queueLabels.priorityClass]: priorityClass }),
  };
}

export function startsSuspended({ queue }: Partial<Snapshot> = {}): { readonly suspend?: true } {
  return queue ? { suspend: true } : {};
}
