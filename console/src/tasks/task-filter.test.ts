import { describe, expect, test } from 'vitest';
import type { TaskView } from '../../../controller/src/api/schemas.ts';
import { countPhases, filterTasks } from './task-filter.ts';

const task = (namespace: string, name: string, rest: Partial<TaskView> = {}): TaskView => ({
  uid: name,
  namespace,
  name,
  suspended: false,
  totals: { active: 0, queued: 0, succeeded: 0, failed: 0, cancelled: 0, skipped: 0, kept: 0 },
  active: [],
  lastRuns: [],
  ...rest,
});
const tasks = [
  task('shop', 'backup', { phase: 'Failed', message: 'OOMKilled' }),
  task('shop', 'report', { suspended: true, phase: 'Succeeded' }),
  task('billing', 'backup', { application: 'Invoices' }),
  task('billing', 'dunning', { phase: 'Running' }),
];
const chosen = (text: string, phase = '') =>
  filterTasks(tasks, { text, phase }).map(({ namespace, name }) => `${namespace}/${name}`);

describe('filtered tasks', () => {
  test.each([
    ['', '', ['shop/backup', 'shop/report', 'billing/backup', 'billing/dunning']],
    ['BACK shop', '', ['shop/backup']],
    ['shop/rep', '', ['shop/report']],
    ['oom', '', ['shop/backup']],
    ['invoices', '', ['billing/backup']],
    ['', 'Suspended', ['shop/report']],
    ['', 'Idle', ['billing/backup']],
    ['billing', 'Running', ['billing/dunning']],
  ])('%j of phase %j', (text, phase, names) => {
    expect(chosen(text, phase)).toEqual(names);
  });

  test('each phase is counted', () => {
    expect([...countPhases(tasks)]).toEqual([
      ['Failed', 1],
      ['Succeeded', 1],
      ['Suspended', 1],
      ['Idle', 1],
      ['Running', 1],
    ]);
  });
});
