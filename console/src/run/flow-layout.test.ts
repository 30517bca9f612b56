import { describe, expect, test } from 'vitest';
import { box, flowLayout, type FlowStep } from './flow-layout.ts';

const flow = (steps: Readonly<Record<string, readonly string[]>>): readonly FlowStep[] =>
  Object.entries(steps).map(([name, dependsOn]) => ({ name, dependsOn }));

/** The names in each column, from the top. */
function columns(steps: Readonly<Record<string, readonly string[]>>): readonly (readonly string[])[] {
  const byColumn = new Map<number, { name: string; y: number }[]>();
  for (const { name, x, y } of flowLayout(flow(steps)).steps)
    byColumn.set(x, [...(byColumn.get(x) ?? []), { name, y }]);
  return [...byColumn]
    .sort(([a], [b]) => a - b)
    .map(([, placed]) => placed.sort((a, b) => a.y - b.y).map(({ name }) => name));
}

describe('the picture of a flow', () => {
  test('a chain is a row', () => {
    expect(columns({ a: [], b: ['a'], c: ['b'] })).toEqual([['a'], ['b'], ['c']]);
  });

  test('a step is right of the last one that it waits for', () => {
    expect(columns({ a: [], b: ['a'], c: ['a', 'b'] })).toEqual([['a'], ['b'], ['c']]);
  });

  test('steps are near to what they wait for, so that arrows do not cross', () => {
    expect(columns({ a: [], b: [], c: ['b'], d: ['a'] })).toEqual([
      ['a', 'b'],
      ['d', 'c'],
    ]);
  });

  test('an arrow leads from the right side of a step to the left of the next', () => {
    const { steps, edges } = flowLayout(flow({ a: [], b: ['a'] }));
    const [a, b] = steps;
    expect(edges).toHaveLength(1);
    expect(edges[0]?.path.startsWith(`M${(a?.x ?? 0) + box.width} `)).toBe(true);
    expect(edges[0]?.path.endsWith(` ${b?.x ?? 0} ${(b?.y ?? 0) + box.height / 2}`)).toBe(true);
  });

  test('a cycle, and a step with an unknown dependency, still have a place', () => {
    expect(columns({ a: ['b'], b: ['a'], c: ['gone'], d: ['d'] }).map((names) => [...names].sort())).toEqual([
      ['c', 'd'],
      ['a', 'b'],
    ]);
  });

  test('no two steps lie on each other, and all are within the picture', () => {
    const { steps, width, height } = flowLayout(
      Array.from({ length: 100 }, (_, index) => ({
        name: `s${index}`,
        dependsOn: index === 0 ? [] : [`s${Math.floor((index - 1) / 3)}`],
      })),
    );
    expect(new Set(steps.map(({ x, y }) => `${x} ${y}`)).size).toBe(100);
    expect(steps.every(({ x, y }) => x >= 0 && y >= 0 && x + box.width <= width && y + box.height <= height)).toBe(
      true,
    );
  });

  test('no steps give an empty picture', () => {
    expect(flowLayout([]).steps).toEqual([]);
  });
});
