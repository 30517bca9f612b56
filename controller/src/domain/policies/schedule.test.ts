import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dueTimes, formatScheduledTime, isScheduleError, minuteSuffix, nextTime, parseSchedule, type Schedule, type ScheduleSpec } from './schedule.ts';

function schedule(crons: string | readonly string[], timeZone?: string): Schedule {
  const spec: ScheduleSpec = { crons: [crons].flat(), ...(timeZone !== undefined && { timeZone }) };
  const read = parseSchedule(spec);
  if (isScheduleError(read)) throw new Error(read.message);
  return read;
}

/** The first `count` times after a moment, to the minute. */
function times(of: Schedule, after: string, count: number): string[] {
  const found: string[] = [];
  for (let at = nextTime(of, new Date(after)); at && found.length < count; at = nextTime(of, at)) found.push(at.toISOString().slice(0, 16));
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
    ['0 0 13 * 5', ['2026-01-02T00:00', '2026-01-09T00:00', '2026-01-13T00:00', '2026-01-16T00:00']],
    ['0 0 31 * *', ['2026-01-31T00:00', '2026-03-31T00:00', '2026-05-31T00:00']],
    ['0 0 29 2 *', ['2028-02-29T00:00', '2032-02-29T00:00']],
    ['59 23 31 12 *', ['2026-12-31T23:59', '2027-12-31T23:59']],
    ['0 0 29 2 *', ['2104-02-29T00:00'], '2096-03-01T00:00:00Z'],
  ];
  for (const [cron, expected, after = newYear] of rows) test(`${cron} after ${after}`, () => expect(times(schedule(cron), after, expected.length)).toEqual(expected));

  test('of several crons are those of all, each once', () => {
    expect(times(schedule(['0 * * * *', '*/30 * * * *', '0 1 * * *']), newYear, 4)).toEqual(['2026-01-01T00:30', '2026-01-01T01:00', '2026-01-01T01:30', '2026-01-01T02:00']);
  });
});

describe('where clocks change', () => {
  const rows: readonly [what: string, cron: string, zone: string, after: string, times: readonly string[]][] = [
    ['a daily time that is skipped comes when the hour after it begins', '30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00Z', ['2026-03-29T01:00', '2026-03-30T00:30']],
    ['a daily time that comes twice runs once', '30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', ['2026-10-25T00:30', '2026-10-26T01:30']],
    ['every half hour goes on through a skipped hour', '*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:15Z', ['2026-03-29T00:30', '2026-03-29T01:00', '2026-03-29T01:30']],
    ['every half hour goes on through a doubled hour', '*/30 * * * *', 'Europe/Berlin', '2026-10-24T23:45Z', ['2026-10-25T00:00', '2026-10-25T00:30', '2026-10-25T01:00', '2026-10-25T01:30', '2026-10-25T02:00']],
    ['New York, skipped', '15 2 * * *', 'America/New_York', '2026-03-07T12:00Z', ['2026-03-08T07:00', '2026-03-09T06:15']],
    ['New York, doubled', '15 1 * * *', 'America/New_York', '2026-10-31T12:00Z', ['2026-11-01T05:15', '2026-11-02T06:15']],
    ['Lord Howe skips half an hour', '15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T00:00Z', ['2026-10-03T15:30', '2026-10-04T15:15']],
    ['Lord Howe doubles half an hour', '45 1 * * *', 'Australia/Lord_Howe', '2026-04-04T00:00Z', ['2026-04-04T14:45', '2026-04-05T15:15']],
    ['St John\'s is half an hour off', '0 12 * * *', 'America/St_Johns', '2026-03-07T20:00Z', ['2026-03-08T14:30', '2026-03-09T14:30']],
    ['Kathmandu is three quarters off and never changes', '0 0 * * *', 'Asia/Kathmandu', '2026-03-28T00:00Z', ['2026-03-28T18:15', '2026-03-29T18:15']],
    ['Apia skipped a whole day', '0 12 * * *', 'Pacific/Apia', '2011-12-29T00:00Z', ['2011-12-29T22:00', '2011-12-30T22:00']],
    ['Casablanca changes for Ramadan', '0 12 * * *', 'Africa/Casablanca', '2026-02-14T00:00Z', ['2026-02-14T11:00', '2026-02-15T12:00']],
    ['UTC never changes', '30 2 * * *', 'UTC', '2026-03-28T12:00Z', ['2026-03-29T02:30', '2026-03-30T02:30']],
  ];
  for (const [what, cron, zone, after, expected] of rows) test(what, () => expect(times(schedule(cron, zone), after, expected.length)).toEqual(expected));
});

