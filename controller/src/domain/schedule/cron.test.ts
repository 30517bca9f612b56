import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dueTimes,
  formatScheduledTime,
  isScheduleError,
  minuteSuffix,
  nextTime,
  parseSchedule,
  type Schedule,
  type ScheduleSpec,
} from './cron.ts';

function schedule(crons: string | readonly string[], timeZone?: string): Schedule {
  const spec: ScheduleSpec = { crons: [crons].flat(), ...(timeZone !== undefined && { timeZone }) };
  const read = parseSchedule(spec);
  if (isScheduleError(read)) throw new Error(read.message);
  return read;
}

/** The first `count` times after a moment, to the minute. */
function times(of: Schedule, after: string, count: number): string[] {
  const found: string[] = [];
  for (let at = nextTime(of, new Date(after)); at && found.length < count; at = nextTime(of, at))
    found.push(at.toISOString().slice(0, 16));
  return found;
}

describe('the times of a schedule', () => {
  const newYear = '2026-01-01T00:00:00Z';
  const rows: readonly [cron: string, times: readonly string[], after?: string][] = [
    ['*/20 * * * *', ['2026-01-01T00:20', '2026-01-01T00:40', '2026-01-01T01:00']],
    ['5/25 * * * *', ['2026-01-01T00:05', '2026-01-01T00:30', '2026-01-01T00:55', '2026-01-01T01:05']],
    ['10-30/10 4,5 * * *', ['2026-01-01T04:10', '2026-01-01T04:20', '2026-01-01T04:30', '2026-01-01T05:10']],
    ['@hourly', ['2026-01-01T01:00', '2026-01-01T02:00']],
    ['@daily', ['2026-01-02T00:00']],
    ['@midnight', ['2026-01-02T00:00']],
    ['@weekly', ['2026-01-04T00:00', '2026-01-11T00:00']],
    ['@monthly', ['2026-02-01T00:00', '2026-03-01T00:00']],
    ['@yearly', ['2027-01-01T00:00']],
    ['@annually', ['2027-01-01T00:00']],
    ['0 0 ? * ?', ['2026-01-02T00:00', '2026-01-03T00:00']],
    ['0 9 * * MON-FRI', ['2026-01-01T09:00', '2026-01-02T09:00', '2026-01-05T09:00']],
    ['0 9 * jan,Dec sun', ['2026-01-04T09:00', '2026-01-11T09:00']],
    ['0 0 * * 0', ['2026-01-04T00:00']],
    [
      '0 0 */2 * 5',
      [
        '2026-01-02T00:00',
        '2026-01-03T00:00',
        '2026-01-05T00:00',
        '2026-01-07T00:00',
        '2026-01-09T00:00',
        '2026-01-11T00:00',
      ],
    ],
    ['0 0 *,13 * 5', ['2026-01-02T00:00', '2026-01-09T00:00', '2026-01-16T00:00']],
    ['0 0 */1 * 5', ['2026-01-02T00:00', '2026-01-09T00:00', '2026-01-16T00:00']],
    ['0 0 13 * 5', ['2026-01-02T00:00', '2026-01-09T00:00', '2026-01-13T00:00', '2026-01-16T00:00']],
    ['0 0 31 * *', ['2026-01-31T00:00', '2026-03-31T00:00', '2026-05-31T00:00']],
    ['0 0 29 2 *', ['2028-02-29T00:00', '2032-02-29T00:00']],
    ['59 23 31 12 *', ['2026-12-31T23:59', '2027-12-31T23:59']],
    ['0 0 29 2 *', ['2104-02-29T00:00'], '2096-03-01T00:00:00Z'],
  ];
  for (const [cron, expected, after = newYear] of rows)
    test(`${cron} after ${after}`, () => expect(times(schedule(cron), after, expected.length)).toEqual(expected));

  test('of several crons are those of all, each once', () => {
    expect(times(schedule(['0 * * * *', '*/30 * * * *', '0 1 * * *']), newYear, 4)).toEqual([
      '2026-01-01T00:30',
      '2026-01-01T01:00',
      '2026-01-01T01:30',
      '2026-01-01T02:00',
    ]);
  });
});

