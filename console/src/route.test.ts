import { describe, expect, test } from 'vitest';
import { hrefOf, parseRoute, type Route } from './route.ts';

const routes: readonly (readonly [string, Route])[] = [
  ['#/tasks', { view: 'tasks', query: {} }],
  ['#/tasks?q=a+b&phase=Failed', { view: 'tasks', query: { q: 'a b', phase: 'Failed' } }],
  ['#/namespaces/shop/tasks', { view: 'tasks', namespace: 'shop', query: {} }],
  ['#/namespaces/shop/timeline?range=24h', { view: 'timeline', namespace: 'shop', query: { range: '24h' } }],
  [
    '#/namespaces/shop/tasks/backup?tab=logs',
    { view: 'task', namespace: 'shop', name: 'backup', query: { tab: 'logs' } },
  ],
  ['#/namespaces/shop/runs/backup-v3', { view: 'run', namespace: 'shop', name: 'backup-v3', query: {} }],
  ['#/namespaces/shop/runs/a%2Fb', { view: 'run', namespace: 'shop', name: 'a/b', query: {} }],
  ['#/namespaces/shop/compare?a=x&b=y', { view: 'compare', namespace: 'shop', query: { a: 'x', b: 'y' } }],
];

describe('an address', () => {
  test.each(routes)('%s leads to its view and back', (href, route) => {
    expect(parseRoute(href)).toEqual(route);
    expect(hrefOf(route)).toBe(href);
  });

  test.each([
    ['', 'tasks'],
    ['#', 'tasks'],
    ['#/', 'tasks'],
    ['#/nowhere', 'unknown'],
    ['#/namespaces/shop', 'unknown'],
  ])('%j is %s', (hash, view) => {
    expect(parseRoute(hash).view).toBe(view);
  });

  test('a mistyped address is not an error', () => {
    expect(parseRoute('#/namespaces/shop/runs/%zz').name).toBe('%zz');
  });

  test('empty filters are not in the address', () => {
    expect(hrefOf({ view: 'tasks', query: { q: '', phase: 'Failed' } })).toBe('#/tasks?phase=Failed');
  });
});
