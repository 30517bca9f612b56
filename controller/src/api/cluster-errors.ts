import type { ApiError } from '../kube/api-error.ts';
import { ApiProblem } from './problems.ts';

/** Translates an error of the API server into one of the API's own. */
export function clusterProblem(error: ApiError): ApiProblem {
  const cause = { cause: error };
  if (error.status === 0)
    return new ApiProblem(
      'ClusterUnavailable',
      `the API server of the cluster cannot be reached: ${error.serverMessage}; try again`,
      cause,
    );
  if (error.status === 403) return new ApiProblem('Forbidden', wordsOf(error), cause);
  if (error.status === 401)
    return new ApiProblem('Unauthenticated', 'the cluster no longer accepts this token: get another', cause);
  if (error.status === 409)
    return new ApiProblem(
      'NameTaken',
      `a run with this name exists in namespace ${error.namespace ?? ''}: choose another name, or leave it out`,
      cause,
    );
  if (error.status === 429)
    return new ApiProblem(
      'TooManyRequests',
      'the API server of the cluster is busy: try again in a few seconds',
      cause,
    );
  if (error.status >= 400 && error.status < 500) return new ApiProblem('Refused', reasonsOf(error), cause);
  return new ApiProblem('ClusterUnavailable', error.message, cause);
}

/** RBAC's refusal names the missing right; an admission policy's refusal says what to do. */
function wordsOf({ serverMessage }: ApiError): string {
  return /^.*denied request: (.*)$/s.exec(serverMessage)?.[1] ?? serverMessage;
}

function reasonsOf({ details, serverMessage }: ApiError): string {
  const messages = details.map(({ field, message }) =>
    [field, message].filter((part) => part !== undefined && part !== '' && part !== '<nil>').join(': '),
  );
  return messages.length === 0 ? serverMessage : messages.join('; ');
}
