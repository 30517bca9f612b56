/**
 * Every error of the API: its code, which never changes its meaning, and its HTTP status. docs/reference/api.md lists them; a
 * test compares.
 */
export const problemCodes = {
  InvalidRequest: {
    status: 400,
    means: 'A parameter, a path or the body is not as the document says; `field` names it.',
  },
  InvalidCursor: { status: 400, means: 'The cursor was not made by this API: begin again without one.' },
  Unauthenticated: {
    status: 401,
    means: 'No token came, or one that the cluster does not know: send `Authorization: Bearer <token>`.',
  },
  Forbidden: {
    status: 403,
    means: "The token's user may not do that in the namespace; the message names the right that is missing.",
  },
  NamespaceNotFound: { status: 404, means: 'There is no such namespace.' },
  TaskNotFound: { status: 404, means: 'There is no such task in the namespace.' },
  RunNotFound: { status: 404, means: 'There is no such run in the namespace, nor in the archive.' },
  RouteNotFound: { status: 404, means: 'There is no such route; see /api/v1/openapi.json.' },
  NoLogs: { status: 404, means: 'The run has no logs: its pods are gone, and the archive has none of it.' },
  NameTaken: { status: 409, means: 'A run of that name exists: choose another name, or leave it out.' },
  RunFinished: { status: 409, means: 'The run has ended already, so it cannot be cancelled or resumed.' },
  NotRetriable: { status: 409, means: 'The run is active or has succeeded, or what it ran is not known any more.' },
  BodyTooLarge: { status: 413, means: 'The body is larger than 256 KiB.' },
  NotJson: { status: 415, means: 'The body is not JSON: send `Content-Type: application/json`.' },
  Refused: { status: 422, means: 'The cluster refused the change; the message has its words.' },
  TooManyRequests: { status: 429, means: 'Too many requests in the last minute: see `Retry-After`.' },
  TooManyStreams: { status: 429, means: 'Too many logs are being read at the same time: close some.' },
  Internal: { status: 500, means: 'A mistake of ours; the log of the controller has more, under the request id.' },
  ArchiveUnavailable: {
    status: 503,
    means: 'The archive cannot be asked just now, and without it the answer would be wrong.',
  },
  ClusterUnavailable: { status: 503, means: 'The API server of the cluster does not answer just now.' },
  Timeout: { status: 504, means: 'The answer took longer than 30 seconds.' },
} as const;

export type ProblemCode = keyof typeof problemCodes;

/** An error that is told to whoever asked. */
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
