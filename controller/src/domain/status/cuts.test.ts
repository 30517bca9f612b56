import { describe, expect, test } from 'vitest';
import type { JobRow, TaskRunStatus } from '../../resources/index.ts';
import { decide } from '../decide.ts';
import type { Cut } from '../model/memory.ts';
import { withMemory } from '../model/state.ts';
import { after, aJob, aRun, aState, aTask } from '../testing/builders.ts';
import { mustBeValid } from '../testing/crd-schema.ts';
import { classify } from '../view/classify.ts';
import { cutTaskStatus, mostCuts, mostOutputBytes } from './cuts.ts';
import { runStatus } from './run.ts';

const limit = 'all outputs of a run together may have 256 KiB';
const declared = [
  { name: 'report' },
  { name: 'all', type: 'array' as const, required: false, valueFrom: 'items.outputs.report' },
];
const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value)).length;
/** One of each kind is in the sum. */
const outputBytes = ({ outputs, jobs = [] }: TaskRunStatus) =>
  Math.max(
    bytesOf(outputs ?? {}),
    jobs.reduce((sum, row) => sum + (row.outputs ? bytesOf(row.outputs) : 0), 0),
  );

interface Probe {
  readonly count: number;
  readonly written: string;
  readonly cut?: Cut;
  readonly shape?: 'items' | 'steps';
  readonly recorded?: readonly JobRow[];
}

/** A run of which every item, or step, has ended and written its output. */
function probed({ count, written, cut, shape = 'items', recorded }: Probe) {
  const names = Array.from({ length: count }, (_, index) => `n${String(index).padStart(3, '0')}`);
  const template = { spec: {} };
  const own = [{ name: 'report' }];
  const task =
    shape === 'items'
      ? aTask().spec({ template, items: names.map((name) => ({ name })), outputs: declared })
      : aTask().spec({ template: undefined, steps: names.map((name) => ({ name, template, outputs: own })) } as object);
  const run = recorded ? aRun(task).status({ phase: 'Running', jobs: [...recorded] }) : aRun(task);
  const jobs = names.map((step) => {
    const job = aJob(run).complete(9).build();
    return { build: () => ({ ...job, step, metadata: { ...job.metadata, name: `mytask-v1-${step}`, uid: step } }) };
  });
  const terminationMessages = new Map(names.map((name) => [name, { text: JSON.stringify({ report: written }) }]));
  return aState(task)
    .runs(run)
    .jobs(...(jobs as never[]))
    .memory({ terminationMessages, cuts: new Map(cut ? [['mytask-v1-uid', cut]] : []) })
    .build();
}

function statusOf(probe: Probe): TaskRunStatus {
  const view = classify(probed(probe));
  const status = runStatus(view.runs[0] as never, view, after(40));
  mustBeValid.taskRunStatus(status);
  return status;
}

describe('600 items that each hand on 3,500 characters', () => {
  const probe = { count: 600, written: 'r'.repeat(3_500) };
  const status = statusOf(probe);

  test('end, with the outputs that have room, and it is said which have none', () => {
    expect(status.phase).toBe('Succeeded');
    expect(status.message).toBe(`outputs of items n074, n075, n076 and 523 more left out: ${limit}`);
    expect(status.jobs?.[73]?.outputs).toEqual({ report: probe.written });
    expect(status.jobs?.[74]).toMatchObject({ step: 'n074', phase: 'Succeeded' });
    expect(status.jobs?.[74]?.outputs).toBeUndefined();
    expect(outputBytes(status)).toBeLessThanOrEqual(mostOutputBytes);
  });
  test('have the same record when they end one after the other', () => {
    expect(
      statusOf({ ...probe, recorded: status.jobs?.slice(0, 100) ?? [] }).jobs?.map(({ outputs }) => outputs),
    ).toEqual(status.jobs?.map(({ outputs }) => outputs));
  });
  test('count in bytes, whatever they are written in', () => {
    expect(outputBytes(statusOf({ count: 300, written: '運'.repeat(1_000) }))).toBeLessThanOrEqual(mostOutputBytes);
  });
});

test('a few items hand on all of theirs', () => {
  const { message, outputs } = statusOf({ count: 3, written: 'x' });
  expect({ message, outputs }).toEqual({ message: undefined, outputs: { all: ['x', 'x', 'x'] } });
});

test('a step of a flow whose outputs have no room fails, for later steps would take over nothing', () => {
  const { jobs = [] } = statusOf({ count: 100, written: 'r'.repeat(3_500), shape: 'steps' });
  expect(jobs[73]?.phase).toBe('Succeeded');
  expect(jobs[74]).toMatchObject({
    phase: 'Failed',
    reason: 'OutputsInvalid',
    message: `its outputs do not fit: ${limit}; write large results to a volume, and hand on where they are`,
  });
});

describe('a status that is refused as too large', () => {
  const probe = { count: 40, written: 'r'.repeat(3_500) };
  const after1 = (refusals: number) => statusOf({ ...probe, cut: { refusals, retryAt: 0 } });

  test('is smaller after each refusal, and ends the run at last', () => {
    const sizes = Array.from({ length: mostCuts + 1 }, (_, refusals) => bytesOf(after1(refusals)));
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect(new Set(sizes).size).toBe(sizes.length);
    const { phase, reason, jobs, message } = after1(mostCuts);
    expect({ phase, reason, jobs }).toEqual({ phase: 'Failed', reason: 'TooLarge', jobs: undefined });
    expect(message).toContain('make the Task smaller');
  });
  test('is not written again before its time where nothing is left to cut, and other work goes on', () => {
    const cut = { refusals: mostCuts + 1, retryAt: after(60).getTime() };
    const state = probed({ ...probe, cut });
    const cuts = new Map([...state.memory.cuts, ['task-uid', cut]]);
    const actions = decide(withMemory(state, { cuts }), after(40));
    expect(actions.map(({ kind }) => kind)).not.toContain('writeRunStatus');
    expect(decide(state, after(61)).map(({ kind }) => kind)).toContain('writeRunStatus');
  });
  test('of a Task leaves out what its runs say as well', () => {
    const status = {
      phase: 'Succeeded' as const,
      message: 'm',
      outputs: { a: 1 },
      steps: [],
      lastRuns: [],
      active: [],
    };
    expect(cutTaskStatus(status, 0)).toBe(status);
    expect(cutTaskStatus(status, 1)).toEqual({ phase: 'Succeeded', message: 'm', lastRuns: [], active: [] });
    expect(cutTaskStatus(status, 2)).toEqual({ phase: 'Succeeded', message: 'm' });
  });
});
