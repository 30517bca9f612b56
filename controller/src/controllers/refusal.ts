import { kubernetesReasons, reasons } from '../domain/model/reasons.ts';
import { ApiError, isTooLarge } from '../kube/api-error.ts';
import type { Refusal } from '../domain/model/memory.ts';

/**
 * 400 is a field that does not exist or does not parse, 413 an object that is too large, 422 one that is invalid: the
 * same object is always refused.
 */
const finalStatuses = new Set([400, 413, 422]);
/** 403 is a quota, an admission policy or missing rights; 409 somebody else's object under both of our names. */
const passingStatuses = new Set([403, 409]);
/**
 * An admission policy or webhook, recognized by its message, because it can answer with any status: a
 * ValidatingAdmissionPolicy with 422 by default, a webhook with any code, and an unreachable one with 500. What it
 * forbids now it may allow later.
 */
const admission = /^\S+ ".*" is forbidden: |^admission webhook |failed calling webhook /;

/** What was refused. */
export type Refused = Pick<Refusal, 'object' | 'run' | 'step' | 'isReturn'>;

/**
 * What the API server's refusal to create an object means for its run; undefined for errors that are not about the
 * object (no connection, overload), which are simply retried.
 */
export function refusalOf(error: unknown, refused: Refused): Omit<Refusal, 'retryAt'> | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const byAdmission = admission.test(error.serverMessage);
  const final = (finalStatuses.has(error.status) || isTooLarge(error)) && !byAdmission;
  if (!final && !byAdmission && !passingStatuses.has(error.status)) return undefined;
  const remedy = final ? '; fix the Application and deploy it again' : '';
  const { object, run, step } = refused;
  return {
    ...refused,
    reason: isTooLarge(error) ? reasons.tooLarge : reasonOf(error, byAdmission),
    message: `${object} ${step === undefined ? run : `of step ${step}`} was refused: ${error.serverMessage}${remedy}`,
    final,
  };
}

function reasonOf({ serverMessage, status, reason }: ApiError, byAdmission: boolean): string {
  if (/exceeded quota/.test(serverMessage)) return reasons.quotaExceeded;
  if (byAdmission && status < 500) return kubernetesReasons.forbidden;
  return status === 400 ? kubernetesReasons.invalid : reason;
}
