import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TaskRun } from '../resources/index.ts';
import { bodyOf, recordOf } from './record.ts';

function aRun({ spec = {}, status = {} }: { readonly spec?: object; readonly status?: object } = {}): TaskRun {
  const metadata = {
    name: 'mytask-v3',
    namespace: 'prod',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
  };
  return {
    apiVersion: 'task.oam.dev/v1alpha1',
    kind: 'TaskRun',
    metadata,
    spec: { taskRef: { name: 'mytask' }, ...spec },
    status,
  } as unknown as TaskRun;
}

describe('the line of a run', () => {
  it('has its times, and how late and how long it was', () => {
    const spec = { trigger: { type: 'Schedule', value: '*/5 * * * *', scheduledTime: '2026-01-01T01:00:00+01:00' } };
    const status = {
      phase: 'Failed',
      reason: 'ExitCode',
      startTime: '2026-01-01T00:00:07Z',
      completionTime: '2026-01-01T00:01:09Z',
      attempts: 2,
      jobs: [
        { name: 'j', exitCode: 1 },
        { name: 'k', exitCode: 3 },
      ],
    };
    expect(recordOf(aRun({ spec, status }))).toMatchObject({
      phase: 'Failed',
      delaySeconds: 7,
      durationSeconds: 62,
      exitCode: 3,
      attempts: 2,
      shape: 'Job',
      trigger: { type: 'Schedule', scheduledTime: '2026-01-01T00:00:00.000Z' },
    });
  });

  it('has how long it waited in its queue, and since when it waits', () => {
    expect(
      recordOf(
        aRun({
          status: { phase: 'Succeeded', startTime: '2026-01-01T00:12:41Z', jobs: [{ name: 'j', waitedSeconds: 760 }] },
        }),
      ),
    ).toMatchObject({ waitedSeconds: 760 });
    expect(
      recordOf(aRun({ status: { phase: 'Queued', jobs: [{ name: 'j', queuedTime: '2026-01-01T00:00:01Z' }] } })),
    ).toMatchObject({ phase: 'Queued', queuedTime: '2026-01-01T00:00:01Z' });
  });

  it('says Pending and Manual for a run that no controller has seen', () => {
    expect(recordOf(aRun())).toMatchObject({ phase: 'Pending', trigger: { type: 'Manual' }, shape: 'Job' });
  });
});

describe("the rest of a run's record", () => {
  const secret = 'hunter2';
  const env = fc.oneof(
    fc.array(
      fc.oneof(
        fc.record({ name: fc.constant('A'), value: fc.constant(secret) }),
        fc.constant(`A=${secret}`),
        fc.constant({ name: 'B', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }),
      ),
      { maxLength: 3 },
    ),
    fc.dictionary(fc.constantFrom('A', 'B'), fc.constant(secret)),
    fc.constant(secret),
  );
  // Up to forty levels deep: more than any template, but nothing forbids it.
  const nested = fc
    .tuple(fc.array(fc.constantFrom('template', 'spec', 'containers', 0), { maxLength: 40 }), env)
    .map(([path, variables]) =>
      path.reduceRight<unknown>((inner, key) => (key === 0 ? [inner, 'beside'] : { [key]: inner, name: 'kept' }), {
        env: variables,
      }),
    );

  it('has no value of an environment variable at any place', () => {
    fc.assert(
      fc.property(nested, nested, (snapshot, overrides) => {
        expect(JSON.stringify(bodyOf(aRun({ spec: { snapshot, overrides } })))).not.toContain(secret);
      }),
      { numRuns: 500 },
    );
  });

  it('has their names, the source of a value, and everything else', () => {
    const container = {
      name: 'main',
      image: 'busybox',
      args: ['--fast'],
      env: [
        { name: 'A', value: secret },
        { name: 'B', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
      ],
    };
    const { snapshot } = bodyOf(aRun({ spec: { snapshot: { template: { spec: { containers: [container] } } } } }));
    expect(snapshot).toEqual({
      template: {
        spec: { containers: [{ ...container, args: ['…'], env: [{ name: 'A', value: '…' }, container.env[1]] }] },
      },
    });
  });

  it('has no value of an item, a matrix, an argument or a template parameter, and all their names', () => {
    const volumes = [{ name: 'c', configMap: { name: 'c', items: [{ key: 'a', path: 'b' }] } }];
    const body = bodyOf(
      aRun({
        spec: {
          snapshot: {
            template: { spec: { volumes, containers: [{ name: 'main', args: [`--password=${secret}`] }] } },
            items: [{ name: 'a', token: secret, deep: { list: [secret, 1] } }, { token: secret }],
            matrix: { key: [secret, 'b'] },
            steps: [{ name: 's', templateRef: { name: 't', parameters: { token: secret }, args: [secret] } }],
            hash: 'h',
          },
          overrides: { args: [`--token=${secret}`] },
        },
      }),
    );
    expect(JSON.stringify(body)).not.toContain(secret);
    expect(body).toMatchObject({
      snapshot: {
        template: { spec: { volumes, containers: [{ name: 'main', args: ['…'] }] } },
        items: [{ name: 'a', token: '…', deep: { list: ['…', '…'] } }, { token: '…' }],
        matrix: { key: ['…', '…'] },
        steps: [{ name: 's', templateRef: { name: 't', parameters: { token: '…' }, args: ['…'] } }],
        hash: 'h',
      },
      overrides: { args: ['…'] },
    });
  });

  it("has a step's dependencies and its own queue in addition to its row", () => {
    const { jobs } = bodyOf(
      aRun({
        spec: { snapshot: { steps: [{ name: 'a' }, { name: 'b', dependsOn: ['a'], queue: { name: 'fast' } }] } },
        status: { jobs: [{ step: 'a' }, { step: 'b' }, { step: 'gone' }] },
      }),
    );
    expect(jobs).toEqual([
      { step: 'a', dependsOn: [] },
      { step: 'b', dependsOn: ['a'], queue: { name: 'fast' } },
      { step: 'gone' },
    ]);
  });

  it('has the queue, and what each Job of it waited there', () => {
    const queue = { name: 'nightly', priorityClass: 'urgent' };
    const { snapshot, jobs } = bodyOf(
      aRun({
        spec: { snapshot: { template: {}, queue, queueTimeoutSeconds: 60 } },
        status: { jobs: [{ name: 'j', waitedSeconds: 760 }] },
      }),
    );
    expect({ snapshot, jobs }).toEqual({
      snapshot: { template: {}, queue, queueTimeoutSeconds: 60 },
      jobs: [{ name: 'j', waitedSeconds: 760 }],
    });
  });
});
