/** A judge that finds nothing proves nothing: each promise is broken here once, and is found to be. */
import { describe, expect, it } from 'vitest';
import type { TaskObject, TaskRunObject } from '../../controller/src/cluster/resource-types.ts';
import { apiVersion, labels } from '../../controller/src/resources/index.ts';
import type { Change } from './audit.ts';
import { judge } from './judge.ts';

const controller = 'system:serviceaccount:vela-system:task-runs';
const jobController = 'system:serviceaccount:kube-system:job-controller';
const namespace = 'story';

/** A log in which each change is answered a second after the one before. */
class Log {
  readonly changes: Change[] = [];
  #waited = 0;

  wait(seconds: number): this {
    this.#waited += seconds * 1_000;
    return this;
  }

  add(change: Partial<Change> & Pick<Change, 'verb' | 'what' | 'name'>): this {
    const at = (this.changes.length + 1) * 1_000 + this.#waited;
    const metadata = { resourceVersion: String(this.changes.length + 1), ...change.object?.metadata };
    const object = change.object && { ...change.object, metadata };
    this.changes.push({
      from: at - 500,
      until: at,
      user: controller,
      namespace,
      code: 200,
      ...change,
      ...(object && { object }),
    });
    return this;
  }

  task(generation: number, more: Partial<TaskObject['spec']> = {}): this {
    const object = {
      metadata: { name: 'app-mytask', namespace, uid: 'task', generation },
      spec: { trigger: { appRevision: `app-v${generation}` }, ...more },
    } as unknown as TaskObject;
    return this.add({ verb: 'patch', what: 'tasks', name: 'app-mytask', user: 'vela', object });
  }

  report(generation: number, more: Partial<TaskObject['spec']> = {}): this {
    const object = {
      metadata: { name: 'app-mytask', namespace, uid: 'task', generation },
      spec: { trigger: { appRevision: `app-v${generation}` }, ...more },
      status: { observedGeneration: generation, observedTrigger: { generation }, totals: { active: 0 } },
    } as unknown as TaskObject;
    return this.add({ verb: 'patch', what: 'tasks/status', name: 'app-mytask', object });
  }

  run(name: string, trigger: object, phase?: string, verb: 'create' | 'patch' = 'create', snapshot: object = {}): this {
    const ownerReferences = [{ kind: 'Task', uid: 'task', controller: true }];
    const object = {
      metadata: { name, namespace, uid: `run ${name}`, ownerReferences },
      spec: { trigger, snapshot },
      ...(phase !== undefined && { status: { phase } }),
    } as unknown as TaskRunObject;
    return this.add({ verb, what: phase === undefined ? 'taskruns' : 'taskruns/status', name, object });
  }

  ended(name: string, phase = 'Succeeded'): this {
    return this.run(name, {}, phase, 'patch');
  }

  /** A person deletes a run. */
  deleted(name: string): this {
    return this.add({ verb: 'delete', what: 'taskruns', name, user: 'somebody' });
  }

  job(name: string, run: string, ours: Record<string, string> = {}): this {
    const ownerReferences = [{ apiVersion, kind: 'TaskRun', name: run, uid: `run ${run}`, controller: true }];
    const object = { metadata: { name, namespace, uid: `job ${name}`, ownerReferences, labels: ours } };
    return this.add({ verb: 'create', what: 'jobs', name, object });
  }

  rules(restsFrom = Infinity): readonly string[] {
    return judge({ changes: this.changes, controller, restsFrom }).map(({ rule }) => rule);
  }
}

const first = { type: 'Revision', generation: 1 };
const second = { type: 'Revision', generation: 2 };
/** The trigger of a record which says that nobody saw the first deployment. */
const missed = { ...first, superseded: { most: 1, by: 'app-v2' } };
const inTurn = { executionPolicy: { concurrencyPolicy: 'Queue' } } as Partial<TaskObject['spec']>;
const oneRun = (): Log => new Log().task(1).run('v1', first).job('v1', 'v1').ended('v1').report(1);

