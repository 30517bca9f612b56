import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamLimit } from './stream-limit.ts';

const nothing = () => undefined;

describe('the limit of logs that are read at once', () => {
  it('lets one person read a number of logs, and tells them when they ask for more', () => {
    const limit = new StreamLimit({ all: 10, each: 2 });
    const first = limit.take('ann', nothing);
    limit.take('ann', nothing);
    expect(() => limit.take('ann', nothing)).toThrow('you already read 2 logs');
    limit.take('bob', nothing);
    first();
    limit.take('ann', nothing);
  });

  it('limits the logs of all people together', () => {
    const limit = new StreamLimit({ all: 2, each: 2 });
    limit.take('ann', nothing);
    const end = limit.take('bob', nothing);
    expect(() => limit.take('eve', nothing)).toThrow('2 logs are being read already');
    end();
    limit.take('eve', nothing);
  });

  it('counts a released place once, however often it is released', () => {
    const limit = new StreamLimit({ all: 2, each: 1 });
    const end = limit.take('ann', nothing);
    limit.take('bob', nothing);
    end();
    end();
    limit.take('ann', nothing);
    expect(() => limit.take('eve', nothing)).toThrow('2 logs are being read already');
  });

  it('gives somebody who reads nothing the place of the newest log of whoever reads most', () => {
    const limit = new StreamLimit({ all: 5, each: 4 });
    const ended: string[] = [];
    const take = (person: string, name: string) => limit.take(person, () => ended.push(name));
    take('bob', 'b1');
    for (const name of ['e1', 'e2', 'e3', 'e4']) take('eve', name);
    take('ann', 'a1');
    expect(ended).toEqual(['e4']);
    // Eve has three, and gets no place back for it.
    expect(() => take('eve', 'e5')).toThrow('5 logs are being read already');
    take('ann', 'a2');
    expect(ended).toEqual(['e4', 'e3']);
    expect(() => take('ann', 'a3')).toThrow('5 logs are being read already');
  });

  it('lets everybody read a log for whom there is a place, whatever the others take', () => {
    const people = ['ann', 'bob', 'eve', 'joe'];
    const steps = fc.array(fc.record({ person: fc.constantFrom(...people), takes: fc.boolean() }), { maxLength: 80 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 4, max: 8 }), fc.integer({ min: 1, max: 6 }), (all, total, each) => {
        const limit = new StreamLimit({ all: total, each });
        const open = new Set<{ readonly person: string; readonly release: () => void }>();
        const of = (person: string) => [...open].filter((one) => one.person === person);
        for (const { person, takes } of all) {
          if (!takes) {
            const [one] = of(person);
            one?.release();
            if (one) open.delete(one);
            continue;
          }
          const [before, isFull] = [of(person).length, open.size === total];
          let release: (() => void) | undefined;
          try {
            release = limit.take(person, () => open.delete(one));
          } catch {
            // There are as many places as people, so whoever has none gets one.
          }
          const one = { person, release: () => release?.() };
          if (release) open.add(one);
          if (before >= each) expect(release).toBeUndefined();
          else if (before === 0 || !isFull) expect(release).toBeDefined();
          expect(open.size).toBeLessThanOrEqual(total);
        }
      }),
    );
  });
});
