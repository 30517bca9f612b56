/** Schedules as nobody would write them: they are read or refused in a sentence, and neither takes long. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fuzz } from '../../kube/testing/fuzz.ts';
import { dueTimes, isScheduleError, nextTimes, parseSchedule } from './cron.ts';

const number = fc.oneof(
  fc.nat(70).map(String),
  fc.constantFrom('-1', '1e3', '00', '999999999999999999999', '٣', '0x1'),
);
const word = fc.constantFrom(
  '*',
  '?',
  'L',
  'W',
  '#',
  '@',
  'mon',
  'JAN',
  'feb',
  '',
  ' ',
  '\t',
  '\u0000',
  'TZ=UTC',
  '~',
  'ß',
);
const part = fc.oneof(
  number,
  word,
  fc.tuple(number, number).map(([from, to]) => `${from}-${to}`),
  fc.tuple(fc.oneof(number, word), number).map(([start, step]) => `${start}/${step}`),
);
const field = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(','));
const cron = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(field, field, field, field, field).map((fields) => fields.join(' ')) },
  { weight: 1, arbitrary: fc.array(field, { maxLength: 8 }).map((fields) => fields.join(' ')) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('@daily', '@every 5m', '@reboot', '@annually', '@', '@@hourly', ' @weekly '),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 60, unit: 'binary' }) },
  // As long as the CRD lets it be, and longer.
  {
    weight: 1,
    arbitrary: fc.tuple(part, fc.constantFrom(',', ' ', '/', '-')).map(([one, by]) => `${one}${by}`.repeat(500)),
  },
);
const timeZone = fc.oneof(
  fc.constantFrom(undefined, 'UTC', 'Europe/Berlin', 'Pacific/Apia', 'Australia/Lord_Howe', 'europe/berlin'),
  fc.constantFrom('', '+01:00', 'Etc/GMT+14', '../UTC', 'constructor', '\u0000'),
  fc.string({ maxLength: 20, unit: 'binary' }),
);
const moment = fc.date({ min: new Date('1970-01-01'), max: new Date('2200-01-01'), noInvalidDate: true });

test('any text is a schedule or a sentence about what is wrong with it, and asking it for times ends soon', async () => {
  await fuzz(
    'cron',
    fc.tuple(fc.array(cron, { maxLength: 3 }), timeZone, moment),
    ([crons, zone, now]) => {
      const schedule = parseSchedule({ crons, ...(zone !== undefined && { timeZone: zone }) });
      if (isScheduleError(schedule)) {
        expect(schedule.message).toMatch(/^(the schedule|schedule\.timeZone) "/);
      } else {
        const times = nextTimes(schedule, now, 5).map(Number);
        expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
        for (const time of times) expect(time).toBeGreaterThan(Number(now));
        const { count } = dueTimes(schedule, { after: new Date(0), until: now });
        expect(count).toBeLessThanOrEqual(101);
      }
    },
    { usual: 400, most: 5_000 },
  );
});
