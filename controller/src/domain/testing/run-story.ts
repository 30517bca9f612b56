/**
 * What happens to a Task over weeks: its schedule and policies change, people ask for runs and end them, the clock
 * jumps, Jobs fail, are slow and leave pods behind, and the controller acts, dies and comes back. As data, as in
 * deployment-story.ts.
 */
import fc from 'fast-check';
import type { ExecutionPolicy, Task, TaskRun } from '../../resources/index.ts';
import { isFinished } from '../model/phase.ts';
import { schedules } from './calendar.ts';
import { ModelController } from './model-controller.ts';
import { checkQueued, isAnswered, isRecorded, mustHold, unanswered, wrongEnd } from './rules.ts';
import { Tamperer, tampering, type Tampering } from './tampering.ts';
import { hasEnded, type QueueAct, type Refuses, World } from './world.ts';

/** What somebody writes into the Task; null takes a field away. */
type Change = {
  readonly [
    K in
      | 'schedule'
      | 'suspend'
      | 'retry'
      | 'queue'
      | 'queueTimeoutSeconds'
      | 'timeoutSeconds'
      | 'outputs'
      | 'executionPolicy'
  ]?: Task['spec'][K] | null | undefined;
};

export type Step =
  | { readonly do: 'change'; readonly change: Change }
  | { readonly do: 'deploy' }
  /** The Application's workflow comes to the step that runs the Task, or restarts. */
  | { readonly do: 'workflowStep' }
  | { readonly do: 'endStep' }
  | { readonly do: 'createByHand'; readonly overrides: TaskRun['spec']['overrides'] }
  | { readonly do: 'cancel'; readonly pick: number }
  | { readonly do: 'removeRun' | 'removeJob'; readonly pick: number }
  | {
      readonly do: 'progress';
      readonly pick: number;
      readonly step: 'start' | 'podFails' | 'complete' | 'fail';
      readonly text?: string | undefined;
    }
  | { readonly do: 'queue'; readonly pick: number; readonly act: QueueAct }
  | { readonly do: 'kueue'; readonly installed: boolean }
  | { readonly do: 'endPods' }
  | { readonly do: 'refuse'; readonly kind: 'TaskRun' | 'Job'; readonly how: Refuses }
  | { readonly do: 'advance'; readonly seconds: number }
  | { readonly do: 'reconcile'; readonly lag: number; readonly diesAfter?: number | undefined }
  | { readonly do: 'kill' }
  | { readonly do: 'tamper'; readonly tampering: Tampering };

/** What happens to one run, or to its Job. */
type Interference = Extract<Step, { readonly do: 'progress' | 'queue' | 'removeRun' | 'removeJob' }>;

function isInterference(step: Step): step is Interference {
  return ['progress', 'queue', 'removeRun', 'removeJob'].includes(step.do);
}

const pick = fc.nat(20);
export const policy: fc.Arbitrary<ExecutionPolicy> = fc.record(
  {
    concurrencyPolicy: fc.constantFrom('Allow', 'Forbid', 'Replace', 'Queue', 'Queue'),
    queueLimit: fc.constantFrom(1, 2, 100),
    allowedOverrides: fc.constantFrom([], ['args' as const], ['args' as const, 'env' as const]),
    keepLast: fc.nat(2),
    keepLastFailed: fc.nat(2),
    historyLimit: fc.integer({ min: 1, max: 3 }),
    trigger: fc.constantFrom('Revision', 'Manual'),
    unique: fc.constantFrom(true, true, true, false),
    ttlSecondsAfterFinished: fc.constantFrom(0, 600),
  },
  { requiredKeys: ['concurrencyPolicy'] },
);
const absent = fc.constant(null);
const schedule = fc
  .tuple(fc.constantFrom(...schedules), fc.option(fc.constantFrom(0, 60, 3_600), { nil: undefined, freq: 1 }))
  .map(([spec, startingDeadlineSeconds]) =>
    startingDeadlineSeconds === undefined ? spec : { ...spec, startingDeadlineSeconds },
  );