describe('where clocks change', () => {
  const rows: readonly [what: string, cron: string, zone: string, after: string, times: readonly string[]][] = [
    [
      'a daily time that is skipped comes when the hour after it begins',
      '30 2 * * *',
      'Europe/Berlin',
      '2026-03-28T12:00Z',
      ['2026-03-29T01:00', '2026-03-30T00:30'],
    ],
    [
      'a daily time that comes twice runs once',
      '30 2 * * *',
      'Europe/Berlin',
      '2026-10-24T12:00Z',
      ['2026-10-25T00:30', '2026-10-26T01:30'],
    ],
    [
      'several times of day are each one',
      '30 2,14 * * *',
      'Europe/Berlin',
      '2026-10-24T13:00Z',
      ['2026-10-25T00:30', '2026-10-25T13:30', '2026-10-26T01:30'],
    ],
    [
      'several that are skipped come as one',
      '0,30 2 * * *',
      'Europe/Berlin',
      '2026-03-28T12:00Z',
      ['2026-03-29T01:00', '2026-03-30T00:00'],
    ],
    [
      'every half hour of a skipped hour is skipped',
      '*/30 2 * * *',
      'Europe/Berlin',
      '2026-03-28T12:00Z',
      ['2026-03-30T00:00', '2026-03-30T00:30'],
    ],
    [
      'every half hour of a doubled hour comes twice',
      '*/30 2 * * *',
      'Europe/Berlin',
      '2026-10-24T12:00Z',
      ['2026-10-25T00:00', '2026-10-25T00:30', '2026-10-25T01:00', '2026-10-25T01:30', '2026-10-26T01:00'],
    ],
    [
      'every half hour goes on through a skipped hour',
      '*/30 * * * *',
      'Europe/Berlin',
      '2026-03-29T00:15Z',
      ['2026-03-29T00:30', '2026-03-29T01:00', '2026-03-29T01:30'],
    ],
    [
      'every half hour goes on through a doubled hour',
      '*/30 * * * *',
      'Europe/Berlin',
      '2026-10-24T23:45Z',
      ['2026-10-25T00:00', '2026-10-25T00:30', '2026-10-25T01:00', '2026-10-25T01:30', '2026-10-25T02:00'],
    ],
    [
      'New York, skipped',
      '15 2 * * *',
      'America/New_York',
      '2026-03-07T12:00Z',
      ['2026-03-08T07:00', '2026-03-09T06:15'],
    ],
    [
      'New York, doubled',
      '15 1 * * *',
      'America/New_York',
      '2026-10-31T12:00Z',
      ['2026-11-01T05:15', '2026-11-02T06:15'],
    ],
    [
      'Lord Howe skips half an hour',
      '15 2 * * *',
      'Australia/Lord_Howe',
      '2026-10-03T00:00Z',
      ['2026-10-03T15:30', '2026-10-04T15:15'],
    ],
    [
      'Lord Howe doubles half an hour',
      '45 1 * * *',
      'Australia/Lord_Howe',
      '2026-04-04T00:00Z',
      ['2026-04-04T14:45', '2026-04-05T15:15'],
    ],
    [
      "St John's is half an hour off",
      '0 12 * * *',
      'America/St_Johns',
      '2026-03-07T20:00Z',
      ['2026-03-08T14:30', '2026-03-09T14:30'],
    ],
    [
      'Kathmandu is three quarters off and never changes',
      '0 0 * * *',
      'Asia/Kathmandu',
      '2026-03-28T00:00Z',
      ['2026-03-28T18:15', '2026-03-29T18:15'],
    ],
    [
      'Havana skips midnight',
      '0 0 * * *',
      'America/Havana',
      '2026-03-07T12:00Z',
      ['2026-03-08T05:00', '2026-03-09T04:00'],
    ],
    [
      "Havana's day after a skipped midnight is no other day",
      '40 */5 8 * *',
      'America/Havana',
      '2026-03-08T15:00Z',
      ['2026-03-08T19:40', '2026-03-09T00:40', '2026-04-08T04:40'],
    ],
    [
      'Apia skipped a whole day',
      '0 12 * * *',
      'Pacific/Apia',
      '2011-12-29T00:00Z',
      ['2011-12-29T22:00', '2011-12-30T22:00'],
    ],
    [
      'Casablanca changes for Ramadan',
      '0 12 * * *',
      'Africa/Casablanca',
      '2026-02-14T00:00Z',
      ['2026-02-14T11:00', '2026-02-15T12:00'],
    ],
    ['UTC never changes', '30 2 * * *', 'UTC', '2026-03-28T12:00Z', ['2026-03-29T02:30', '2026-03-30T02:30']],
  ];
  for (const [what, cron, zone, after, expected] of rows)
    test(what, () => expect(times(schedule(cron, zone), after, expected.length)).toEqual(expected));
});

