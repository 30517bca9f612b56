/**
 * Every error of the API: its code, which never changes its meaning, and its HTTP status. docs/reference/api.md lists
 * them; a test compares.
 */
export const problemCodes = {
  InvalidRequest: {
    status: 400,
    means: 'A parameter, the path or the body does not match the OpenAPI document; `field` names the part.',
  },
  InvalidCursor: { status: 400, means: 'The cursor is invalid: start again without one.' },
  Unauthenticated: {
    status: 401,
    means: 'The request has no token, or one that the cluster does not accept: send `Authorization: Bearer <token>`.',
  },
  Forbidden: {
    status: 403,
    means: "The token's user may not do that in the namespace; the message names the missing right.",
  },
  ReadingToken: {
    status: 403,
    means:
      'The token is for reading only (`api.audience`), and this takes one that the API server accepts: a change, or a log that is still in its pods. Send one, for example of `kubectl create token NAME` without `--audience`.',
  },
  NamespaceNotFound: { status: 404, means: 'The namespace does not exist.' },
  TaskNotFound: { status: 404, means: 'The task does not exist in the namespace.' },
  RunNotFound: { status: 404, means: 'The run does not exist in the namespace or in the archive.' },
  RouteNotFound: { status: 404, means: 'The route does not exist; see /api/v1/openapi.json.' },
  NoLogs: { status: 404, means: 'The run has no logs: its pods are gone, and the archive has no logs of it.' },
  NameTaken: { status: 409, means: 'A run with this name exists: choose another name, or leave it out.' },
  RunFinished: { status: 409, means: 'The run has already ended, so it cannot be cancelled or resumed.' },
  NotRetriable: {
    status: 409,
    means:
      'The run cannot be retried: it is active, has succeeded, or its snapshot no longer exists. A TaskRun that asks for it in vain, by `spec.retryOf`, fails with the reason `NotRetryable`.',
  },
  BodyTooLarge: { status: 413, means: 'The body is larger than 256 KiB.' },
  NotJson: { status: 415, means: 'The body is not JSON: send `Content-Type: application/json`.' },
  Refused: { status: 422, means: 'The cluster refused the change; the message quotes it.' },
  TooManyRequests: {
    status: 429,
    means:
      'Too many requests in the last minute, or too many tokens or questions about rights of yours wait to be checked: see `Retry-After`, or wait a few seconds.',
  },
  TooManyStreams: { status: 429, means: 'Too many logs are being read at the same time: close some.' },
  Internal: { status: 500, means: 'A bug in the controller; its log has more, under the request id.' },
  ArchiveUnavailable: {
    status: 503,
    means: 'The archive cannot be reached now, and without it the answer would be wrong.',
  },
  ClusterUnavailable: { status: 503, means: 'The API server of the cluster does not answer now.' },
  Timeout: { status: 504, means: 'The answer took longer than 30 seconds.' },
} as const;

export type ProblemCode = keyof typeof problemCodes;

/** An error that the client gets as the answer. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly code: ProblemCode;
  /** The parameter or field that was refused. */
  readonly field: string | undefined;

  constructor(
    code: ProblemCode,
    message: string,
    options: ErrorOptions & { readonly field?: string | undefined } = {},
  ) {
    super(message, options);
    this.code = code;
    this.field = options.field;
  }

  get status(): number {
    return problemCodes[this.code].status;
  }
}
