import { describe, expect, it } from 'vitest';
import {
  ApiError,
  errorFromResponse,
  isAlreadyExists,
  isConflict,
  isGone,
  isInvalid,
  isNamespaceTerminating,
  isNotFound,
  isUnavailable,
} from './api-error.ts';

const target = {
  verb: 'create',
  resource: 'jobs.batch',
  kind: 'Job',
  namespace: 'default',
  name: 'mytask-v3',
} as const;

describe('ApiError', () => {
  it('says in one sentence what was refused, where and why', () => {
    const error = errorFromResponse(
      target,
      409,
      JSON.stringify({ reason: 'AlreadyExists', message: 'jobs.batch "mytask-v3" already exists' }),
    );
    expect(error.message).toBe(
      'the API server refused to create Job default/mytask-v3 (409 AlreadyExists): jobs.batch "mytask-v3" already exists',
    );
    expect([isAlreadyExists(error), isConflict(error), isNotFound(error)]).toEqual([true, false, false]);
  });

  it.each([
    [0, true],
    [404, false],
    [409, false],
    [429, true],
    [500, true],
    [503, true],
  ])('of status %i may pass by itself: %s', (status, passes) => {
    expect(isUnavailable(errorFromResponse(target, status, '{}'))).toBe(passes);
  });

  it('carries the refused fields', () => {
    const causes = [{ field: 'spec.completions', reason: 'FieldValueInvalid', message: 'must be positive' }];
    const error = errorFromResponse(
      target,
      422,
      JSON.stringify({ reason: 'Invalid', message: 'no', details: { causes } }),
    );
    expect(isInvalid(error)).toBe(true);
    expect(error.details).toEqual(causes);
  });

  it('quotes at most 500 characters of what a proxy sent instead of a Status', () => {
    const error = errorFromResponse(target, 502, 'x'.repeat(10_000));
    expect(error.reason).toBe('Unknown');
    expect(error.serverMessage).toBe('x'.repeat(500));
  });

  it('survives a body that is JSON but no Status', () => {
    for (const text of ['null', '"nope"', '[]', '']) expect(errorFromResponse(target, 410, text).status).toBe(410);
    expect(isGone(errorFromResponse(target, 410, 'null'))).toBe(true);
  });

  it('prefers the Retry-After header and falls back to the details', () => {
    const body = JSON.stringify({ reason: 'TooManyRequests', details: { retryAfterSeconds: 7 } });
    expect(errorFromResponse(target, 429, body, '2').retryAfterSeconds).toBe(2);
    expect(errorFromResponse(target, 429, body).retryAfterSeconds).toBe(7);
    expect(errorFromResponse(target, 429, body, 'Fri, 01 Jan 2027 00:00:00 GMT').retryAfterSeconds).toBe(7);
  });

  it('knows a namespace that is being deleted from other refusals', () => {
    const causes = [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }];
    expect(
      isNamespaceTerminating(
        errorFromResponse(target, 403, JSON.stringify({ reason: 'Forbidden', details: { causes } })),
      ),
    ).toBe(true);
    expect(isNamespaceTerminating(errorFromResponse(target, 403, JSON.stringify({ reason: 'Forbidden' })))).toBe(false);
  });

  it('names the subresource, and what could not be reached', () => {
    const error = new ApiError(
      { ...target, verb: 'update', subresource: 'status' },
      { status: 0, reason: 'Unreachable', message: 'connect ECONNREFUSED' },
    );
    expect(error.message).toBe("could not update Job default/mytask-v3's status: connect ECONNREFUSED");
  });
});
