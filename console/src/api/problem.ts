import type { Problem } from '../../../controller/src/api/schemas.ts';

/** What the server refused, or why it could not be reached. */
export class ApiError extends Error {
  /** The stable code of the refusal; `Unreachable` without an answer. */
  readonly code: string;
  readonly status: number;
  readonly field: string | undefined;

  constructor(message: string, { code, status, field }: { code: string; status: number; field?: string | undefined }) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.field = field;
  }
}

/** Parses a refusal. A proxy between server and browser may also answer, in its own format. */
export async function problemOf(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => undefined);
  const { status } = response;
  if (!isProblem(body))
    return new ApiError(`The server answered with status ${status}.`, { code: `Http${status}`, status });
  return new ApiError(body.error.message, { code: body.error.code, status, field: body.error.field });
}

function isProblem(body: unknown): body is Problem {
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
  return typeof error === 'object' && error !== null && 'code' in error && 'message' in error;
}

/** There was no answer: the server or the network is down. */
export function unreachable(cause: unknown): ApiError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ApiError(`The server does not answer (${reason}).`, { code: 'Unreachable', status: 0 });
}