describe('a schedule that is none', () => {
  const rows: readonly [spec: ScheduleSpec, says: RegExp][] = [
    [{ crons: ['61 * * * *'] }, /^the schedule "61 \* \* \* \*" is none: Invalid value for minute: 61; write five fields/],
    [{ crons: ['0 * * *'] }, /is none: .*five.*; write five fields/],
    [{ crons: ['0 0 * * * *'] }, /is none: .*5 parts.*; write five fields/],
    [{ crons: ['@hourly', 'hourly'] }, /^the schedule "hourly" (is none|has L)/],
    [{ crons: ['0 0 31 2 *'] }, /names a day that never comes; mend its day-of-month or month/],
    [{ crons: ['0 0 30 FEB *'] }, /never comes/],
    [{ crons: ['0 0 L * *'] }, /has L, W, # or \+, which a CronJob does not know either/],
    [{ crons: ['0 0 15W * *'] }, /has L, W, #/],
    [{ crons: ['0 0 * * 1#2'] }, /has L, W, #/],
    [{ crons: ['*/0 * * * *'] }, /is none: .*stepping/],
    [{ crons: ['@every 90m'] }, /counts from nowhere: write the times, such as/],
    [{ crons: ['TZ=Europe/Berlin 0 0 * * *'] }, /names a time zone: write it into schedule\.timeZone/],
    [{ crons: ['CRON_TZ=UTC 0 0 * * *'] }, /write it into schedule\.timeZone/],
    [{ crons: ['@daily'], timeZone: 'Mars/Olympus' }, /^schedule\.timeZone "Mars\/Olympus" is no time zone: write one of the IANA database, such as Europe\/Berlin/],
  ];
  for (const [spec, says] of rows) test(JSON.stringify(spec), () => expect(parseSchedule(spec)).toEqual({ message: expect.stringMatching(says) as unknown }));
});

describe('the times that are due', () => {
  const minutely = schedule('* * * * *');
  const from = (after: string, until: string) => dueTimes(minutely, { after: new Date(after), until: new Date(until) });

  test('are none before the first', () => expect(from('2026-01-01T00:00:00Z', '2026-01-01T00:00:59Z')).toEqual({ count: 0 }));
  test('begin after the one moment and end with the other', () => {
    expect(from('2026-01-01T00:00:00Z', '2026-01-01T00:02:00Z')).toEqual({ latest: new Date('2026-01-01T00:02:00Z'), count: 2 });
  });
  test('are none where the clock went back', () => expect(from('2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z')).toEqual({ count: 0 }));
  test('of years are counted to a hundred and one, with the very latest', () => {
    expect(from('2016-01-01T00:00:00Z', '2026-01-01T00:00:30Z')).toEqual({ latest: new Date('2026-01-01T00:00:00Z'), count: 101 });
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
  for (const [zone, text] of rows) test(`${text} in ${zone}`, () => expect(formatScheduledTime(at, schedule('@daily', zone))).toBe(text));
  test('202607012205 in a name, wherever', () => expect(minuteSuffix(at)).toBe('202607012205'));
});

describe('for whatever schedule', () => {
  const field = (last: number) => fc.oneof(fc.constant('*'), fc.integer({ min: 1, max: last }).map(String), fc.integer({ min: 2, max: Math.min(last, 20) }).map((step) => `*/${step}`));
  const cron = fc.tuple(field(59), field(23), field(28), field(12), field(6)).map((fields) => fields.join(' '));
  const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu');
  const moment = fc.date({ min: new Date('2025-01-01T00:00:00Z'), max: new Date('2030-01-01T00:00:00Z'), noInvalidDate: true });
  const hours = fc.integer({ min: 1, max: 24 * 400 });

  test('times only go on, and what is due is what comes next again and again', () => {
    fc.assert(
      fc.property(fc.array(cron, { minLength: 1, maxLength: 3 }), zone, moment, hours, (crons, timeZone, after, span) => {
        const read = schedule(crons, timeZone);
        const until = new Date(after.getTime() + span * 3_600_000);
        const walked: Date[] = [];
        for (let at = nextTime(read, after); at && at <= until && walked.length <= 100; at = nextTime(read, at)) {
          expect(at.getTime()).toBeGreaterThan(walked.at(-1)?.getTime() ?? after.getTime());
          expect(at.getTime() % 60_000).toBe(0);
          walked.push(at);
        }
        const { latest, count } = dueTimes(read, { after, until });
        expect(count).toBe(walked.length);
        if (count <= 100) expect(latest).toEqual(walked.at(-1));
        expect((latest ?? after) <= until).toBe(true);
        const following = nextTime(read, latest ?? after);
        if (following) expect(following > until).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