describe('the judge', () => {
  it('finds nothing where every promise was kept', () => {
    expect(oneRun().rules()).toEqual([]);
  });

  it.each<[string, Log, string]>([
    ['a deployment that nothing answered', new Log().task(1).report(1), 'each deployment has one run'],
    ['a deployment with two runs', oneRun().run('again', first).ended('again'), 'each deployment has one run'],
    [
      'a deployment that ran and is on record as superseded',
      oneRun()
        .task(2)
        .run('v2', { type: 'Revision', generation: 2 })
        .ended('v2')
        .wait(5)
        .run('before', { type: 'Revision', generation: 2, superseded: { most: 1, by: 'app-v3', after: 'app-v1' } })
        .ended('before', 'Skipped')
        .task(3)
        .run('v3', { type: 'Revision', generation: 3 })
        .ended('v3')
        .report(3),
      'each deployment has one run',
    ],
    [
      'a deployment that a Task had named, and that is on record as superseded',
      oneRun()
        .deleted('v1')
        .task(2)
        .run('before', missed)
        .ended('before', 'Skipped')
        .run('v2', second)
        .ended('v2')
        .report(2),
      'each deployment has one run',
    ],
    [
      'a Task whose newest version was not reported',
      oneRun().task(2, { suspend: true, trigger: { appRevision: 'app-v1' } }),
      'a Task reports what became',
    ],
    [
      'two runs of one time of a schedule',
      oneRun()
        .run('a', { scheduledTime: '2026-03-20T12:00:00Z' })
        .ended('a')
        .run('b', { scheduledTime: '2026-03-20T12:00:00Z' })
        .ended('b'),
      'each time of a schedule',
    ],
    [
      'two Jobs of one attempt',
      new Log().task(1).run('v1', first).job('v1', 'v1').job('other', 'v1').ended('v1').report(1),
      'a run has a Job once for each attempt',
    ],
    [
      'a Job that somebody patched',
      oneRun().add({ verb: 'patch', what: 'jobs', name: 'v1', user: 'system:serviceaccount:story:editor' }),
      'nobody but Kubernetes and Kueue',
    ],
    [
      'a Job that was deleted while its outcome was not on record',
      new Log()
        .task(1)
        .run('v1', first)
        .job('v1', 'v1')
        .add({ verb: 'delete', what: 'jobs', name: 'v1' })
        .ended('v1')
        .report(1),
      'a Job is deleted only after',
    ],
    ['a run that failed after it had succeeded', oneRun().ended('v1', 'Failed'), 'a run that has finished stays'],
    [
      'a Job of a run that had finished',
      oneRun().job('late', 'v1', { [labels.attempt]: '1' }),
      'a run that has finished',
    ],
    [
      'two runs beside each other where they were to wait',
      new Log()
        .task(1, inTurn)
        .run('v1', first)
        .job('v1', 'v1')
        .run('hand', { type: 'Manual' })
        .job('hand', 'hand')
        .ended('v1')
        .ended('hand')
        .report(1, inTurn),
      'runs of a Task follow one another',
    ],
    [
      'a run that was deleted while it was active',
      new Log().task(1).run('v1', first).add({ verb: 'delete', what: 'taskruns', name: 'v1' }).report(1),
      'a run is forgotten only after',
    ],
    ['a run that never ended', new Log().task(1).run('v1', first).job('v1', 'v1').report(1), 'every run ends'],
    [
      'a run that runs something else than at first',
      oneRun().run('v1', first, 'Succeeded', 'patch', { template: 'other' }),
      'what a run runs',
    ],
  ])('finds %s', (_what, log, rule) => {
    expect(log.rules()).toEqual([expect.stringContaining(rule)]);
  });

  it('finds a write at rest', () => {
    expect(oneRun().rules(4_000)).toEqual([expect.stringContaining('nothing is written at rest')]);
  });

  it('accepts the run of a deployment that was suspended before it started, once', () => {
    const suspended = { suspend: true, trigger: { appRevision: 'app-v2' } };
    const log = oneRun().task(2).task(3, suspended);
    log.run('v2', { type: 'Revision', generation: 3 }).ended('v2').report(3, suspended);
    expect(log.rules()).toEqual([]);
    expect(log.run('again', second).ended('again').rules()).toEqual([
      'each deployment has one run, or is on record as superseded',
    ]);
  });

  it('takes a record of what no controller saw for an answer', () => {
    const superseded = { type: 'Revision', generation: 3, superseded: { most: 2, by: 'app-v4', after: 'app-v1' } };
    const log = oneRun().task(2).task(3).task(4).run('before', superseded).ended('before', 'Skipped');
    expect(log.run('v4', { type: 'Revision', generation: 4 }).ended('v4').report(4).rules()).toEqual([]);
  });

  it('accepts a run that an earlier leader had asked for when the next one made the record', () => {
    const superseded = { type: 'Revision', generation: 2, superseded: { most: 1, by: 'app-v3', after: 'app-v1' } };
    const log = oneRun().task(2).task(3).run('before', superseded).ended('before', 'Skipped');
    log.run('v2', { type: 'Revision', generation: 2 }).ended('v2');
    expect(log.run('v3', { type: 'Revision', generation: 3 }).ended('v3').report(3).rules()).toEqual([]);
  });

  it('accepts a record that the next leader had asked for when the run of an earlier one was made', () => {
    const superseded = { type: 'Revision', generation: 2, superseded: { most: 1, by: 'app-v3', after: 'app-v1' } };
    const log = oneRun().task(2).task(3).run('v2', { type: 'Revision', generation: 2 });
    log.run('before', superseded).ended('before', 'Skipped').ended('v2');
    expect(log.run('v3', { type: 'Revision', generation: 3 }).ended('v3').report(3).rules()).toEqual([]);
  });

  it('accepts a record of a deployment whose run a person deleted before the Task had named it', () => {
    const log = new Log().task(1).run('v1', first).ended('v1').deleted('v1').task(2).run('before', missed);
    expect(log.ended('before', 'Skipped').run('v2', second).ended('v2').report(2).rules()).toEqual([]);
  });

  it('accepts another run of a time whose run was deleted before the Task had named it, and not after', () => {
    const time = '2026-03-20T12:00:00Z';
    const scheduled = { type: 'Schedule', scheduledTime: time };
    const again = (log: Log): Log => log.deleted('a').run('b', scheduled).ended('b').report(1);
    expect(again(oneRun().run('a', scheduled).ended('a')).rules()).toEqual([]);
    const status = { observedGeneration: 1, totals: { active: 0 }, lastScheduleTime: time };
    const object = { metadata: { name: 'app-mytask', namespace, uid: 'task', generation: 1 }, spec: {}, status };
    const named = oneRun()
      .run('a', scheduled)
      .ended('a')
      .add({ verb: 'patch', what: 'tasks/status', name: 'app-mytask', object });
    expect(again(named).rules()).toEqual(['each time of a schedule has at most one run']);
  });

  it('orders two changes at the same time by their versions, not by their answers', () => {
    const log = oneRun();
    const [, created] = log.changes;
    const object = { ...created?.object, metadata: { ...created?.object?.metadata, resourceVersion: '2.5' } };
    log.add({ verb: 'patch', what: 'taskruns', name: 'v1', user: 'somebody', object: object });
    expect(log.rules()).toEqual([]);
  });

  it('leaves Kubernetes its own changes of a Job', () => {
    const log = oneRun().add({ verb: 'patch', what: 'jobs', name: 'v1', user: jobController });
    expect(log.add({ verb: 'update', what: 'jobs/status', name: 'v1', user: jobController }).rules()).toEqual([]);
  });
});
