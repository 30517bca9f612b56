import { expect, test } from 'vitest';
import { ApiError } from '../kube/api-error.ts';
import { refusalOf } from './refusal.ts';

const answer = (status: number, reason: string, message: string) =>
  refusalOf(
    new ApiError(
      { verb: 'create', resource: 'jobs.batch', kind: 'Job', namespace: 'web', name: 'web-v1' },
      { status, reason, message },
    ),
    { object: 'Job', run: 'web-v1' },
  );

const rows: readonly [
  of: string,
  status: number,
  reason: string,
  message: string,
  refusal: { reason: string; final: boolean } | undefined,
][] = [
  [
    'a field that does not exist',
    400,
    'BadRequest',
    'strict decoding error: unknown field "spec.x"',
    { reason: 'Invalid', final: true },
  ],
  [
    'a value that is invalid',
    422,
    'Invalid',
    'Job.batch "web-v1" is invalid: spec.template.spec.containers: Required value',
    { reason: 'Invalid', final: true },
  ],
  [
    'a field that is forbidden',
    422,
    'Invalid',
    'Job.batch "web-v1" is invalid: spec.x: Forbidden: may not be set',
    { reason: 'Invalid', final: true },
  ],
  [
    'a quota',
    403,
    'Forbidden',
    'jobs.batch "web-v1" is forbidden: exceeded quota: little',
    { reason: 'QuotaExceeded', final: false },
  ],
  [
    'missing rights',
    403,
    'Forbidden',
    'jobs.batch is forbidden: User "x" cannot create resource "jobs"',
    { reason: 'Forbidden', final: false },
  ],
  [
    'an admission policy, which answers 422',
    422,
    'Invalid',
    `jobs.batch "web-v1" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no`,
    { reason: 'Forbidden', final: false },
  ],
  [
    'a webhook that answers 400',
    400,
    'BadRequest',
    'admission webhook "w.example.com" denied the request: no',
    { reason: 'Forbidden', final: false },
  ],
  [
    'a webhook that is down',
    500,
    'InternalError',
    'Internal error occurred: failed calling webhook "w.example.com": connection refused',
    { reason: 'InternalError', final: false },
  ],
  [
    "somebody else's object",
    409,
    'AlreadyExists',
    'jobs.batch "web-v1" already exists',
    { reason: 'AlreadyExists', final: false },
  ],
  ['an overload, which is not about the object', 429, 'TooManyRequests', 'try again', undefined],
  [
    'a failing server, which is not about the object either',
    500,
    'InternalError',
    'etcdserver: request timed out',
    undefined,
  ],
];
for (const [of, status, reason, message, refusal] of rows) {
  test(`the refusal of ${of}`, () => {
    const given = answer(status, reason, message);
    expect(given && { reason: given.reason, final: given.final }).toEqual(refusal);
    if (refusal)
      expect(given?.message).toBe(
        `Job web-v1 was refused: ${message}${refusal.final ? '; fix the Application and deploy it again' : ''}`,
      );
  });
}
