/** The queue of a Job that Kueue manages, from its labels. */
import { queueLabels } from '../../resources/index.ts';
import type { Fields } from '../../domain/lang/fields.ts';
import { present } from './fields.ts';
import { type Converted } from './work.ts';

/** Whether Kueue suspends and starts it, so that spec.suspend is Kueue's. */
export function isQueued(of: Fields): boolean {
  return typeof of[queueLabels.queue] === 'string';
}

/** @param of labels of a Job, or of a CronJob's jobTemplate */
export function queueOf(of: Fields): Converted {
  const { [queueLabels.queue]: name, [queueLabels.priorityClass]: priorityClass } = of;
  if (isQueued(of)) return { properties: { queue: present({ name, priorityClass }) }, warnings: [] };
  const warnings =
    priorityClass === undefined
      ? []
      : [
          `the label ${queueLabels.priorityClass} is left out, because there is no label ${queueLabels.queue}: write queue.name for the queue`,
        ];
  return { properties: {}, warnings };
}
