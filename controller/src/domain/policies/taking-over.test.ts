/**
 * What somebody meets where only the newest run goes on: under Replace, and with `unique: false`.
 */
import { describe, expect, test } from 'vitest';
import type { ExecutionPolicy, Task } from '../../resources/index.ts';
import { carryOut, quietOutside } from '../carry-out.ts';
import { decide } from '../decide.ts';
import type { Action } from '../model/actions.ts';
import type { FlowStep } from '../model/flow.ts';
import type { StepLook } from '../model/memory.ts';
import { after, aJob, aRefusal, aRun, aState, aTask, rfc3339 } from '../testing/builders.ts';

type RunBuilder = ReturnType<typeof aRun>;
type StateBuilder = ReturnType<typeof aState>;

const replace: ExecutionPolicy = { concurrencyPolicy: 'Replace' };
const oneJob: ExecutionPolicy = { unique: false };

const version = (number: number, policy: ExecutionPolicy, spec: Partial<Task['spec']> = {}) =>
  aTask().revision(`app-worker-v${number}`).policy(policy).spec(spec);

/** The run of that deployment, in a Job of the shared name where there is one. */
function deployed(number: number, policy: ExecutionPolicy, spec?: Partial<Task['spec']>): RunBuilder {
  const run = aRun(version(number, policy, spec)).createdAt(number * 60);
  return policy.unique === false ? run.sharing('mytask') : run;
}

/** A pod template whose container says that text. */
const saying = (text: string, image = 'busybox') => ({
  spec: { containers: [{ name: 'main', image, args: [text] }] },
});
const steps = (...all: readonly [name: string, dependsOn: string[], text: string][]): FlowStep[] =>
  all.map(([name, dependsOn, text]) => ({ name, dependsOn, template: saying(text) }));

interface End {
  /** `starts`, or its phase with the reason, where it has one. */
  readonly becomes: (run: string) => string;
  /** Why Jobs were deleted, in order. */
  readonly deletions: readonly string[];
}

/** What it comes to while no Job ends. */
function endOf(state: StateBuilder, seconds = 600): End {
  const outside = {
    now: after(seconds).getTime(),
    newUid: (_kind: string, name: string) => `${name}-uid`,
    ...quietOutside,
  };
  const done: Action[] = [];
  let now = state.build();
  for (let pass = 0; pass < 20; pass += 1) {
    const actions = decide(now, after(seconds)).filter(({ kind }) => kind !== 'wakeAt');
    if (actions.length === 0) break;
    done.push(...actions);
    now = actions.reduce((before, action) => carryOut(before, action, outside), now);
  }
  const started = new Set(done.flatMap((action) => (action.kind === 'createJob' ? [action.run] : [])));
  const phases = new Map(
    now.cluster.runs.map(({ metadata, status: { phase, reason } = {} }) => [
      metadata.name,
      [phase, reason].filter((word) => word !== undefined).join('/'),
    ]),
  );
  return {
    becomes: (run) => (started.has(run) ? 'starts' : (phases.get(run) ?? 'is not there')),
    deletions: done.flatMap((action) => (action.kind === 'deleteJob' ? [action.because] : [])),
  };
}

