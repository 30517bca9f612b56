import { describe, expect, test } from 'vitest';
import { decide } from '../decide.ts';
import type { Action } from '../model/actions.ts';
import type { Pod } from '../model/objects.ts';
import { classify } from '../view/classify.ts';
import { overdueTimes } from './overdue.ts';
import { after, aJob, aPod, aRun, aState, aTask, rfc3339 } from '../testing/builders.ts';

const ofKind = <K extends Action['kind']>(kind: K, actions: readonly Action[]) =>
  actions.find((action) => action.kind === kind) as Extract<Action, { kind: K }> | undefined;
const pod = (of: ReturnType<typeof aJob>, more: Partial<Pod>) => ({
  build: () => ({ ...aPod(of).phase('Running').build(), ...more }),
});

describe('a run that waits for the pods of the one before', () => {
  const task = aTask().policy({ concurrencyPolicy: 'Replace' });
  const before = aRun(task, 'older').started();
  const cancelled = before.status({ ...before.build().status, phase: 'Cancelled' });
  const job = aJob(cancelled);
  const { metadata } = aPod(job).build();
  const terminating = pod(job, {
    metadata: { ...metadata, name: 'older-x7k2p', deletionTimestamp: rfc3339(60) },
    nodeName: 'node-3',
  });
  const state = aState(task).runs(cancelled, aRun(task, 'run').createdAt(30)).pods(terminating);
  const statusAt = (seconds: number) => ofKind('writeRunStatus', decide(state.build(), after(seconds)))?.status;

  test('waits for a while as it should, and asks to be woken when that is over', () => {
    expect(statusAt(170)?.reason).toBe('WaitsForPods');
    const settled = state.cluster({
      runs: state
        .build()
        .cluster.runs.map((run) => (run.metadata.name === 'run' ? { ...run, status: statusAt(170) ?? {} } : run)),
    });
    const reported = ofKind('writeTaskStatus', decide(settled.build(), after(171)));
    expect(reported?.status.conditions?.some(({ type }) => type === 'Stalled')).toBe(false);
  });
  test('then names the pod, its node and what to do', () => {
    expect(statusAt(181)).toMatchObject({
      phase: 'Pending',
      reason: 'PodStuck',
      message: `waits for pod older-x7k2p on node node-3, which should have been gone at ${rfc3339(60)}; if its node is dead, delete the pod with --force, or taint the node with node.kubernetes.io/out-of-service`,
    });
  });
});

describe('a run whose program is done while another container runs on', () => {
  const run = aRun()
    .running(1)
    .status({
      ...aRun().running(1).build().status,
      reason: 'WaitsForContainer',
      message: 'container load has ended with 0, the pod waits for container shipper',
    });
  const lingering = { container: 'load', waitsFor: ['shipper'], since: rfc3339(10) };
  const job = aJob(run).running(1);
  const state = aState().runs(run).jobs(job).pods(pod(job, { lingering }));
  const conditionsAt = (seconds: number) =>
    ofKind('writeTaskStatus', decide(state.build(), after(seconds)))?.status.conditions?.map(({ type }) => type);

  test('is Stalled only after some minutes', () => {
    const recorded = state.cluster({
      runs: [{ ...run.build(), status: ofKind('writeRunStatus', decide(state.build(), after(20)))?.status ?? {} }],
    });
    const at = (seconds: number) =>
      ofKind('writeTaskStatus', decide(recorded.build(), after(seconds)))?.status.conditions?.map(({ type }) => type);
    expect(at(300)).toEqual(['Ready']);
    expect(at(311)).toEqual(['Ready', 'Stalled']);
    expect(conditionsAt(20)).toBeUndefined();
  });
});

