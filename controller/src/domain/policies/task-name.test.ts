import { describe, expect, it } from 'vitest';
import { velaLabels, type Task } from '../../resources/index.ts';
import { isJoinedByOneDash, partOfStep, taskName } from './task-name.ts';

const task = (name: string, application: string, { component = '', step = '' }): Task => ({
  metadata: {
    name,
    namespace: 'shop',
    uid: 'uid',
    creationTimestamp: '2026-03-20T12:00:00Z',
    labels: { [velaLabels.application]: application, ...(component && { [velaLabels.component]: component }) },
  },
  spec: { trigger: { appRevision: `${application}-v1`, ...(step && { step }) } },
});

describe('the name of a Task', () => {
  it('begins with the Application, and tells where the component begins', () => {
    expect(taskName('app-worker', 'mytask')).toBe('app-worker-mytask');
    expect(taskName('shop-eu', 'dump')).toBe('shop-eu-dump');
    expect(taskName('shop', 'eu-dump')).toBe('shop--eu-dump');
    expect(taskName('a--b', 'c')).toBe('a--b---c');
    expect(taskName('a', 'b--c')).toBe('a---b--c');
    expect(taskName('shop', 'eu-dump', '-')).toBe('shop-eu-dump');
  });

  it.each([
    ['migrate', 'migrate'],
    ['migrate.db', 'migrate.db'],
    ['Migrate DB', 'migrate-db'],
    ['数据库', 'step'],
  ])('has for the step %s the part %s', (step, part) => {
    expect(partOfStep(step)).toBe(part);
  });

  it.each([
    ['shop-eu-dump', 'shop', { component: 'eu-dump' }, true],
    ['shop--eu-dump', 'shop', { component: 'eu-dump' }, false],
    ['shop-eu-dump', 'shop-eu', { component: 'dump' }, false],
    ['shop-migrate-db', 'shop', { step: 'Migrate DB' }, true],
    ['shop-migrate-db-71b17', 'shop', { step: 'Migrate db' }, true],
    ['shop--migrate-db', 'shop', { step: 'Migrate DB' }, false],
    // Its hash is not a part of its name.
    ['shop-migrate-3bc80', 'shop', { step: 'Migrate' }, false],
    ['shop-migrate.db', 'shop', { step: 'migrate.db' }, false],
    ['shop-by-hand', 'shop', {}, false],
    ['other-eu-dump', 'shop', { component: 'eu-dump' }, false],
  ])('%s of Application %s and %o is an earlier one: %s', (name, application, parts, is) => {
    expect(isJoinedByOneDash(task(name, application, parts))).toBe(is);
  });
});
