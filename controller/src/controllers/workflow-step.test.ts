import { describe, expect, test } from 'vitest';
import { stepEnded, type ApplicationObject } from './workflow-step.ts';

type Workflow = NonNullable<NonNullable<ApplicationObject['status']>['workflow']>;

const step = { name: 'migrate', id: '2r5k5try7q' };
const ended = (workflow?: Workflow) => stepEnded({ metadata: { name: 'web' }, ...(workflow && { status: { workflow } }) }, step);

describe('a step waits for its run', () => {
  const rows: readonly [when: string, workflow: Workflow | undefined][] = [
    ['while it runs', { steps: [{ ...step, phase: 'running' }] }],
    ['while it runs in a group', { steps: [{ name: 'group', id: 'other', phase: 'running', subSteps: [{ ...step, phase: 'running' }] }] }],
    ['while the workflow is suspended elsewhere', { steps: [{ ...step, phase: 'running' }, { name: 'wait', phase: 'suspending' }] }],
    ['before the Application says anything of it', { steps: [] }],
    ['before the Application has a status', undefined],
  ];
  for (const [when, workflow] of rows) test(when, () => expect(ended(workflow)).toBeUndefined());
});

describe('a step waits no more', () => {
  const rows: readonly [when: string, workflow: Workflow, why: RegExp][] = [
    ['when it was terminated', { terminated: true, steps: [{ ...step, phase: 'failed', reason: 'Terminate' }] }, /^workflow step migrate of Application web ended: failed, Terminate$/],
    ['when it timed out in a group', { steps: [{ name: 'group', subSteps: [{ ...step, phase: 'failed', reason: 'Timeout' }] }] }, /ended: failed, Timeout$/],
    ['when the workflow was terminated before its status was written', { terminated: true, steps: [] }, /^the workflow of Application web was terminated$/],
    ['when the workflow was restarted', { steps: [{ name: 'migrate', id: 'another', phase: 'running' }] }, /was started again$/],
  ];
  for (const [when, workflow, why] of rows) test(when, () => expect(ended(workflow)).toMatch(why));
});