describe('a run whose Job says nothing about what holds it up', () => {
  const run = aRun().started();
  const job = aJob(run);
  const starting = { container: 'wait-for-db', isSidecar: false, since: rfc3339(5) };
  const statusOf = (state: ReturnType<typeof aState>, seconds: number) =>
    ofKind('writeRunStatus', decide(state.build(), after(seconds)))?.status;
  const recorded = (state: ReturnType<typeof aState>, seconds: number) =>
    state.cluster({ runs: [{ ...run.build(), status: statusOf(state, seconds) ?? {} }] });
  const stalled = (state: ReturnType<typeof aState>, seconds: number) =>
    ofKind('writeTaskStatus', decide(state.build(), after(seconds)))?.status.conditions?.some(
      ({ type, status }) => type === 'Stalled' && status === 'True',
    );

  test('names an init container that does not end, after some seconds and alike from then on', () => {
    const state = aState()
      .runs(run)
      .jobs(job)
      .pods(pod(job, { phase: 'Pending', starting }));
    expect(statusOf(state, 14)?.reason).toBeUndefined();
    expect(overdueTimes(classify(state.build()))).toEqual([after(3605).getTime(), after(15).getTime()]);
    const told = {
      phase: 'Pending',
      reason: 'PodInitializing',
      message: `init container wait-for-db has run since ${rfc3339(5)}, and the program starts once it has ended`,
    };
    expect(statusOf(state, 15)).toMatchObject(told);
    expect(statusOf(state, 3000)).toMatchObject(told);
    expect(stalled(recorded(state, 20), 3604)).toBe(false);
    expect(stalled(recorded(state, 20), 3606)).toBe(true);
  });

  test('names a sidecar that does not start', () => {
    const sidecar = { container: 'proxy', isSidecar: true, since: rfc3339(5) };
    const state = aState()
      .runs(run)
      .jobs(job)
      .pods(pod(job, { phase: 'Pending', starting: sidecar }));
    expect(statusOf(state, 15)?.message).toBe(
      `sidecar proxy has run since ${rfc3339(5)} and is not started yet: its startupProbe or postStart hook has to succeed before the program starts`,
    );
    expect(stalled(recorded(state, 20), 604)).toBe(false);
    expect(stalled(recorded(state, 20), 606)).toBe(true);
  });

  test('names the failure rather than the next init container, so that the message does not change with each pod', () => {
    const { metadata } = aPod(job).build();
    const next = pod(job, { phase: 'Pending', starting, metadata: { ...metadata, name: 'next', uid: 'next' } });
    const state = aState()
      .runs(run)
      .jobs(job)
      .pods(aPod(job).failed({ container: 'a', exitCode: 3, reason: 'Error' }), next);
    expect(statusOf(state, 100)?.message).toBe('a pod failed with exit code 3 in container a; the Job tries again');
  });

  test('names the controller that it is left to and that is not there', () => {
    const left = aJob(run).spec({ managedBy: 'example.com/batch' });
    const state = aState().runs(run).jobs(left);
    expect(statusOf(state, 9)?.reason).toBeUndefined();
    expect(statusOf(state, 11)).toMatchObject({
      phase: 'Pending',
      reason: 'WaitsForManager',
      message:
        'the Job is left to example.com/batch (job.managedBy), which has not started it: install that controller, or take managedBy out and deploy it again',
    });
    expect(statusOf(aState().runs(run).jobs(left.running(2)), 11)?.reason).toBeUndefined();
  });

  test('names a pod of its own that does not go, where none takes its place before', () => {
    const { metadata } = aPod(job).build();
    const going = pod(job, {
      nodeName: 'node-3',
      metadata: { ...metadata, name: 'run-x7k2p', deletionTimestamp: rfc3339(60) },
    });
    const state = aState().runs(run).jobs(job.running(1)).pods(going);
    expect(statusOf(state, 179)?.reason).toBeUndefined();
    expect(statusOf(state, 181)).toMatchObject({ phase: 'Running', reason: 'PodStuck' });
    expect(statusOf(state, 181)?.message).toContain('waits for pod run-x7k2p on node node-3, which should have been');
    const replaced = pod(job, { metadata: { ...metadata, name: 'next', uid: 'next' } });
    expect(statusOf(state.pods(going, replaced), 181)?.reason).toBeUndefined();
  });
});