describe.each([
  ['Replace', replace],
  ['unique: false', oneJob],
])('under %s', (_name, policy) => {
  const retry = deployed(2, policy)
    .named('again')
    .createdAt(400)
    .spec({ trigger: { type: 'Retry', value: 'mytask-v2' }, retryOf: 'mytask-v2' });
  const running = deployed(1, policy).running(60);
  const runningJob = aJob(running).running(60);

  test('a retry of a run from before the last deployment runs once that one has ended', () => {
    const runs = [deployed(2, policy).finished('Failed'), deployed(3, policy).finished(), retry];
    expect(endOf(aState(version(3, policy)).runs(...runs)).becomes('again')).toBe('starts');
  });

  test('a retry makes room for a newer deployment that has not ended', () => {
    const newer = deployed(3, policy).running(380);
    const state = aState(version(3, policy)).runs(newer, retry.running(401)).jobs(aJob(newer), aJob(retry));
    expect(endOf(state).becomes('again')).toBe('Cancelled/Replaced');
  });

  test('a deployment that is not the newest any more never starts', () => {
    const state = aState(version(2, policy)).runs(deployed(1, policy), deployed(2, policy));
    expect(endOf(state).becomes('mytask-v1')).toBe('Cancelled/Replaced');
  });

  test('nothing of a newer deployment starts before it is on record that the older one made room', () => {
    const state = aState(version(2, policy)).runs(deployed(1, policy), deployed(2, policy));
    expect(decide(state.build(), after(600)).map(({ kind }) => kind)).not.toContain('createJob');
    expect(endOf(state).becomes('mytask-v2')).toBe('starts');
  });

  test('what runs goes on where the next deployment suspends the Task, and ends once that may start', () => {
    const both = (suspend: boolean) =>
      aState(version(2, policy, { suspend }))
        .runs(running, deployed(2, policy, { suspend }))
        .jobs(runningJob);
    expect(endOf(both(true)).becomes('mytask-v1')).toBe('Running');
    expect(endOf(both(false)).becomes('mytask-v1')).toBe('Cancelled/Replaced');
  });

  test('of those that wait for the end of a suspension the newest stays', () => {
    const suspend = true;
    const state = aState(version(2, policy, { suspend })).runs(deployed(1, policy), deployed(2, policy));
    expect(endOf(state).becomes('mytask-v1')).toBe('Cancelled/Replaced');
    expect(endOf(state).becomes('mytask-v2')).toBe('Pending/Suspended');
  });

  test.each<[string, (run: RunBuilder) => RunBuilder, string]>([
    [
      'with overrides that the Task does not allow',
      (run) => run.spec({ overrides: { args: ['x'] } }),
      'Failed/OverrideNotAllowed',
    ],
    ['that is cancelled before it starts', (run) => run.spec({ cancel: true }), 'Cancelled/Cancelled'],
    ['that is being deleted', (run) => run.meta({ deletionTimestamp: rfc3339(580) }), 'Cancelled/Cancelled'],
  ])('what runs goes on beside a run %s', (_what, change, becomes) => {
    const task = version(1, { ...policy, allowedOverrides: [] });
    const other = change(
      deployed(1, policy)
        .named('by-hand')
        .createdAt(500)
        .spec({ trigger: { type: 'Manual' } }),
    );
    const state = aState(task).runs(running, other).jobs(runningJob);
    expect(['mytask-v1', 'by-hand'].map(endOf(state).becomes)).toEqual(['Running', becomes]);
  });

  test.each<[string, Partial<Task['spec']>]>([
    [
      "with an item's value where none is filled in",
      { items: [{ version: '1' }], template: saying('', 'app:$(item.version)') },
    ],
    ['with two items of one name', { items: [{ name: 'a' }, { name: 'a' }] }],
    ['with an item that lacks a value', { items: [{ name: 'a' }], template: saying('$(item.version)') }],
    [
      'with an output that no step declares',
      { steps: steps(['build', [], ''], ['push', ['build'], '$(steps.build.outputs.imge)']) },
    ],
    ['with an output from nowhere', { steps: steps(['build', [], '']), outputs: [{ name: 'image' }] }],
    ['with steps in a circle', { steps: steps(['a', ['b'], ''], ['b', ['a'], '']) }],
  ])('what runs goes on beside the next deployment, %s', (_what, spec) => {
    const state = aState(version(2, policy, spec))
      .runs(running, deployed(2, policy, spec))
      .jobs(runningJob);
    expect(['mytask-v1', 'mytask-v2'].map(endOf(state).becomes)).toEqual(['Running', 'Failed/InvalidFlow']);
  });

  test('what runs goes on beside a retry of a run that is not there', () => {
    const { snapshot: _none, ...spec } = retry.build().spec;
    const lost = { build: () => ({ ...retry.build(), spec: { ...spec, retryOf: 'lost' } }) };
    const state = aState(version(1, policy)).runs(running, lost).jobs(runningJob);
    expect(['mytask-v1', 'again'].map(endOf(state).becomes)).toEqual(['Running', 'Failed/NotRetryable']);
  });

  test.each<[string, string, Omit<StepLook, 'at'>]>([
    ['stands in no Application yet', 'Running', { known: false }],
    ['is over', 'Running', { known: false, ended: 'the step ended' }],
    ['waits for it', 'Cancelled/Replaced', { known: true }],
  ])('where a workflow step that %s asked for another run, what runs is %s', (_what, becomes, look) => {
    const trigger = {
      type: 'WorkflowStep',
      value: 'app-worker-v2#migrate-s1',
      step: { name: 'migrate', id: 's1' },
    } as const;
    const ofStep = deployed(1, policy).named('by-step').createdAt(500).spec({ trigger });
    const steps = new Map([['by-step', { at: after(600).getTime(), ...look }]]);
    const state = aState(version(1, policy)).runs(running, ofStep).jobs(runningJob).memory({ steps });
    expect(endOf(state).becomes('mytask-v1')).toBe(becomes);
  });

  test('what runs goes on while the next deployment waits for a TaskTemplate', () => {
    const templateRef = { name: 'migrate' };
    const next = deployed(2, policy, { templateRef });
    const state = aState(version(2, policy, { templateRef }))
      .runs(running, next)
      .jobs(runningJob);
    expect(['mytask-v1', 'mytask-v2'].map(endOf(state).becomes)).toEqual(['Running', 'Pending/TemplateNotFound']);
  });

  test('what runs goes on while the API server refuses the next deployment the copies of its TaskTemplates', () => {
    const templateRef = { name: 'migrate' };
    const state = aState(version(2, policy, { templateRef }))
      .runs(running, deployed(2, policy, { templateRef }))
      .jobs(runningJob)
      .cluster({ templates: new Map([['migrate', { template: saying('') }]]) })
      .refusals(aRefusal({ run: 'mytask-v2', final: true }));
    expect(endOf(state).becomes('mytask-v1')).toBe('Running');
  });

  test('a retry runs while the last deployment waits for a TaskTemplate', () => {
    const templateRef = { name: 'migrate' };
    const broken = deployed(3, policy, { templateRef });
    const state = aState(version(3, policy, { templateRef })).runs(
      broken,
      deployed(2, policy).finished('Failed'),
      retry,
    );
    expect(endOf(state).becomes('again')).toBe('starts');
  });
});

