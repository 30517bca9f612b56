import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { TriedJob } from '../../domain/model/actions.ts';
import { aTask } from '../../domain/testing/builders.ts';
import { ApiError } from '../../kube/api-error.ts';
import { TaskMemory } from '../task-memory.ts';
import type { ApplyContext } from './context.ts';
import { tryJobs } from './look.ts';

const jobOf = (step: string): TriedJob => ({
  step,
  job: {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: `mytask-${step}`, namespace: 'default', labels: {}, ownerReferences: [] },
    spec: {},
  },
});

/** What is remembered once the API server has answered for the step `bad` with this. */
async function trialAfter(status: number, reason: string, message: string): Promise<[unknown, readonly unknown[]]> {
  const memory = new TaskMemory();
  const asked: unknown[] = [];
  const create = (_type: unknown, { metadata: { name } }: { metadata: { name: string } }, options: unknown) => {
    asked.push(name, options);
    const target = { verb: 'create', resource: 'jobs.batch', kind: 'Job', namespace: 'default', name } as const;
    return name === 'mytask-bad'
      ? Promise.reject(new ApiError(target, { status, reason, message }))
      : Promise.resolve();
  };
  const context = { client: { create }, memory, log: pino({ enabled: false }), task: aTask().build() };
  const jobs = ['good', 'bad', 'last'].map(jobOf);
  await tryJobs({ kind: 'tryJobs', generation: 7, jobs }, context as unknown as ApplyContext);
  return [memory.trial, asked];
}

test('the first Job that is invalid is remembered with its step, and no Job is created', async () => {
  const message = 'Job.batch "mytask-bad" is invalid: spec.template.spec.containers: Required value';
  const [trial, asked] = await trialAfter(422, 'Invalid', message);
  expect(trial).toEqual({
    generation: 7,
    problem: {
      reason: 'Invalid',
      message: `the Job of step bad would be refused: ${message}; fix the Application and deploy it again`,
    },
  });
  expect(asked).toEqual(['mytask-good', { dryRun: true }, 'mytask-bad', { dryRun: true }]);
});

test.each([
  [403, 'Forbidden', 'jobs.batch "mytask-bad" is forbidden: exceeded quota: jobs'],
  [409, 'AlreadyExists', 'jobs.batch "mytask-bad" already exists'],
  [400, 'BadRequest', 'admission webhook "x.example.com" does not support dry run'],
  [500, 'InternalError', 'Internal error occurred: failed calling webhook "x.example.com": no endpoints'],
])('%i %s says nothing of what will be: %s', async (status, reason, message) => {
  const [trial, asked] = await trialAfter(status, reason, message);
  expect(trial).toEqual({ generation: 7, problem: undefined });
  expect(asked).toContain('mytask-last');
});

test('an API server that cannot be reached is asked again', () =>
  expect(trialAfter(503, 'ServiceUnavailable', 'no')).rejects.toThrow('no'));
