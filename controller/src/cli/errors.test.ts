import { describe, expect, it } from 'vitest';
import { ApiError } from '../kube/api-error.ts';
import { CliError, explain, TimedOut, UsageError } from './errors.ts';
import { Interrupted } from './io.ts';

const target = {
  verb: 'get',
  resource: 'tasks.task.oam.dev',
  kind: 'Task',
  namespace: 'prod',
  name: 'mytask',
} as const;
const answer = (status: number, message: string, reason = 'Whatever') =>
  new ApiError(target, { status, reason, message });

describe('an error', () => {
  it.for<[error: Error, exitCode: number, sentence: string | RegExp]>([
    [new CliError('no'), 1, 'no'],
    [new UsageError('say which'), 2, 'say which'],
    [new TimedOut('it continues'), 124, 'it continues'],
    [new Interrupted('SIGINT'), 130, ''],
    [
      answer(0, 'connect ECONNREFUSED 127.0.0.1:6443', 'Unreachable'),
      1,
      'the API server cannot be reached: connect ECONNREFUSED 127.0.0.1:6443; check --kubeconfig and --context',
    ],
    [
      answer(0, 'HTTP protocol is not allowed when skipTLSVerify is not set or false', 'Unreachable'),
      1,
      /^the kubeconfig names a server without TLS/,
    ],
    [answer(401, 'Unauthorized'), 1, /log in again/],
    [
      answer(404, 'tasks.task.oam.dev "mytask" not found', 'NotFound'),
      1,
      'Task mytask does not exist in namespace prod',
    ],
    [
      answer(404, 'the server could not find the requested resource', 'NotFound'),
      1,
      /^the cluster has no kind Task: enable the addon first/,
    ],
    [
      answer(403, 'tasks.task.oam.dev is forbidden: User "eve" cannot get it', 'Forbidden'),
      1,
      /^you may not get Tasks in namespace prod \(tasks.task.oam.dev is forbidden: User "eve" cannot get it\): ask for the role task-runs-view/,
    ],
    [
      answer(
        403,
        "ValidatingAdmissionPolicy 'taskruns.task-runs' with binding 'x' denied request: leave it out",
        'Forbidden',
      ),
      1,
      'leave it out',
    ],
    [
      answer(422, 'Task.task.oam.dev "mytask" is invalid: spec.suspend: must be boolean', 'Invalid'),
      1,
      /^Task mytask was refused: .*must be boolean$/,
    ],
    [answer(500, 'etcd is full'), 1, /refused to get Task prod\/mytask \(500 Whatever\): etcd is full$/],
    [new Error('anything'), 1, 'anything'],
  ])('"%s" is accepted sentence', ([error, exitCode, sentence]) => {
    const explained = explain(error);
    expect(explained.exitCode).toBe(exitCode);
    if (typeof sentence === 'string') expect(explained.sentence).toBe(sentence);
    else expect(explained.sentence).toMatch(sentence);
    expect(explained.sentence).not.toContain('\n');
  });
});
