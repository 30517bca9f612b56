import { describe, expect, test } from 'vitest';
import { decide } from '../decide.ts';
import type { Action } from '../model/actions.ts';
import type { Pod } from '../model/objects.ts';
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
