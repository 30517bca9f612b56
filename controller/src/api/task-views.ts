/** Tasks as the API shows them. */
import type { CachedTask } from '../cluster/projections.ts';
import { compact } from '../domain/lang/compact.ts';
import { secondsBetween } from '../domain/lang/duration.ts';
import { policyOf } from '../domain/model/execution-policy.ts';
import { isScheduleError, nextTimes, parseSchedule } from '../domain/schedule/cron.ts';
import { velaLabels, type RunSummary as Summary } from '../resources/index.ts';
import type { RunSummary, TaskDetail, TaskView } from './schemas.ts';

const mostTimes = 10;

const none: TaskView['totals'] = { active: 0, queued: 0, succeeded: 0, failed: 0, cancelled: 0, skipped: 0, kept: 0 };

/** A task in a list. */
export function taskView({ metadata, spec, status = {} }: CachedTask): TaskView {
  const { schedule, suspend: suspended = false } = spec;
  return compact({
    uid: metadata.uid,
    namespace: metadata.namespace,
    name: metadata.name,
    application: metadata.labels?.[velaLabels.application],
    component: metadata.labels?.[velaLabels.component],
    phase: status.phase,
    message: status.message,
    suspended,
    schedule: schedule && compact({ crons: schedule.crons, timeZone: schedule.timeZone }),
    nextScheduleTime: suspended ? undefined : status.nextScheduleTime,
    lastSuccessfulTime: status.lastSuccessfulTime,
    totals: { ...none, ...status.totals },
    active: (status.active ?? []).map(summaryOf),
    lastRuns: (status.lastRuns ?? []).map(summaryOf),
  });
}

/** A task with its details. */
export function taskDetail(task: CachedTask, now: Date): TaskDetail {
  return {
    ...taskView(task),
    nextScheduleTimes: scheduledTimes(task, now),
    policy: { ...policyOf(task) },
    conditions: (task.status?.conditions ?? []).map(({ type, status, reason, message, lastTransitionTime }) => ({
      type,
      status,
      reason,
      message,
      lastTransitionTime,
    })),
  };
}

function scheduledTimes({ spec }: CachedTask, now: Date): string[] {
  if (spec.schedule === undefined || spec.suspend === true) return [];
  const schedule = parseSchedule(spec.schedule);
  if (isScheduleError(schedule)) return [];
  return nextTimes(schedule, now, mostTimes).map((time) => time.toISOString());
}

function summaryOf({ name, phase, reason, message, startTime, completionTime }: Summary): RunSummary {
  return compact({
    name,
    phase: phase as RunSummary['phase'],
    reason,
    message,
    startTime,
    completionTime,
    durationSeconds: secondsBetween(startTime, completionTime),
  });
}
