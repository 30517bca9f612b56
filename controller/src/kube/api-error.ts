/** The verbs of the Kubernetes API, as RBAC and audit logs name them. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

/** What a call was about; goes into its error, its metrics and its hooks. */
export interface CallTarget {
  verb: Verb;
  /** As {@link resourceName} gives it: `jobs.batch`. A bare path for calls that are about no kind. */
  resource: string;
  kind: string;
  namespace?: string | undefined;
  name?: string | undefined;
  subresource?: string | undefined;
}

/** One field that the API server refused. */
export interface StatusCause {
  field?: string;
  reason?: string;
  message?: string;
}

/** The part of metav1.Status that an error needs. */
export interface StatusBody {
  message?: string;
  reason?: string;
  code?: number;
  details?: { causes?: StatusCause[]; retryAfterSeconds?: number };
}

const LONGEST_FOREIGN_TEXT = 500;

/**
 * A call to the API server that did not succeed. `status` is the HTTP status, or 0 when no answer came: then `reason`
 * is `Unreachable` (no connection, or it broke) or `Timeout`, and `cause` is the original error.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** metav1.StatusReason, such as `AlreadyExists`; or `Unreachable`, `Timeout`. */
  readonly reason: string;
  /** The refused fields, for `Invalid`. */
  readonly details: readonly StatusCause[];
  readonly target: CallTarget;
  readonly retryAfterSeconds: number | undefined;
  /** The server's own words, without the sentence around them. */
  readonly serverMessage: string;

  constructor(
    target: CallTarget,
    answer: {
      status: number;
      reason: string;
      message: string;
      details?: readonly StatusCause[];
      retryAfterSeconds?: number | undefined;
    },
    options?: ErrorOptions,
  ) {
    super(sentence(target, answer), options);
    this.status = answer.status;
    this.reason = answer.reason;
    this.details = answer.details ?? [];
    this.target = target;
    this.retryAfterSeconds = answer.retryAfterSeconds;
    this.serverMessage = answer.message;
  }
  get verb(): Verb {
    return this.target.verb;
  }
  get kind(): string {
    return this.target.kind;
  }
  get namespace(): string | undefined {
    return this.target.namespace;
  }
  get objectName(): string | undefined {
    return this.target.name;
  }
}

function sentence(target: CallTarget, answer: { status: number; reason: string; message: string }): string {
  const place = [target.namespace, target.name].filter((part) => part !== undefined && part !== '').join('/');
  const what = `${target.verb} ${target.kind}${place === '' ? '' : ` ${place}`}${target.subresource === undefined ? '' : `'s ${target.subresource}`}`;
  return answer.status === 0
    ? `could not ${what}: ${answer.message}`
    : `the API server refused to ${what} (${answer.status} ${answer.reason}): ${answer.message}`;
}

/** Reads an error from a response's body, which is a Status, or (from a proxy in between) any text. */
export function errorFromResponse(target: CallTarget, status: number, text: string, retryAfter?: string): ApiError {
  const { reason = 'Unknown', message, details = {} } = parseStatus(text);
  return new ApiError(target, {
    status,
    reason,
    message: message ?? (text.trim().slice(0, LONGEST_FOREIGN_TEXT) || 'no reason given'),
    details: details.causes ?? [],
    retryAfterSeconds: secondsOf(retryAfter) ?? details.retryAfterSeconds,
  });
}

/** Reads the error that a watch carries in its stream: an event of type ERROR whose object is a Status. */
export function errorFromStatus(target: CallTarget, status: StatusBody): ApiError {
  return errorFromResponse(target, status.code ?? 500, JSON.stringify(status));
}

function parseStatus(text: string): StatusBody {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {}; // not the API server's own words
  }
}

function secondsOf(retryAfter: string | undefined): number | undefined {
  const seconds = Number(retryAfter);
  return retryAfter === undefined || !Number.isFinite(seconds) ? undefined : seconds;
}

const has =
  (status: number, ...reasons: string[]) =>
  (error: unknown): error is ApiError =>
    error instanceof ApiError && error.status === status && (reasons.length === 0 || reasons.includes(error.reason));

/** The object, or its whole kind, does not exist. */
export const isNotFound = has(404);
/** The name is taken. */
export const isAlreadyExists = has(409, 'AlreadyExists');
/** The object changed since it was read, or a precondition (uid, resourceVersion) did not hold. */
export const isConflict = has(409, 'Conflict');
/** Validation, or a CEL rule, refused a field; `details` names which. */
export const isInvalid = has(422);
export const isTooManyRequests = has(429);
/** RBAC, a quota or an admission policy said no. */
export const isForbidden = has(403);
/** The resourceVersion or continue token is too old: list again. */
export const isGone = has(410);
/** No answer came. */
export const isUnreachable = has(0);
/** No answer came, or one of an overloaded or failing server: the same call may succeed later. */
export function isUnavailable(error: unknown): error is ApiError {
  return error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500);
}
/** The object's namespace is being deleted: creating objects in it is always refused. */
export function isNamespaceTerminating(error: unknown): error is ApiError {
  return isForbidden(error) && error.details.some((cause) => cause.reason === 'NamespaceTerminating');
}
/** No answer came in time, or a watch fell silent for too long. */
export function isTimeout(error: unknown): error is ApiError {
  return isUnreachable(error) && error.reason === 'Timeout';
}
/**
 * The server has not yet reached this resourceVersion, which happens when etcd was restored from an older copy: list
 * again.
 */
export function isVersionTooLarge(error: unknown): error is ApiError {
  return error instanceof ApiError && error.details.some((cause) => cause.reason === 'ResourceVersionTooLarge');
}

const sizeRefusal = /request is too large|Request entity too large|trying to send message larger than max/i;
/**
 * The object is larger than the API server (413) or etcd takes, which answers with 500 or 400: the same object is
 * always refused.
 */
export function isTooLarge(error: unknown): error is ApiError {
  return error instanceof ApiError && (error.status === 413 || sizeRefusal.test(error.serverMessage));
}
/** A limit of the schema that a status was beyond; a JSON patch whose test failed is also answered with 422. */
export function isStatusInvalid(error: unknown): error is ApiError {
  return isInvalid(error) && error.details.some(({ field = '' }) => /^status\b/.test(field));
}

/** Statuses that say something about who asks, or how the API server is, and nothing about the object. */
const generalStatuses = new Set([401, 408, 429]);
/**
 * Whether the object itself is refused, so that a call about another one may succeed: any 4xx but those, and 500, to
 * which a webhook that cannot be reached leads, and an object that is too large for etcd.
 */
export function isAboutObject(error: unknown): error is ApiError {
  if (!(error instanceof ApiError)) return false;
  const { status } = error;
  return status === 500 || (status >= 400 && status < 500 && !generalStatuses.has(status));
}