const retry = fc.record({
  limit: fc.nat(2),
  delaySeconds: fc.constantFrom(0, 5, 30),
  backoff: fc.constantFrom('Constant' as const, 'Exponential' as const),
});
const change = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ schedule: fc.oneof({ weight: 4, arbitrary: schedule }, { weight: 1, arbitrary: absent }) }),
  },
  { weight: 3, arbitrary: fc.record({ executionPolicy: policy }) },
  { weight: 2, arbitrary: fc.record({ suspend: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ retry: fc.oneof(retry, retry, absent) }) },
  { weight: 1, arbitrary: fc.record({ timeoutSeconds: fc.oneof(fc.constantFrom(10, 60), absent) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      queue: fc.oneof({ weight: 3, arbitrary: fc.constant({ name: 'q' }) }, { weight: 1, arbitrary: absent }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ queue: fc.constant({ name: 'q' }), queueTimeoutSeconds: fc.constantFrom(10, 600, null) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      outputs: fc.oneof(fc.constant<NonNullable<Task['spec']['outputs']>>([{ name: 'version' }]), absent),
    }),
  },
);
const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
/** Mostly forward in the steps of a schedule, now and then a jump either way. */
const seconds = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(1, 5, 20, minute, 5 * minute, 20 * minute) },
  { weight: 4, arbitrary: fc.constantFrom(hour, 3 * hour, day) },
  { weight: 1, arbitrary: fc.constantFrom(7 * day, 40 * day) },
  { weight: 1, arbitrary: fc.constantFrom(-minute, -hour, -2 * day) },
);
const overrides = fc.constantFrom<TaskRun['spec']['overrides'][]>(
  undefined,
  { args: ['one'] },
  { env: [{ name: 'A', value: 'b' }] },
);
const text = fc.constantFrom(undefined, '{"version":"1"}', '{"version":"1"}', '{}', 'no JSON');

const queueAct = fc.constantFrom<QueueAct[]>(
  'admit',
  'admit',
  'admit',
  'evict',
  'evict',
  'suspended',
  'suspended',
  'deactivate',
  'activate',
  'giveUp',
  'forget',
);
const kueue = fc.record({ do: fc.constant('kueue' as const), installed: fc.boolean() });
const reconcile = fc.record({
  do: fc.constant('reconcile' as const),
  lag: fc.constantFrom(0, 0, 1, 3),
  diesAfter: fc.option(fc.nat(6), { nil: undefined, freq: 3 }),
});

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('change' as const), change }) },
  { weight: 2, arbitrary: fc.constant({ do: 'deploy' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'workflowStep' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'endStep' as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('createByHand' as const), overrides }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('removeRun' as const, 'removeJob' as const), pick }) },
  {
    weight: 9,
    arbitrary: fc.record({
      do: fc.constant('progress' as const),
      pick,
      step: fc.constantFrom(
        'start' as const,
        'podFails' as const,
        'complete' as const,
        'fail' as const,
        'fail' as const,
      ),
      text,
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('queue' as const), pick, act: queueAct }) },
  { weight: 1, arbitrary: kueue },
  { weight: 2, arbitrary: fc.constant({ do: 'endPods' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('refuse' as const),
      kind: fc.constantFrom('TaskRun' as const, 'Job' as const),
      how: fc.constantFrom('nothing' as const, 'forNow' as const, 'forGood' as const),
    }),
  },
  { weight: 9, arbitrary: fc.record({ do: fc.constant('advance' as const), seconds }) },
  { weight: 12, arbitrary: reconcile },
  { weight: 1, arbitrary: fc.constant({ do: 'kill' as const }) },
);

/** Much that somebody does to objects of ours in between. */
export const hostileStory: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: step },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('tamper' as const), tampering }) },
  ),
  { maxLength: 60, size: 'max' },
);

const mostlyInAndOut = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<QueueAct[]>('admit', 'evict', 'suspended') },
  { weight: 1, arbitrary: queueAct },
);

