import { messageOf } from '../domain/lang/words.ts';
import { ApiError } from '../kube/api-error.ts';
import { Interrupted } from './io.ts';

/**
 * The process' exit codes. `run --wait` exits with the task's own code instead of `failed`, and `plan
 * --detailed-exitcode` with `runsStart`.
 */
export const exitCodes = { ok: 0, failed: 1, usage: 2, runsStart: 3, timedOut: 124, interrupted: 130 } as const;

/** Something that could not be done: one sentence, with what to do about it. */
export class CliError extends Error {
  override readonly name: string = 'CliError';
  readonly exitCode: number = exitCodes.failed;
}

/** The command line is wrong. */
export class UsageError extends CliError {
  override readonly name = 'UsageError';
  override readonly exitCode = exitCodes.usage;
}

/** What the command waited for did not happen in time. */
export class TimedOut extends CliError {
  override readonly name = 'TimedOut';
  override readonly exitCode = exitCodes.timedOut;
}

/** Any error as one sentence and the exit code. An interruption has no message. */
export function explain(error: unknown): { readonly sentence: string; readonly exitCode: number } {
  if (error instanceof Interrupted) return { sentence: '', exitCode: exitCodes.interrupted };
  if (error instanceof CliError) return { sentence: error.message, exitCode: error.exitCode };
  if (error instanceof ApiError) return { sentence: apiSentence(error), exitCode: exitCodes.failed };
  return { sentence: messageOf(error), exitCode: exitCodes.failed };
}

function apiSentence(error: ApiError): string {
  const { status, kind, namespace, objectName: name, serverMessage } = error;
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  switch (status) {
    case 0:
      return unreachableSentence(serverMessage);
    case 401:
      return 'the API server does not know you (401): log in again, or choose another --kubeconfig or --context';
    case 403:
      return forbiddenSentence(error);
    case 404:
      return isKindMissing(error)
        ? `the cluster has no kind ${kind}: enable the addon first (vela addon enable task-runs)`
        : `${kind} ${name ?? ''} does not exist${where}`;
    case 422:
      return `${kind} ${name ?? ''} was refused: ${reasonsOf(error)}`;
    default:
      return error.message;
  }
}

/** client-node does not send over http what is meant for the API server, unless it is told that nothing is verified. */
function unreachableSentence(message: string): string {
  if (message.startsWith('HTTP protocol is not allowed'))
    return 'the kubeconfig names a server without TLS: write https://, or insecure-skip-tls-verify: true beside it';
  return `the API server cannot be reached: ${message}; check --kubeconfig and --context`;
}

/** Whether the kind itself is missing, and not only the object: the addon is not enabled. */
export function isKindMissing({ status, serverMessage }: ApiError): boolean {
  return status === 404 && serverMessage.includes('could not find the requested resource');
}

/** RBAC's refusals name the missing right; an admission policy's refusals say what to do. */
function forbiddenSentence({ verb, target, serverMessage }: ApiError): string {
  const policy = /^.*denied request: (.*)$/s.exec(serverMessage)?.[1];
  if (policy !== undefined) return policy;
  const { kind, resource, namespace, subresource } = target;
  const what = kind.startsWith('/') ? resource : `${kind}s${subresource === undefined ? '' : `/${subresource}`}`;
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  return `you may not ${verb} ${what}${where} (${serverMessage}): ask for the role task-runs-view to read, task-runs-run to run and cancel, or task-runs-edit for everything else`;
}

function reasonsOf({ details, serverMessage }: ApiError): string {
  const messages = details.map(({ field, message }) =>
    [field, message].filter((part) => part !== undefined && part !== '' && part !== '<nil>').join(': '),
  );
  return messages.length === 0 ? serverMessage : messages.join('; ');
}