describe('a schedule that is invalid', () => {
  const rows: readonly [spec: ScheduleSpec, says: RegExp][] = [
    [
      { crons: ['61 * * * *'] },
      /^the schedule "61 \* \* \* \*" is invalid: Invalid value for minute: 61; write five fields/,
    ],
    [{ crons: ['0 * * *'] }, /^the schedule "0 \* \* \*" has not five fields; write five fields/],
    [{ crons: ['0 0 * * * *'] }, /has not five fields/],
    [{ crons: ['2026-01-01T00:00:00Z'] }, /has not five fields/],
    [{ crons: [''] }, /has not five fields/],
    [{ crons: ['@reboot'] }, /@reboot" is not about a time: leave the schedule out/],
    [{ crons: ['*/90 * * * *'] }, /is invalid: .*steps cannot be greater/],
    [{ crons: ['@hourly', 'hourly'] }, /^the schedule "hourly" has L/],
    [{ crons: ['0 0 31 2 *'] }, /names a day that never comes; fix its day-of-month or month/],
    [{ crons: ['0 0 30 FEB *'] }, /never comes/],
    [{ crons: ['0 0 32 * *'] }, /is invalid: Invalid value for day-of-month: 32; write five fields/],
    [{ crons: ['0 0 0 * *'] }, /Invalid value for day-of-month: 0;/],
    [{ crons: ['0 0 1-31/5,40 * *'] }, /Invalid value for day-of-month: 40;/],
    [{ crons: ['0 0 * 13 *'] }, /Invalid value for month: 13;/],
    [{ crons: ['0 0 * 0 *'] }, /Invalid value for month: 0;/],
    [{ crons: ['0 0 * * 8'] }, /Invalid value for day-of-week: 8;/],
    [{ crons: ['0 0 L * *'] }, /has L, W, # or \+, which a CronJob does not know either/],
    [{ crons: ['0 0 15W * *'] }, /has L, W, #/],
    [{ crons: ['0 0 * * 1#2'] }, /has L, W, #/],
    [{ crons: ['*/0 * * * *'] }, /is invalid: .*stepping/],
    [{ crons: ['@every 90m'] }, /counts from nowhere: write the times, such as/],
    [{ crons: ['TZ=Europe/Berlin 0 0 * * *'] }, /names a time zone: write it into schedule\.timeZone/],
    [{ crons: ['CRON_TZ=UTC 0 0 * * *'] }, /write it into schedule\.timeZone/],
    [{ crons: ['@daily'], timeZone: '+02:00' }, /^schedule\.timeZone "\+02:00" is not a time zone: write one of/],
    [
      { crons: ['@daily'], timeZone: 'Mars/Olympus' },
      /^schedule\.timeZone "Mars\/Olympus" is not a time zone: write one of the IANA database, such as Europe\/Berlin/,
    ],
  ];
  for (const [spec, says] of rows)
    test(JSON.stringify(spec), () =>
      expect(parseSchedule(spec)).toEqual({ message: expect.stringMatching(says) as unknown }),
    );
});

describe('the times that are due', () => {
  const minutely = schedule('* * * * *');
  const from = (after: string, until: string) => dueTimes(minutely, { after: new Date(after), until: new Date(until) });

  test('do not exist before the first', () =>
    expect(from('2026-01-01T00:00:00Z', '2026-01-01T00:00:59Z')).toEqual({ count: 0 }));
  test('begin after the one moment and end with the other', () => {
    expect(from('2026-01-01T00:00:00Z', '2026-01-01T00:02:00Z')).toEqual({
      latest: new Date('2026-01-01T00:02:00Z'),
      count: 2,
    });
  });
  test('do not exist where the clock went back', () =>
    expect(from('2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z')).toEqual({ count: 0 }));
  test('of years are counted to a hundred and one, with the very latest', () => {
    expect(from('2016-01-01T00:00:00Z', '2026-01-01T00:00:30Z')).toEqual({
      latest: new Date('2026-01-01T00:00:00Z'),
      count: 101,
    });
    expect(from('2016-01-01T00:00:00Z', '2026-01-01T00:00:00Z')).toEqual({
      latest: new Date('2026-01-01T00:00:00Z'),
      count: 101,
    });
  });
  test('may be asked for again after more were asked for than are remembered', () => {
    const after = '2026-05-01T00:00:00Z';
    const first = times(minutely, after, 300);
    expect(first.at(-1)).toBe('2026-05-01T05:00');
    expect(times(minutely, after, 300)).toEqual(first);
  });
});

describe('a time reads', () => {
  const at = new Date('2026-07-01T22:05:00Z');
  const rows: readonly [zone: string, text: string][] = [
    ['UTC', '2026-07-01T22:05:00Z'],
    ['Europe/Berlin', '2026-07-02T00:05:00+02:00'],
    ['America/St_Johns', '2026-07-01T19:35:00-02:30'],
    ['Asia/Kathmandu', '2026-07-02T03:50:00+05:45'],
  ];
  for (const [zone, text] of rows)
    test(`${text} in ${zone}`, () => expect(formatScheduledTime(at, schedule('@daily', zone))).toBe(text));
  test('202607012205 in a name, wherever', () => expect(minuteSuffix(at)).toBe('202607012205'));
});

describe('for whatever schedule', { timeout: 300_000 }, () => {
  interface Field {
    readonly text: string;
    readonly matches: (value: number) => boolean;
  }
  const every: Field = { text: '*', matches: () => true };
  const field = (first: number, last: number): fc.Arbitrary<Field> => {
    const values = fc.uniqueArray(fc.integer({ min: first, max: last }), { minLength: 1, maxLength: 3 });
    const list = values.map((of): Field => ({ text: of.join(','), matches: (value) => of.includes(value) }));
    const steps = fc
      .integer({ min: 2, max: Math.min(last, 20) })
      .map((step): Field => ({ text: `*/${step}`, matches: (value) => (value - first) % step === 0 }));
    return fc.oneof(fc.constant(every), list, steps);
  };
  // An interval, which means what it says also where clocks change: the minute has a * or a step.
  const cron = fc.tuple(
    field(0, 59).filter(({ text }) => text.includes('*')),
    field(0, 23),
    field(1, 31),
    field(1, 12),
    field(0, 6),
  );
  const changes = fc.constantFrom(
    ...([
      ['UTC', '2026-02-28T12:00Z'],
      ['Asia/Kathmandu', '2028-02-28T12:00Z'],
      ['Europe/Berlin', '2026-03-29T01:00Z'],
      ['Europe/Berlin', '2026-10-25T01:00Z'],
      ['America/New_York', '2026-03-08T07:00Z'],
      ['America/New_York', '2026-11-01T06:00Z'],
      ['Australia/Lord_Howe', '2026-10-03T15:30Z'],
      ['Australia/Lord_Howe', '2026-04-04T15:00Z'],
      ['America/St_Johns', '2026-11-01T04:30Z'],
      ['America/Havana', '2026-03-08T05:00Z'],
      ['Africa/Casablanca', '2026-02-15T02:00Z'],
      ['Africa/Casablanca', '2026-03-22T02:00Z'],
      ['Pacific/Apia', '2011-12-30T10:00Z'],
    ] as const),
  );
  const minute = 60_000;
  const around = 12 * 60;

  /** The minutes around a change, and what the zone's clocks show then. */
  function minutesAround(zone: string, change: string): readonly { readonly at: number; readonly local: Date }[] {
    const clock = new Intl.DateTimeFormat('sv', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
    const minutes = Array.from(
      { length: 2 * around + 1 },
      (_, index) => Date.parse(change) + (index - around) * minute,
    );
    return minutes.map((at) => ({ at, local: new Date(`${clock.format(at).replace(' ', 'T')}Z`) }));
  }

  function matches(
    [minutes, hours, days, months, weekdays]: readonly [Field, Field, Field, Field, Field],
    local: Date,
  ): boolean {
    const day = days.matches(local.getUTCDate());
    const weekday = weekdays.matches(local.getUTCDay());
    const isDay = days === every || weekdays === every ? day && weekday : day || weekday;
    return (
      isDay &&
      minutes.matches(local.getUTCMinutes()) &&
      hours.matches(local.getUTCHours()) &&
      months.matches(local.getUTCMonth() + 1)
    );
  }

  test('times are the minutes that match, whatever is asked first', () => {
    const moments = fc.array(fc.integer({ min: -around * minute, max: around * minute }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(cron, changes, moments, (fields, [zone, change], offsets) => {
        const text = fields.map((each) => each.text).join(' ');
        const read = parseSchedule({ crons: [text], timeZone: zone });
        if (isScheduleError(read)) return expect(read.message).toContain('never comes');
        const middle = Date.parse(change);
        const all = minutesAround(zone, change)
          .filter(({ local }) => matches(fields, local))
          .map(({ at }) => at);
        for (const at of offsets.map((offset) => middle + offset)) {
          const following = nextTime(read, new Date(at));
          const known = all.find((time) => time > at);
          if (known !== undefined) expect(following).toEqual(new Date(known));
          else expect(following?.getTime() ?? Infinity).toBeGreaterThan(middle + around * minute);

          const due = all.filter((time) => time <= at);
          const since = dueTimes(read, { after: new Date(middle - around * minute - 1), until: new Date(at) });
          expect(since).toEqual({
            count: Math.min(due.length, 101),
            ...(due.length > 0 && { latest: new Date(due.at(-1) ?? NaN) }),
          });
          const sinceYears = dueTimes(read, { after: new Date('2001-01-01T00:00:00Z'), until: new Date(at) });
          if (due.length > 0) expect(sinceYears.latest).toEqual(since.latest);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('of several crons, the times are those of each', () => {
    fc.assert(
      fc.property(fc.array(cron, { minLength: 2, maxLength: 3 }), changes, (several, [timeZone, change]) => {
        const texts = several
          .map((fields) => fields.map(({ text }) => text).join(' '))
          .filter((text) => !isScheduleError(parseSchedule({ crons: [text] })));
        fc.pre(texts.length > 0);
        const firsts = texts.map((text) => nextTime(schedule(text, timeZone), new Date(change))?.getTime() ?? NaN);
        expect(nextTime(schedule(texts, timeZone), new Date(change))).toEqual(new Date(Math.min(...firsts)));
      }),
      { numRuns: 60 },
    );
  });
});
