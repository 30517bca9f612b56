import { expect, test } from 'vitest';
import { decide } from '../decide.ts';
import { after, aJob, aPod, aRun, aState, aTask, rfc3339 } from '../testing/builders.ts';
import { classify } from '../view/classify.ts';
import { runStatus } from './run.ts';
import { stalledBy } from './task.ts';

const task = aTask().spec({ nodes: {}, template: { spec: { tolerations: [{ operator: 'Exists' }], containers: [] } } });
const run = aRun(task).status({
  phase: 'Running',
  jobs: [
    { step: 'n1', phase: 'Running' },
    { step: 'n2', phase: 'Pending' },
  ],
});
const node = (name: string, taints: object[] = []) => ({ metadata: { name, labels: {} }, taints }) as never;
const unreachable = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: rfc3339(10) };
const job = { ...aJob(run).running(1).build(), step: 'n2' };
const state = (...taints: object[]) =>
  aState(task)
    .runs(run)
    .jobs({ build: () => job })
    .cluster({ nodes: [node('n1'), node('n2', taints)] });
const statusAt = (seconds: number, ...taints: object[]) => {
  const view = classify(state(...taints).build());
  return runStatus(view.active[0] as never, view, after(seconds));
};

test('a Job on a node that is not ready says so, and which', () => {
  const message = `node n2 is not ready since ${rfc3339(10)}: the Job goes on once it is, and ends if the node is deleted`;
  const { reason, message: said, jobs } = statusAt(40, unreachable);
  expect(jobs?.[1]).toMatchObject({ step: 'n2', reason: 'NodeNotReady', message });
  expect(reason).toBe('NodeNotReady');
  expect(said).toContain(message);
});

test('where the scheduler says that no node fits, the node is named, too', () => {
  const waiting = aPod().waiting('Unschedulable', '0/3 nodes are available').build();
  const pod = { ...waiting, metadata: { ...waiting.metadata, ownerReferences: [{ uid: job.metadata.uid }] } } as never;
  const view = classify(
    state(unreachable)
      .cluster({ pods: [pod] })
      .build(),
  );
  expect(runStatus(view.active[0] as never, view, after(40)).jobs?.[1]?.reason).toBe('NodeNotReady');
});

test('a node that is ready, or cordoned, gives no reason', () => {
  expect(statusAt(40).jobs?.[1]?.reason).toBeUndefined();
  const cordoned = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
  expect(statusAt(40, cordoned).jobs?.[1]?.reason).toBeUndefined();
});

test('the Task is stalled once the node has not been ready for 5 minutes', () => {
  const recorded = state(unreachable).runs(run.status(statusAt(40, unreachable)));
  const stalledAt = (seconds: number) => stalledBy(classify(recorded.build()), after(seconds))?.reason;
  expect(stalledAt(300)).toBeUndefined();
  expect(stalledAt(310)).toBe('NodeNotReady');
  // It is looked at again by itself.
  const settled = decide(recorded.build(), after(100));
  expect(settled.length).toBeGreaterThan(0);
});
