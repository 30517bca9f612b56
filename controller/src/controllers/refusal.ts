import type { Refusal } from '../domain/state.ts';
import { ApiError } from '../kube/api-error.ts';

/** 400 is a field that does not exist or does not parse, 422 one that is invalid: the same object is refused for ever. */
const finalStatuses = new Set([400, 422]);
/** 403 is a quota, an admission policy or missing rights; 409 somebody else's object under both of our names. */
const passingStatuses = new Set([403, 409]);

/**
 * What the API server's refusal to create an object means to its run; undefined for errors that say nothing about the object
 * (no connection, overload), which are simply tried again.
 */
export function refusalOf(error: unknown, object: Refusal['object'], run: string): Omit<Refusal, 'retryAt'> | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const final = finalStatuses.has(error.status);
  if (!final && !passingStatuses.has(error.status)) return undefined;
  return { object, run, reason: reasonOf(error), message: messageOf(error, object, run), final };
}

function reasonOf(error: ApiError): string {
  if (/exceeded quota/.test(error.serverMessage)) return 'QuotaExceeded';
  return error.status === 400 ? 'Invalid' : error.reason;
}

function messageOf(error: ApiError, object: Refusal['object'], run: string): string {
  const remedy = finalStatuses.has(error.status) ? '; mend the Application and deploy it again' : '';
  return `${object} ${run} was refused: ${error.serverMessage}${remedy}`;
}
