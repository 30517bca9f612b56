import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamLimit } from './stream-limit.ts';

describe('the limit of logs that are read at once', () => {
  it('lets one person read a number of logs, and tells them when they ask for more', () => {
    const limit = new StreamLimit({ all: 10, each: 2 });
    const first = limit.take('ann');
    limit.take('ann');
    expect(() => limit.take('ann')).toThrow('you already read 2 logs');
    limit.take('bob');
    first();
    limit.take('ann');
  });

  it('limits the logs of all people together', () => {
    const limit = new StreamLimit({ all: 2, each: 2 });
    limit.take('ann');
    const end = limit.take('bob');
    expect(() => limit.take('eve')).toThrow('2 logs are being read already');
    end();
    limit.take('eve');
  });

  it('counts a released place once, however often it is released', () => {
    const limit = new StreamLimit({ all: 2, each: 1 });
    const end = limit.take('ann');
    limit.take('bob');
    end();
    end();
    limit.take('ann');
    expect(() => limit.take('eve')).toThrow('2 logs are being read already');
  });

  it('admits exactly what a plain count of the open ones admits', () => {
    const people = ['ann', 'bob', 'eve'];
    const steps = fc.array(fc.record({ person: fc.constantFrom(...people), takes: fc.boolean() }), { maxLength: 80 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 4 }), (all, total, each) => {
        const limit = new StreamLimit({ all: total, each });
        const open: { readonly person: string; readonly end: () => void }[] = [];
        for (const { person, takes } of all) {
          if (!takes) {
            const at = open.findIndex((one) => one.person === person);
            if (at >= 0) open.splice(at, 1)[0]?.end();
            continue;
          }
          const fits = open.length < total && open.filter((one) => one.person === person).length < each;
          if (fits) open.push({ person, end: limit.take(person) });
          else expect(() => limit.take(person)).toThrow();
        }
      }),
    );
  });
});
