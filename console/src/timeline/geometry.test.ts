import { describe, expect, test } from 'vitest';
import type { Run } from '../../../controller/src/api/schemas.ts';
import { timelineOf, type TimelineInput } from './geometry.ts';

const noon = Date.parse('2026-11-23T12:00:00Z');
const at = (minutes: number) => new Date(noon + minutes * 60_000).toISOString();

/** A run that started and ended so many minutes after noon. */
function run(name: string, start: number, end: number | undefined, rest: Partial<Run> = {}): Run {
  return {
    uid: name,
    namespace: 'shop',
    name,
    task: 'backup',
    trigger: { type: 'Manual' },
    phase: end === undefined ? 'Running' : 'Succeeded',
    creationTimestamp: at(start),
    startTime: at(start),
    ...(end === undefined ? {} : { completionTime: at(end) }),
    shape: 'Job',
    kept: true,
    archived: false,
    ...rest,
  };
}

/** An hour on 600 pixels, so that a minute is ten. */
function draw(runs: readonly Run[], rest: Partial<TimelineInput> = {}) {
  return timelineOf({
    runs,
    upcoming: [],
    from: noon,
    to: noon + 3_600_000,
    now: noon + 2_400_000,
    width: 600,
    zoneMs: 0,
    ...rest,
  });
}

const barsOf = (runs: readonly Run[], rest?: Partial<TimelineInput>) =>
  draw(runs, rest).rows.flatMap(({ bars }) =>
    bars.map(({ run: { name }, x, width, lane, open }) => ({ name, x, width, lane, open })),
  );

describe('a timeline', () => {
  test('draws a run from its start to its end', () => {
    expect(barsOf([run('a', 10, 20)])).toEqual([{ name: 'a', x: 100, width: 100, lane: 0, open: false }]);
  });

  test('a running bar ends now, and grows with the time', () => {
    const runs = [run('a', 10, undefined)];
    expect(barsOf(runs)).toEqual([{ name: 'a', x: 100, width: 300, lane: 0, open: true }]);
    expect(barsOf(runs, { now: noon + 2_460_000 })[0]?.width).toBe(310);
  });

  test('does not change what it is drawn of', () => {
    const runs = [run('a', 10, undefined)];
    const before = JSON.stringify(runs);
    draw(runs);
    expect(JSON.stringify(runs)).toBe(before);
  });

  test('runs that overlap lie in lanes of their own, and a free lane is used again', () => {
    expect(barsOf([run('a', 0, 20), run('b', 10, 30), run('c', 20, 40)]).map(({ name, lane }) => [name, lane])).toEqual(
      [
        ['a', 0],
        ['b', 1],
        ['c', 0],
      ],
    );
  });

  test('however many overlap, there are no more than six lanes', () => {
    const runs = Array.from({ length: 20 }, (_, index) => run(`r${index}`, index / 10, 30));
    expect(Math.max(...barsOf(runs).map(({ lane }) => lane))).toBe(5);
  });

  test('what began before the picture is cut at its edge, and what ended before is left out', () => {
    expect(barsOf([run('a', -10, 10), run('b', -20, -10)])).toEqual([
      { name: 'a', x: 0, width: 100, lane: 0, open: false },
    ]);
  });

  test('a run of no time can be seen', () => {
    expect(barsOf([run('a', 10, 10)])[0]?.width).toBe(3);
  });

  test('lateness is drawn from when a run was due', () => {
    const late = run('a', 10, 20, { trigger: { type: 'Schedule', scheduledTime: at(5) } });
    expect(draw([late]).rows[0]?.bars[0]?.wait).toEqual({ x: 50, width: 50 });
  });

  test('the time in a queue is told apart from the time before it', () => {
    const admitted = run('a', 20, 30, { trigger: { type: 'Schedule', scheduledTime: at(5) }, waitedSeconds: 600 });
    expect(draw([admitted]).rows[0]?.bars[0]).toMatchObject({
      x: 200,
      wait: { x: 50, width: 150 },
      queue: { x: 100, width: 100 },
    });
    const { startTime: _, ...queued } = run('b', 10, undefined, { phase: 'Queued', queuedTime: at(12) });
    expect(draw([queued]).rows[0]?.bars[0]).toMatchObject({
      wait: { x: 100, width: 300 },
      queue: { x: 120, width: 280 },
    });
  });

  test('a wait of the same second is not drawn', () => {
    expect(draw([run('a', 10, 20, { waitedSeconds: 0 })]).rows[0]?.bars[0]).not.toHaveProperty('queue');
  });

  test('what waits for its turn has waited until now', () => {
    const { startTime: _, ...queued } = run('a', 10, undefined, { phase: 'Queued' });
    expect(draw([queued]).rows[0]?.bars[0]).toMatchObject({ x: 400, open: true, wait: { x: 100, width: 300 } });
  });

  test('what was skipped is a mark where it was asked for', () => {
    const { startTime: _, ...skipped } = run('a', 10, undefined, { phase: 'Skipped' });
    expect(draw([skipped]).rows[0]?.bars[0]).toMatchObject({ x: 100, width: 3, open: false });
  });

  test('tasks have a row each, by namespace and name, with their next times', () => {
    const { rows, height } = draw(
      [run('a', 0, 10), run('b', 0, 10, { task: 'archive' }), run('c', 0, 10, { namespace: 'billing' })],
      {
        upcoming: [
          { namespace: 'shop', task: 'nightly', time: at(50) },
          { namespace: 'shop', task: 'nightly', time: at(90) },
        ],
      },
    );
    expect(rows.map(({ namespace, task, y, upcoming }) => [namespace, task, y, upcoming])).toEqual([
      ['billing', 'backup', 0, []],
      ['shop', 'archive', 24, []],
      ['shop', 'backup', 48, []],
      ['shop', 'nightly', 72, [500]],
    ]);
    expect(height).toBe(96);
  });

  test('the axis has round times, no closer than they can be read', () => {
    expect(draw([]).ticks).toHaveLength(7);
    expect(draw([]).ticks.map(({ x }) => x)).toEqual([0, 100, 200, 300, 400, 500, 600]);
    expect(draw([], { width: 150 }).ticks.map(({ x }) => x)).toEqual([0, 150]);
  });

  test('the axis is round in local time', () => {
    expect(draw([], { from: noon, to: noon + 24 * 3_600_000, width: 600, zoneMs: 5.5 * 3_600_000 }).ticks[0]?.x).toBe(
      13,
    );
  });
});
