/** The schedule of a CronJob or CronWorkflow, as a task has it. */
import { isScheduleError, parseSchedule } from '../../domain/schedule/cron.ts';
import { UsageError } from '../errors.ts';
import type { Fields } from '../../domain/lang/fields.ts';
import { only, without } from './fields.ts';
import type { Converted } from './work.ts';

export interface Times {
  readonly cron: unknown;
  readonly timeZone: unknown;
}

/** Fields of a CronJob that a cron-task has under the same names. */
const ofCronJob = [
  'concurrencyPolicy',
  'failedJobsHistoryLimit',
  'startingDeadlineSeconds',
  'successfulJobsHistoryLimit',
  'suspend',
];

/** What a CronJob says of its runs; a field of its Jobs that stands beside them has no effect in a cluster. */
export function runsOf(fields: Fields): Converted {
  return {
    properties: only(fields, ofCronJob),
    warnings: Object.keys(without(fields, ofCronJob)).map(
      (field) => `spec.${field} is left out: it is not a field of a CronJob; that of its Jobs is in jobTemplate.spec`,
    ),
  };
}

/** Said where nobody names a zone. */
export const inUtc = "times are in UTC, not in the controller manager's zone: write timeZone for another one";

/** A time zone in the schedule itself, which CronJobs had before they had the field timeZone. */
const inSchedule = /^\s*(?:CRON_)?TZ=(\S+)\s+/;

/**
 * With a time zone of its own where the schedule names one.
 * @throws UsageError if a plan would refuse it
 */
export function timesOf(cron: unknown, timeZone: unknown): Times {
  const crons = Array.isArray(cron) ? (cron as readonly unknown[]) : [cron];
  if (crons.length === 0 || crons.some((text) => text === undefined || text === ''))
    throw new UsageError('it has no schedule: write spec.schedule, such as "0 3 * * *"');
  const zoneOf = (text: unknown) => (typeof text === 'string' ? inSchedule.exec(text)?.[1] : undefined) ?? timeZone;
  const zones = [...new Set(crons.map(zoneOf))];
  const [zone] = zones;
  if (zones.length > 1 || (zone !== undefined && timeZone !== undefined && timeZone !== zone))
    throw new UsageError('its schedules name different time zones, and a task has one: split it');
  const plain = crons.map((text) => (typeof text === 'string' ? text.replace(inSchedule, '') : text));
  const times = { cron: Array.isArray(cron) ? plain : plain[0], timeZone: timeZone ?? zone };
  check(plain, times.timeZone);
  return times;
}

function check(crons: readonly unknown[], timeZone: unknown): void {
  const texts = crons.filter((text) => typeof text === 'string');
  if (texts.length < crons.length || texts.some((text) => text.includes('{{'))) return;
  const schedule = parseSchedule({ crons: texts, ...(typeof timeZone === 'string' && { timeZone }) });
  if (isScheduleError(schedule)) throw new UsageError(`${schedule.message}${manual(schedule.message)}`);
}

/** People write such a day where a CronJob shall never start a Job by itself. */
function manual(problem: string): string {
  return problem.includes('never comes')
    ? '; where only people start it, convert its jobTemplate as a Job, and add executionPolicy.trigger: Manual'
    : '';
}
