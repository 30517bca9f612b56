import { describe, expect, it } from 'vitest';
import { LONGEST_TIMER_MS } from '../kube/clock.ts';
import { countArgument, durationArgument, envArgument, nameArgument, taskArgument, waitArgument } from './arguments.ts';

const second = 1_000;
const day = 86_400 * second;

describe('a duration', () => {
  it.for<[text: string, milliseconds: number]>([
    ['0s', 0],
    ['90s', 90 * second],
    ['10m', 600 * second],
    ['1h30m', 5_400 * second],
    ['7d', 7 * day],
    ['2w', 14 * day],
  ])('%s is %d ms', ([text, milliseconds]) => expect(durationArgument(text)).toBe(milliseconds));

  it.for(['', '7', 'd', '7 d', '-7d', '1.5h', '7d!', '1y', '9999999999d'])('"%s" is refused', (text) => {
    expect(() => durationArgument(text)).toThrow('Write a duration such as 90s, 10m, 1h30m, 7d or 2w.');
  });
  it('is a hundred years at most, so that there is a date so long ago', () => {
    expect(new Date(Date.now() - durationArgument('36500d')).toISOString()).toMatch(/^19/);
    expect(() => durationArgument('36500d1s')).toThrow('Write 36500d at most.');
    expect(() => durationArgument('999999999w')).toThrow('Write 36500d at most.');
  });
  it('is 24 days at most where the program waits: --timeout 30d ended at once', () => {
    expect(waitArgument('24d')).toBe(24 * day);
    expect(24 * day).toBeLessThanOrEqual(LONGEST_TIMER_MS);
    expect(() => waitArgument('24d1s')).toThrow('Write 24d at most.');
    expect(() => waitArgument('30d')).toThrow('Write 24d at most.');
  });
});

describe('a count', () => {
  it('is a whole number from 0', () => expect([countArgument('0'), countArgument('42')]).toEqual([0, 42]));
  it.for(['', '-1', '1.5', '1e3', '0x10', ' 1', '12345678901'])('"%s" is refused', (text) => {
    expect(() => countArgument(text)).toThrow('Write a whole number');
  });
});

describe('a variable', () => {
  it('is a name and everything after the first =, in the order given', () => {
    expect(envArgument('B==2 ', envArgument('A='))).toEqual([
      { name: 'A', value: '' },
      { name: 'B', value: '=2 ' },
    ]);
  });
  it.for(['', 'A', '=1'])('"%s" is refused', (text) => expect(() => envArgument(text)).toThrow('Write NAME=value.'));
});

describe('a name', () => {
  it.for(['a', 'mytask-v3', 'a.b-c', 'x'.repeat(253)])('"%s" is accepted', (text) =>
    expect(nameArgument(text)).toBe(text),
  );
  it.for(['', '..', '../x', 'a..b', 'A', 'a_b', '-a', 'a/b', 'a%2fb', 'a b', 'a\n', '<b>', 'x'.repeat(254)])(
    '"%s" is refused, so that it cannot change the path of the request',
    (text) => {
      expect(() => nameArgument(text)).toThrow('A name has only lower case letters');
    },
  );
});

describe('a task', () => {
  it.for(['mytask', 'app/mytask'])('"%s" is accepted', (text) => expect(taskArgument(text)).toBe(text));
  it.for(['', '/', 'a/', '/a', 'a/b/c', '../x', 'a/..', 'app=x/y'])('"%s" is refused', (text) =>
    expect(() => taskArgument(text)).toThrow(),
  );
});