/** Few runs, and much that their queue does with them. */
export const queueStory: fc.Arbitrary<readonly Step[]> = fc
  .tuple(
    fc.record({
      queueTimeoutSeconds: fc.constantFrom(30, 30, 120, null),
      timeoutSeconds: fc.constantFrom(30, null, null),
      retry: fc.oneof(retry, absent, absent),
      executionPolicy: policy,
    }),
    fc.array(
      fc.oneof<fc.WeightedArbitrary<Step>[]>(
        {
          weight: 16,
          arbitrary: fc.record({ do: fc.constant('queue' as const), pick: fc.nat(1), act: mostlyInAndOut }),
        },
        {
          weight: 8,
          arbitrary: fc.record({ do: fc.constant('advance' as const), seconds: fc.constantFrom(1, 5, 9, 20) }),
        },
        { weight: 8, arbitrary: reconcile },
        {
          weight: 4,
          arbitrary: fc.record({
            do: fc.constant('progress' as const),
            pick: fc.nat(1),
            step: fc.constantFrom('start' as const, 'start' as const, 'complete' as const, 'fail' as const),
          }),
        },
        { weight: 1, arbitrary: fc.constant({ do: 'deploy' }) },
        {
          weight: 1,
          arbitrary: fc.oneof<fc.Arbitrary<Step>[]>(kueue, fc.constant({ do: 'kill' }), fc.constant({ do: 'endPods' })),
        },
        { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('cancel' as const, 'removeJob' as const), pick }) },
      ),
      { maxLength: 40, size: 'max' },
    ),
  )
  .map(([change, steps]) => [
    {
      do: 'change',
      change: { queue: { name: 'q' }, ...change, executionPolicy: { ...change.executionPolicy, trigger: 'Revision' } },
    },
    { do: 'reconcile', lag: 0 },
    ...steps,
  ]);

/** More rounds than runs that may wait. */
const mostRounds = 100;

export class RunStory {
  readonly world = new World();
  readonly #tamperer = new Tamperer(this.world);
  #controller: ModelController | undefined = new ModelController(this.world);
  #revision = 1;
  #steps = 0;
  #byHand = 0;
  /** Whether TaskRuns ever were: what is finally refused is passed over, and for now, waits. */
  #isRefused = false;
  /** What the clock said at its latest. */
  #latest = this.world.now;

  play(steps: readonly Step[]): this {
    for (const next of steps) this.#do(next);
    return this;
  }

  /** Everything that has a time has been answered once the controller has seen and done all that is to do now. */
  rest(): ModelController {
    this.#do({ do: 'reconcile', lag: 0 });
    if (!this.#controller) throw new Error('a reconcile that may not die did');
    const time = unanswered(this.world);
    if (!this.#isRefused)
      mustHold(
        'the latest time of the schedule has an answer',
        time === undefined,
        `${time} at ${this.world.rfc3339()}`,
      );
    checkQueued(this.world);
    return this.#controller;
  }

  /**
   * Nothing is refused or asked for any more, the clock has caught up, all that began comes to its end, and its time is
   * up.
   */
  end(): ModelController {
    const { world } = this;
    world.refuses = { TaskRun: 'nothing', Job: 'nothing' };
    world.advance(Math.max(0, this.#latest - world.now) / 1000 + 70);
    this.#do({ do: 'change', change: { suspend: false } });
    this.rest();
    // What somebody broke may go on for ever, until it is cancelled.
    for (const { metadata } of world.ownRuns()) if (world.spoiled.has(metadata.uid)) world.cancel(metadata.name);
    this.#controller?.watch();
    this.rest();
    this.#do({ do: 'change', change: { schedule: null } });
    this.rest(); // what was finally refused is retried with the new version
    for (let round = 0; round < mostRounds && this.#isBusy(); round += 1) {
      this.rest();
      world.openQueues();
      for (const { metadata } of world.ownJobs()) world.queue(metadata.name, 'admit');
      for (const { metadata } of world.ownJobs()) world.progress(metadata.name, 'complete', '{"version":"1"}');
      world.endPods();
      world.advance(70);
    }
    this.rest();
    world.advance(2 * hour);
    return this.rest();
  }

  /** What is wrong with the runs after the end. */
  wrongEnds(): string[] {
    const sound = this.world.ownRuns().filter(({ metadata }) => !this.world.spoiled.has(metadata.uid));
    return sound.flatMap((run) => wrongEnd(this.world, run) ?? []);
  }

  #isBusy(): boolean {
    const { world } = this;
    const isSound = (runUid: string) => !world.spoiled.has(runUid);
    return (
      world.ownJobs().some((job) => isSound(world.runOf(job)) && !hasEnded(job)) ||
      world.ownRuns().some(({ metadata, status }) => isSound(metadata.uid) && !isFinished(status?.phase))
    );
  }

  #do(next: Step): void {
    const { world } = this;
    if (isInterference(next)) return this.#interfere(next);
    switch (next.do) {
      case 'refuse':
        return this.#refuse(next.kind, next.how);
      case 'advance':
        return this.#advance(next.seconds);
      case 'endPods':
        return world.endPods();
      case 'reconcile':
        return this.#act(next.lag, next.diesAfter);
      case 'kueue':
        world.isKueueInstalled = next.installed;
        return;
      case 'kill':
        this.#controller = undefined;
        return;
      case 'tamper':
        return this.#tamperer.tamper(next.tampering);
      default:
        this.#ask(next);
        this.#controller?.watch(); // what people write is seen, or seen by the next process
    }
  }

  #refuse(kind: 'TaskRun' | 'Job', how: Refuses): void {
    this.world.refuses = { ...this.world.refuses, [kind]: how };
    this.#isRefused ||= kind === 'TaskRun' && how !== 'nothing';
  }

  #advance(by: number): void {
    this.world.advance(by);
    this.#latest = Math.max(this.#latest, this.world.now);
  }

