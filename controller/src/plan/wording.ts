/** Summarizes a component's plan in a sentence. */
import { named } from '../domain/lang/words.ts';
import { policyOf } from '../domain/model/execution-policy.ts';
import type { Task } from '../resources/index.ts';
import type { PrunePlan, RunPlan, TaskPlan } from './document.ts';

export const notATask = 'not a task: KubeVela applies it';
export const template = 'a template: it runs nothing by itself';
export const removed = 'no longer in the Application: KubeVela deletes its Task, with all runs and Jobs';

/** Further names are only counted. */
const mostNames = 5;

/** @param changed whether there is a new revision */
export function sentenceOf(plan: TaskPlan, task: Task, changed: boolean): string {
  const runs = plan.runs.length === 0 ? [whyNone(task, changed)] : plan.runs.map(runSentence);
  const keeps = plan.keeps.length === 0 ? [] : [`keeps ${names(plan.keeps)}`];
  return [...runs, ...scheduleSentence(plan), ...prunesSentence(plan.prunes), ...keeps].join('; ');
}

function whyNone(task: Task, changed: boolean): string {
  const { trigger, unique } = policyOf(task);
  if (!changed) return 'no new run: there is no new revision';
  if (trigger === 'Manual') return 'no deployment starts a run (trigger: Manual)';
  return `no new run: the content of runs did not change (${trigger === 'Change' ? 'trigger: Change' : `unique: ${unique}`})`;
}

function runSentence({ name, nameIsExact, decision, message, replaces, jobs }: RunPlan): string {
  const called = nameIsExact ? name : `${name} (or similar)`;
  const because = message === undefined ? '' : `: ${message}`;
  switch (decision) {
    case 'Starts':
      return `${called} starts${jobsClause(jobs)}${queueClause(jobs)}${replaces.length === 0 ? '' : `, replacing ${names(replaces)}`}`;
    case 'Queued':
      return `${called} is queued${because}`;
    case 'Held':
      return `${called} waits${because}`;
    case 'Skipped':
      return `${called} is skipped${because}`;
    case 'Fails':
      return `${called} fails${because}`;
    case 'Cancelled':
      return `${called} is cancelled${because}`;
  }
}

function jobsClause(jobs: RunPlan['jobs']): string {
  if (jobs.length <= 1) return '';
  const now = jobs.filter(({ starts }) => starts === 'Now').length;
  return ` with ${now} of ${jobs.length} Jobs`;
}

function queueClause(jobs: RunPlan['jobs']): string {
  const queues = [...new Set(jobs.flatMap(({ queue }) => queue?.name ?? []))];
  if (queues.length === 0) return '';
  const waiting = jobs.filter(({ queue }) => queue !== undefined).length;
  const all = jobs.length === 1 ? 'its Job' : 'each';
  const [which, it] = waiting === jobs.length ? [all, 'it'] : [`${waiting} of them`, waiting === 1 ? 'it' : 'them'];
  return `, ${which} suspended in queue ${names(queues)} until Kueue admits ${it}`;
}

function scheduleSentence({ schedule, suspend }: TaskPlan): readonly string[] {
  if (!schedule) return [];
  if (suspend) return ['suspended: schedule times pass without a run'];
  return schedule.nextTimes.length === 0
    ? ['its schedule has no future times']
    : [`by schedule at ${schedule.nextTimes.join(', ')}`];
}

function prunesSentence(prunes: readonly PrunePlan[]): readonly string[] {
  return (['Now', 'Later'] as const).flatMap((when) => {
    const of = prunes.filter((prune) => prune.when === when);
    if (of.length === 0) return [];
    const because = [...new Set(of.map((prune) => prune.because))];
    return [
      `${when === 'Now' ? 'deletes' : 'once it has succeeded, deletes'} ${names([...new Set(of.map(({ run }) => run))])} (${names(because)})`,
    ];
  });
}

function names(all: readonly string[]): string {
  return named(all, mostNames);
}
