import { describe, expect, test } from 'vitest';
import { agendaOf, missedEvents } from './agenda.ts';
import { classify } from '../view/classify.ts';
import { taskStatus } from '../status/task.ts';
import { after, aRun, aState, aTask, noon, rfc3339 } from '../testing/builders.ts';
import { mustBeValid } from '../testing/crd-schema.ts';
import type { Task, TaskStatus } from '../../resources/index.ts';

const minute = 60;
const hour = 60 * minute;
const hourly = { crons: ['7 * * * *'] };
const other = { crons: ['37 * * * *'] };
const at7 = (hours = 0) => hours * hour + 7 * minute;

type Schedule = NonNullable<Task['spec']['schedule']>;
const scheduled = (schedule: Schedule = hourly, spec: Partial<Task['spec']> = {}) =>
  aTask().spec({ ...spec, schedule });
const hashOf = (schedule: Schedule) => agendaOf(aState(scheduled(schedule)).build(), noon)?.observed.hash ?? '';
/** A status that has had the schedule since noon. */
const observed = (status: TaskStatus = {}, schedule = hourly): TaskStatus => ({
  observedSchedule: { hash: hashOf(schedule), since: rfc3339(0) },
  ...status,
});
const runOf = (seconds: number) =>
  aRun(aTask(), `run-${seconds}`).spec({ trigger: { type: 'Schedule', scheduledTime: rfc3339(seconds) } });

/** In seconds since noon. */
function look(state: ReturnType<typeof aState>, now: number) {
  const built = state.build();
  const agenda = agendaOf(built, after(now));
  mustBeValid.taskStatus(taskStatus(classify(built), after(now)));
  const seconds = (time: Date | undefined) =>
    time === undefined ? undefined : (time.getTime() - noon.getTime()) / 1000;
  const { due, last, next, missed } = agenda ?? {};
  return { due: seconds(due?.time), last: seconds(last), next: seconds(next), missed };
}

describe('a schedule', () => {
  test.each<[string, ReturnType<typeof aState>, number, ReturnType<typeof look>]>([
    [
      'asks for nothing before its time',
      aState(scheduled()),
      at7() - 1,
      { due: undefined, last: undefined, next: at7(), missed: 0 },
    ],
    ['asks at its time', aState(scheduled()), at7(), { due: at7(), last: undefined, next: at7(1), missed: 0 }],
    [
      'does not ask again for a time that has its run',
      aState(scheduled().status(observed())).runs(runOf(at7())),
      at7() + 1,
      { due: undefined, last: at7(), next: at7(1), missed: 0 },
    ],
    [
      'does not ask again for a time that the status knows',
      aState(scheduled().status(observed({ lastScheduleTime: rfc3339(at7()) }))),
      at7() + 1,
      { due: undefined, last: at7(), next: at7(1), missed: 0 },
    ],
    [
      'does not ask again for a time that this process created a run for',
      aState(scheduled().status(observed())).memory({ lastScheduled: rfc3339(at7()) }),
      at7() + 1,
      { due: undefined, last: at7(), next: at7(1), missed: 0 },
    ],
    [
      'asks for the latest of several times alone',
      aState(scheduled().status(observed({ lastScheduleTime: rfc3339(at7()) }))),
      at7(5),
      { due: at7(5), last: at7(), next: at7(6), missed: 0 },
    ],
    [
      'counts the others as missed once the latest has its run',
      aState(scheduled().status(observed({ lastScheduleTime: rfc3339(at7()) }))).runs(runOf(at7(5))),
      at7(5),
      { due: undefined, last: at7(5), next: at7(6), missed: 4 },
    ],
    [
      'counts no time that has a run, though the status was lost',
      aState(scheduled()).runs(runOf(at7()), runOf(at7(1)), runOf(at7(3))),
      at7(3),
      { due: undefined, last: at7(3), next: at7(4), missed: 1 },
    ],
    [
      'takes no run of the schedule before for one of its own: the clock was set back',
      aState(scheduled().status(observed())).runs(runOf(20 * minute)),
      25 * minute,
      { due: undefined, last: 20 * minute, next: at7(1), missed: 1 },
    ],
    [
      'stands still while the Task is suspended',
      aState(scheduled(hourly, { suspend: true }).status(observed())),
      at7(5),
      { due: undefined, last: undefined, next: undefined, missed: 0 },
    ],
    [
      'asks for the latest time once it is not any more',
      aState(scheduled(hourly, { suspend: false }).status(observed())),
      at7(5),
      { due: at7(5), last: undefined, next: at7(6), missed: 0 },
    ],
    [
      'counts nothing again when the clock is set back',
      aState(scheduled().status(observed({ lastScheduleTime: rfc3339(at7(5)) }))).runs(runOf(at7(5))),
      at7(1),
      { due: undefined, last: at7(5), next: at7(6), missed: 0 },
    ],
  ])('%s', (_what, state, now, expected) => expect(look(state, now)).toEqual(expected));

  test('that does not exist asks for nothing', () => expect(agendaOf(aState().build(), noon)).toBeUndefined());
  test('that is invalid says so, and keeps the last time', () => {
    const state = aState(scheduled({ crons: ['31 25 * * *'] }).status({ lastScheduleTime: rfc3339(at7()) }));
    expect(look(state, at7(1))).toEqual({ due: undefined, last: at7(), next: undefined, missed: 0 });
    expect(agendaOf(state.build(), noon)?.problem).toMatch('31 25 * * *');
  });
  test('names what asked in its zone, and the time in UTC', () => {
    const { due } =
      agendaOf(aState(scheduled({ crons: ['7 13 * * *'], timeZone: 'Europe/Berlin' })).build(), after(at7())) ?? {};
    expect(due?.trigger).toEqual({
      type: 'Schedule',
      value: '2026-03-20T13:07:00+01:00',
      scheduledTime: '2026-03-20T12:07:00Z',
    });
  });
});