  #ask(
    next: Extract<Step, { readonly do: 'change' | 'deploy' | 'workflowStep' | 'endStep' | 'createByHand' | 'cancel' }>,
  ): void {
    const { world } = this;
    switch (next.do) {
      case 'change':
        return this.#apply(next.change);
      case 'deploy':
        this.#revision += 1;
        return this.#apply({});
      case 'workflowStep':
        this.#steps += 1;
        return this.#apply({});
      case 'endStep':
        world.endedSteps.add(`session-${this.#steps}`);
        return;
      case 'createByHand':
        this.#byHand += 1;
        return world.createByHand(`by-hand-${this.#byHand}`, next.overrides);
      case 'cancel':
        return at([...world.ownRuns()], next.pick, ({ metadata }) => world.cancel(metadata.name));
    }
  }

  #apply(change: Change): void {
    const { spec } = this.world.task;
    const step = this.#steps === 0 ? {} : { step: 'run', id: `session-${this.#steps}` };
    const next = { ...spec, ...change, trigger: { appRevision: `app-worker-v${this.#revision}`, ...step } };
    const wanted = Object.fromEntries(
      Object.entries(next).filter(([, value]) => value !== null),
    ) as unknown as Task['spec'];
    if (JSON.stringify(wanted) !== JSON.stringify(spec)) this.world.deploy(wanted);
  }

  #interfere(next: Interference): void {
    const { world } = this;
    const jobs = world.ownJobs().map(({ metadata }) => metadata.name);
    switch (next.do) {
      case 'queue':
        return at(jobs, next.pick, (name) => world.queue(name, next.act));
      case 'progress':
        return at(jobs, next.pick, (name) =>
          world.progress(name, next.step, next.step === 'complete' ? next.text : undefined),
        );
      case 'removeJob':
        return at(
          jobs.filter((name) => isRecorded(world, world.jobs.get(name))),
          next.pick,
          (name) => this.#removeJob(name),
        );
      case 'removeRun':
        return at(
          world.ownRuns().filter((run) => isAnswered(world, run)),
          next.pick,
          ({ metadata }) => world.removeRun(metadata.name),
        );
    }
  }

  /** What a complete Job's pods wrote goes with them. */
  #removeJob(name: string): void {
    const job = this.world.jobs.get(name);
    const owner = job ? this.world.runOf(job) : '';
    this.world.removeJob(name);
    const run = this.world.ownRuns().find(({ metadata }) => metadata.uid === owner);
    if (!isFinished(run?.status?.phase)) this.world.outcomes.delete(owner);
  }

  #act(lag: number, diesAfter?: number): void {
    if (this.#controller) this.#controller.watch(lag);
    else this.#controller = new ModelController(this.world);
    if (!this.#controller.reconcile(diesAfter)) this.#controller = undefined;
  }
}

function at<T>(list: readonly T[], choice: number, act: (item: T) => void): void {
  const item = list[choice % Math.max(1, list.length)];
  if (item !== undefined) act(item);
}