describe('with unique: false the Job of a run that has ended', () => {
  const ended = deployed(1, oneJob).finished();

  test('stays for its log while the next deployment is suspended, and goes when that may start', () => {
    const next = deployed(2, oneJob).status({ phase: 'Pending', reason: 'Suspended' });
    const state = (suspend: boolean) =>
      aState(version(2, oneJob, { suspend }))
        .runs(ended, next)
        .jobs(aJob(ended));
    expect(endOf(state(true)).deletions).toEqual([]);
    const resumed = endOf(state(false));
    expect([resumed.deletions, resumed.becomes('mytask-v2')]).toEqual([['replaced by mytask-v2'], 'starts']);
  });

  test('stays after another run never started', () => {
    const never = deployed(2, oneJob).status({
      phase: 'Failed',
      reason: 'OverrideNotAllowed',
      completionTime: rfc3339(120),
    });
    expect(endOf(aState(version(2, oneJob)).runs(ended, never).jobs(aJob(ended))).deletions).toEqual([]);
  });

  test.each(['Queue', 'Forbid'] as const)('goes for the run whose turn it is under %s', (concurrencyPolicy) => {
    const policy = { ...oneJob, concurrencyPolicy };
    const end = endOf(
      aState(version(3, policy)).runs(ended, deployed(2, policy), deployed(3, policy)).jobs(aJob(ended)),
    );
    expect([end.deletions, end.becomes('mytask-v2')]).toEqual([['replaced by mytask-v2'], 'starts']);
  });

  test('stays under Queue while the run whose turn it is waits for its TaskTemplate', () => {
    const policy: ExecutionPolicy = { ...oneJob, concurrencyPolicy: 'Queue' };
    const next = deployed(2, policy, { templateRef: { name: 'migrate' } });
    const end = endOf(aState(version(3, policy)).runs(ended, next, deployed(3, policy)).jobs(aJob(ended)));
    expect([end.deletions, end.becomes('mytask-v3')]).toEqual([[], 'Queued/WaitsForTurn']);
  });

  test('of the last deployment goes for a retry of an older one, whose Job stays when it has ended', () => {
    const [failed, last] = [deployed(2, oneJob).finished('Failed'), deployed(3, oneJob).finished()];
    const retry = deployed(2, oneJob).named('again').createdAt(400);
    const state = aState(version(3, oneJob));
    const retrying = endOf(state.runs(failed, last, retry).jobs(aJob(last)));
    expect([retrying.deletions, retrying.becomes('again')]).toEqual([['replaced by again'], 'starts']);
    const retried = retry.finished();
    expect(endOf(state.runs(failed, last, retried).jobs(aJob(retried))).deletions).toEqual([]);
  });
});
