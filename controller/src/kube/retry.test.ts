import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verb } from './api-error.ts';
import { backoffMs, MAX_ATTEMPTS, retryDelayMs, shouldRetry, type FailedAttempt } from './retry.ts';

const failed = (over: Partial<FailedAttempt>): FailedAttempt => ({
  verb: 'get',
  attempts: 1,
  status: 0,
  neverSent: false,
  idempotent: true,
  ...over,
});

describe('shouldRetry', () => {
  const rows: [string, Partial<FailedAttempt>, boolean][] = [
    ['a read whose connection broke', {}, true],
    ['a create whose connection broke: it may have been done', { verb: 'create', idempotent: false }, false],
    ['a create whose connection was refused', { verb: 'create', idempotent: false, neverSent: true }, true],
    [
      'a create turned away by priority and fairness',
      { verb: 'create', idempotent: false, status: 429, retryAfterSeconds: 1 },
      true,
    ],
    ['a delete that is to be tried later', { verb: 'delete', status: 503, retryAfterSeconds: 1 }, true],
    [
      'a create that is to be tried later',
      { verb: 'create', idempotent: false, status: 503, retryAfterSeconds: 1 },
      false,
    ],
    ['a 500 without Retry-After', { status: 500 }, false],
    ['a conflict', { verb: 'update', status: 409 }, false],
    ['an invalid object', { verb: 'update', status: 422 }, false],
    ['a server that asks for ten minutes', { status: 503, retryAfterSeconds: 600 }, false],
  ];
  it.each(rows)('%s', (_name, over, again) => expect(shouldRetry(failed(over))).toBe(again));

  it('ends for every failure', () => {
    const verbs: Verb[] = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];
    fc.assert(
      fc.property(
        fc.constantFrom(...verbs),
        fc.nat(600),
        fc.boolean(),
        fc.boolean(),
        (verb, status, neverSent, idempotent) => {
          expect(shouldRetry({ verb, status, neverSent, idempotent, attempts: MAX_ATTEMPTS })).toBe(false);
        },
      ),
    );
  });
});

describe('retryDelayMs', () => {
  it('doubles, and adds up to a half', () => {
    expect([1, 2, 3, 4].map((attempts) => retryDelayMs({ attempts }, () => 0))).toEqual([100, 200, 400, 800]);
    expect([1, 2, 3, 4].map((attempts) => retryDelayMs({ attempts }, () => 1))).toEqual([150, 300, 600, 1_200]);
  });
  it('never comes back earlier than the server asked', () => {
    expect(retryDelayMs({ attempts: 1, retryAfterSeconds: 3 }, () => 0)).toBe(3_000);
  });
});

describe('backoffMs', () => {
  it('stays between half the first and the longest delay, however often it failed', () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
        const ms = backoffMs(failures, { firstMs: 200, longestMs: 30_000 }, () => random);
        expect(ms).toBeGreaterThanOrEqual(100);
        expect(ms).toBeLessThanOrEqual(30_000);
      }),
    );
  });
});
