import { describe, expect, test } from 'vitest';
import { applies, lookAtStep, type ApplicationObject } from './workflow-step.ts';

type Workflow = NonNullable<NonNullable<ApplicationObject['status']>['workflow']>;

const step = { name: 'migrate', id: '2r5k5try7q' };
const createdAt = Date.parse('2025-03-20T12:30:10Z');
const look = (workflow?: Workflow, seconds = 5) =>
  lookAtStep(
    { metadata: { name: 'web' }, ...(workflow && { status: { workflow } }) },
    { step, createdAt },
    createdAt + seconds * 1000,
  );
const other = (firstExecuteTime: string) => ({
  name: 'migrate',
  id: 'another',
  phase: 'failed',
  reason: 'Action',
  firstExecuteTime,
});

describe('a step waits for its run', () => {
  const rows: readonly [when: string, workflow: Workflow | undefined][] = [
    ['while it runs', { steps: [{ ...step, phase: 'running' }] }],
    [
      'while it runs in a group',
      { steps: [{ name: 'group', id: 'other', phase: 'running', subSteps: [{ ...step, phase: 'running' }] }] },
    ],
    ['while it is suspended', { steps: [{ ...step, phase: 'suspending' }] }],
    ['while KubeVela retries it after an error', { steps: [{ ...step, phase: 'failed', reason: 'Execute' }] }],
    [
      'though another one failed, with if: always',
      {
        terminated: true,
        steps: [
          { name: 'before', phase: 'failed', reason: 'Action' },
          { ...step, phase: 'running' },
        ],
      },
    ],
    ['before the Application mentions it', { steps: [] }],
    ['before the Application has a status', undefined],
    [
      'while the Application still describes the previous workflow',
      { finished: true, steps: [other('2025-03-20T12:30:10Z')] },
    ],
  ];
  for (const [when, workflow] of rows) test(when, () => expect(look(workflow).ended).toBeUndefined());
});

describe('a step no longer waits', () => {
  const rows: readonly [when: string, workflow: Workflow | undefined, why: RegExp, seconds?: number][] = [
    [
      'when it was terminated',
      { steps: [{ ...step, phase: 'failed', reason: 'Terminate' }] },
      /^workflow step migrate of Application web ended: failed, Terminate$/,
    ],
    [
      'when it timed out in a group',
      { steps: [{ name: 'group', subSteps: [{ ...step, phase: 'failed', reason: 'Timeout' }] }] },
      /ended: failed, Timeout$/,
    ],
    [
      'when the workflow has finished, whatever it says about the step',
      { finished: true, steps: [{ ...step, phase: 'pending' }] },
      /was terminated$/,
    ],
    [
      'when the workflow was terminated, though its steps do not say so',
      { terminated: true, steps: [{ ...step, phase: 'running' }] },
      /was terminated$/,
    ],
    ['when the workflow was restarted', { steps: [other('2025-03-20T12:30:11Z')] }, /was started again$/],
    [
      'when another session of the same second is recorded instead',
      { steps: [other('2025-03-20T12:30:10Z')] },
      /was started again$/,
      11,
    ],
    [
      'when the Application should know it by now',
      { finished: true, steps: [other('2025-03-20T12:00:00Z')] },
      /is not there any more$/,
      61,
    ],
    ['when the Application no longer has a workflow', undefined, /is not there any more$/, 61],
  ];
  for (const [when, workflow, why, seconds] of rows)
    test(when, () => expect(look(workflow, seconds).ended).toMatch(why));
});

test('a step is known once its session is recorded, also in a group', () => {
  const inGroup = { steps: [{ name: 'group', id: 'other', subSteps: [{ ...step, phase: 'running' }] }] };
  expect(
    [undefined, { steps: [other('2025-03-20T12:30:10Z')] }, { steps: [{ ...step, phase: 'running' }] }, inGroup].map(
      (workflow) => look(workflow).known,
    ),
  ).toEqual([false, false, true, true]);
});

describe('a Task that names an Application in its labels', () => {
  const resource = { apiVersion: 'task.oam.dev/v1alpha1', kind: 'Task', namespace: 'default', name: 'web-migrate' };
  test.each<[string, object, boolean]>([
    ['which KubeVela applied for it', resource, true],
    ['which it applied in the same cluster, by name', { ...resource, cluster: 'local' }, true],
    ['of another namespace', { ...resource, namespace: 'other' }, false],
    ['of another name', { ...resource, name: 'web' }, false],
    ['of another cluster', { ...resource, cluster: 'member' }, false],
    ['of another kind', { ...resource, kind: 'TaskRun' }, false],
    ['of a group that only looks alike', { ...resource, apiVersion: 'task.oam.dev.evil/v1' }, false],
  ])('%s: its own: %s', (_what, applied, expected) =>
    expect(applies({ status: { appliedResources: [applied] } }, { namespace: 'default', name: 'web-migrate' })).toBe(
      expected,
    ),
  );
  test('is not that of an Application without a status', () =>
    expect(applies({}, { namespace: 'default', name: 'web-migrate' })).toBe(false));
});
