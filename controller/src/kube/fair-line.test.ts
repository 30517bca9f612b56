import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairLine } from './fair-line.ts';

/** All keys in the order of their turns. */
function turns(line: FairLine, now: number): string[] {
  const taken: string[] = [];
  for (let turn = line.take(now); turn; turn = line.take(now)) taken.push(turn[0]);
  return taken;
}

describe('keys that wait for their turn', () => {
  it('of one lane have it in the order they came', () => {
    const line = new FairLine(10);
    for (const key of ['a', 'b', 'a', 'c']) line.add('x', key, false, 0);
    expect([line.size, turns(line, 0), line.size]).toEqual([3, ['a', 'b', 'c'], 0]);
  });

  it('of another lane have it after one key of those that came before, however many there are', () => {
    const line = new FairLine(10);
    for (let nth = 0; nth < 2_000; nth += 1) line.add('flood', `flood-${nth}`, false, 0);
    for (const key of ['mine-1', 'mine-2']) line.add('mine', key, false, 5);
    expect(turns(line, 5).slice(0, 5)).toEqual(['flood-0', 'mine-1', 'flood-1', 'mine-2', 'flood-2']);
  });

  it('do not come earlier because their lane was empty for a while', () => {
    const line = new FairLine(10);
    for (const key of ['a-1', 'a-2', 'a-3']) line.add('a', key, false, 0);
    line.add('b', 'b-1', false, 0);
    expect([line.take(0)?.[0], line.take(0)?.[0]]).toEqual(['a-1', 'b-1']);
    line.add('b', 'b-2', false, 1);
    expect(turns(line, 1)).toEqual(['a-2', 'b-2', 'a-3']);
  });

  it('are put off where they are patient, also behind a flood of another lane, for so long and no longer', () => {
    const line = new FairLine(10);
    line.add('mine', 'report', true, 0);
    for (let nth = 0; nth < 100; nth += 1) line.add('flood', `flood-${nth}`, false, 0);
    expect([line.take(9)?.[0], line.take(9)?.[0], line.take(10)?.[0]]).toEqual(['flood-0', 'flood-1', 'report']);
  });

  it('have it by themselves if all are patient', () => {
    const line = new FairLine(10);
    for (const lane of ['a', 'b']) for (const nth of [1, 2]) line.add(lane, `${lane}-${nth}`, true, 0);
    expect(turns(line, 0)).toEqual(['a-1', 'b-1', 'a-2', 'b-2']);
  });

  it('wait once, are counted, and can be taken out, whatever is done in whichever order', () => {
    const move = fc.record({
      do: fc.constantFrom('add' as const, 'add' as const, 'patient' as const, 'delete' as const, 'take' as const),
      key: fc.nat(9),
    });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
        const line = new FairLine(3);
        const waiting = new Map<string, boolean>();
        moves.forEach(({ do: what, key: nth }, now) => {
          const [lane, key] = [String(nth % 3), String(nth)];
          if (what === 'take') {
            const taken = line.take(now)?.[0];
            expect(taken === undefined).toBe(waiting.size === 0);
            waiting.delete(taken ?? '');
          } else if (what === 'delete') {
            line.delete(lane, key);
            waiting.delete(key);
          } else {
            line.add(lane, key, what === 'patient', now);
            waiting.set(key, what === 'patient' && (waiting.get(key) ?? true));
          }
          expect(line.size).toBe(waiting.size);
          expect(line.urgent).toBe([...waiting.values()].filter((isPatient) => !isPatient).length);
        });
        expect(new Set(turns(line, Infinity))).toEqual(new Set(waiting.keys()));
      }),
    );
  });
});