describe('startingDeadlineSeconds', () => {
  const task = (startingDeadlineSeconds: number) =>
    scheduled({ ...hourly, startingDeadlineSeconds }).status(observed());
  test.each<[number, number, ReturnType<typeof look>]>([
    [60, at7() + 60, { due: at7(), last: undefined, next: at7(1), missed: 0 }],
    [60, at7() + 61, { due: undefined, last: at7(), next: at7(1), missed: 1 }],
    [60, at7(2) + 61, { due: undefined, last: at7(2), next: at7(3), missed: 3 }],
    [0, at7(), { due: at7(), last: undefined, next: at7(1), missed: 0 }],
    [0, at7() + 0.9, { due: at7(), last: undefined, next: at7(1), missed: 0 }],
    [0, at7() + 1, { due: undefined, last: at7(), next: at7(1), missed: 1 }],
  ])('%i, at %i', (seconds, now, expected) => expect(look(aState(task(seconds)), now)).toEqual(expected));
});

describe('a schedule is in force', () => {
  const since = (state: ReturnType<typeof aState>, now = 0) => agendaOf(state.build(), after(now))?.observed.since;
  const changed = scheduled(hourly).generation(2);
  test.each<[string, ReturnType<typeof aState>, number, string]>([
    ["from its Task's creation", aState(scheduled()), hour, rfc3339(0)],
    [
      'from when its change was seen',
      aState(changed).memory({ seenAt: new Map([[2, after(30).getTime()]]) }),
      hour,
      rfc3339(30),
    ],
    ['from now where nobody has seen it', aState(changed), hour, rfc3339(hour)],
    [
      'from when the status says',
      aState(changed.status(observed())).memory({ seenAt: new Map([[2, after(30).getTime()]]) }),
      hour,
      rfc3339(0),
    ],
    [
      'from its change, where the status speaks of another',
      aState(changed.status(observed({}, other))).memory({ seenAt: new Map([[2, after(30).getTime()]]) }),
      hour,
      rfc3339(30),
    ],
  ])('%s', (_what, state, now, expected) => expect(since(state, now)).toBe(expected));

  test("no time of before is anybody's", () => {
    const state = aState(changed.status(observed({ lastScheduleTime: rfc3339(-23 * minute) }, other))).memory({
      seenAt: new Map([[2, after(at7(4) + 60).getTime()]]),
    });
    expect(look(state, at7(5) - 1)).toEqual({ due: undefined, last: -23 * minute, next: at7(5), missed: 0 });
  });
  test('another order of its crons changes nothing, and another zone does', () => {
    const crons = ['7 * * * *', '37 * * * *'];
    expect(hashOf({ crons })).toBe(hashOf({ crons: [...crons].reverse() }));
    expect(hashOf({ crons })).not.toBe(hashOf({ crons, timeZone: 'Europe/Berlin' }));
  });
});

describe('the event of missed times', () => {
  const cause =
    'passed without a run: the controller did not run, the Task was suspended, or startingDeadlineSeconds was over';
  const events = (hours: number) =>
    missedEvents(
      aState(scheduled().status(observed()))
        .runs(runOf(at7(hours)))
        .build(),
      after(at7(hours)),
    );
  test.each<[number, string, string]>([
    [1, 'MissSchedule', `a time of the schedule up to ${rfc3339(at7(1))} ${cause}`],
    [3, 'MissSchedule', `3 times of the schedule up to ${rfc3339(at7(3))} ${cause}`],
    [99, 'MissSchedule', `99 times of the schedule up to ${rfc3339(at7(99))} ${cause}`],
    [100, 'TooManyMissedTimes', `more than 100 times of the schedule up to ${rfc3339(at7(100))} ${cause}`],
    [5_000, 'TooManyMissedTimes', `more than 100 times of the schedule up to ${rfc3339(at7(5_000))} ${cause}`],
  ])('after %i hours: %s', (hours, reason, message) =>
    expect(events(hours)).toEqual([{ kind: 'event', type: 'Warning', reason, message }]),
  );
  test('is left out where none were', () => expect(events(0)).toEqual([]));
});
