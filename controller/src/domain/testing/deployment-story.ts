/**
 * What happens to a Task, as data: a list of steps that fast-check makes up and shrinks, and `play`, which lets it
 * happen in a World while a ModelController acts, dies and comes back.
 */
import fc from 'fast-check';
import type { ExecutionPolicy, Task } from '../../resources/index.ts';
import { snapshotOf } from '../manifest/snapshot.ts';
import { policyOf } from '../model/execution-policy.ts';
import { type Answered, lastAnswered, triggerValue } from '../model/trigger.ts';
import { runNames } from '../policies/name-suffix.ts';
import { ModelController } from './model-controller.ts';
import { isRecorded } from './rules.ts';
import { type Refuses, World } from './world.ts';

export type Step =
  /** `count` new revisions, each running `content`, seen one by one when the controller is up. */
  | { readonly do: 'deploy'; readonly content: number; readonly count: number }
  /** An older revision, under its old name. */
  | { readonly do: 'rollBack'; readonly pick: number }
  | { readonly do: 'publish'; readonly version: string; readonly content: number }
  | { readonly do: 'changePolicy'; readonly policy: ExecutionPolicy; readonly revision: boolean }
  | { readonly do: 'progress'; readonly pick: number; readonly step: 'start' | 'podFails' | 'complete' | 'fail' }
  | { readonly do: 'removeJob'; readonly pick: number }
  | { readonly do: 'removeRun'; readonly pick: number }
  | { readonly do: 'occupy'; readonly kind: 'TaskRun' | 'Job'; readonly second: boolean }
  | { readonly do: 'refuse'; readonly kind: 'TaskRun' | 'Job'; readonly how: Refuses }
  | { readonly do: 'wait'; readonly seconds: number }
  /**
   * Watches tell all but the last `lag` changes; then the controller acts, and dies after so many calls, if it makes
   * that many.
   */
  | { readonly do: 'reconcile'; readonly lag: number; readonly diesAfter?: number | undefined }
  /** It dies, and nobody is there until the next reconcile. */
  | { readonly do: 'kill' };

const pick = fc.nat(50);
export const policy: fc.Arbitrary<ExecutionPolicy> = fc.record(
  {
    unique: fc.boolean(),
    keepLast: fc.nat(3),
    keepLastFailed: fc.nat(2),
    trigger: fc.constantFrom('Revision', 'Revision', 'Change', 'Manual'),
    nameSuffix: fc.constantFrom('Revision', 'Timestamp', 'UUID'),
    ttlSecondsAfterFinished: fc.constantFrom(0, 30, 3_600),
    historyLimit: fc.integer({ min: 1, max: 4 }),
    healthyWhen: fc.constantFrom('Succeeded', 'Started'),
  },
  { requiredKeys: [] },
);
const kind = fc.constantFrom('TaskRun' as const, 'Job' as const);
const diesAfter = fc.option(fc.nat(6), { nil: undefined, freq: 3 });

export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('deploy' as const),
      content: fc.nat(2),
      count: fc.constantFrom(1, 1, 1, 2, 5),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rollBack' as const), pick }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      version: fc.constantFrom('', 'again-1', 'again-2'),
      content: fc.nat(2),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('changePolicy' as const), policy, revision: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('progress' as const),
      pick,
      step: fc.constantFrom('start', 'podFails', 'complete', 'fail'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('removeJob' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('removeRun' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('occupy' as const), kind, second: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('refuse' as const),
      kind,
      how: fc.constantFrom('nothing', 'forNow', 'forGood'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(1, 2, 5, 60, 4_000) }),
  },
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant('reconcile' as const), lag: fc.constantFrom(0, 0, 1, 3), diesAfter }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const) }) },
);

/**
 * What a version of the Task must lead to: a run, none, or either (it was overtaken while nobody looked, or
 * finally refused).
 */
type Expected = 'run' | 'none' | 'either';

/** The newest version that the controller saw, and the hash of what the last one that asked for a run would run. */
type Seen = Pick<Answered, 'generation' | 'value' | 'snapshotHash'>;
const nothing: Seen = { generation: 0, value: '\0 never a trigger' };

export class DeploymentStory {
  readonly world = new World();
  #controller: ModelController | undefined = new ModelController(this.world);
  readonly #expected = new Map<number, Expected>();
  /** Deployments that nobody saw yet, by generation, and those that came before a version that a controller saw. */
  readonly #unseen = new Set<number>();
  readonly #gaps = new Map<number, number>();
  /** Versions with which the trigger that was answered last came back while nobody looked. */
  readonly #returns = new Set<number>();
  #seen: Seen = nothing;
  #before: Seen = nothing;
  /** Triggers whose run was finally refused; under the same name it is not retried. */
  readonly #refusedForGood = new Set<string>();
  #revision = 1;
  #content = 0;

  constructor() {
    this.#see();
  }

  play(steps: readonly Step[]): this {
    for (const next of steps) this.#do(next);
    return this;
  }

  /**
   * What was refused is allowed, what others took is free, every Job ends, and the controller comes to rest; then no
   * time-out is left, either.
   */
  end(): ModelController {
    this.world.refuses = { TaskRun: 'nothing', Job: 'nothing' };
    this.world.vacate();
    for (let round = 0; round < 8; round += 1) {
      this.world.advance(70);
      this.rest();
      for (const { metadata } of this.world.ownJobs()) this.world.progress(metadata.name, 'complete');
    }
    this.world.advance(2 * 3_600);
    return this.rest();
  }

  /** The controller, started if need be, after it has seen and done everything that is to do now. */
  rest(): ModelController {
    this.#do({ do: 'reconcile', lag: 0 });
    if (!this.#controller) throw new Error('a reconcile that may not die did');
    return this.#controller;
  }

  /** Each version of the Task with the runs that it must have had, and had. */
  answers(): { readonly generation: number; readonly expected: Expected; readonly runs: number }[] {
    return [...this.#expected].map(([generation, expected]) => ({
      generation,
      expected,
      runs: this.world.runsCreated.get(`generation ${generation}`)?.length ?? 0,
    }));
  }

  /**
   * How many deployments nobody saw before each version that got a run, or that brought the last trigger back, and how
   * many the record of them says there were.
   */
  gaps(): { readonly generation: number; readonly unseen: number; readonly recorded: number }[] {
    const { runsCreated } = this.world;
    return [...this.#gaps].flatMap(([generation, unseen]) => {
      if (runsCreated.has(`generation ${generation}`))
        return [{ generation, unseen, recorded: this.#recordedOf(generation - 1) }];
      return this.#returns.has(generation) ? [{ generation, unseen, recorded: this.#recordedOf(generation) }] : [];
    });
  }

  /** The most deployments of a record that stands for that generation, too. */
  #recordedOf(generation: number): number {
    const records = [...this.world.superseded].filter(([last, most]) => last - most < generation && generation <= last);
    return Math.max(0, ...records.map(([, most]) => most));
  }

  #do(next: Step): void {
    const { world } = this;
    switch (next.do) {
      case 'refuse':
        world.refuses = { ...world.refuses, [next.kind]: next.how };
        return;
      case 'wait':
        world.advance(next.seconds);
        return;
      case 'reconcile':
        return this.#act(next.lag, next.diesAfter);
      case 'kill':
        return this.#die();
      case 'progress':
      case 'removeJob':
      case 'removeRun':
      case 'occupy':
        return this.#interfere(next);
      default:
        return this.#apply(next);
    }
  }

  /** What KubeVela does for people. */
  #apply(next: Extract<Step, { readonly do: 'deploy' | 'rollBack' | 'publish' | 'changePolicy' }>): void {
    const { spec } = this.world.task;
    switch (next.do) {
      case 'deploy':
        for (let i = 0; i < next.count; i += 1) this.#deployRevision(next.content + i);
        return;
      case 'rollBack':
        return this.#rollBack(next.pick);
      case 'publish':
        this.#content = next.content;
        this.#revision += 1;
        return this.#deploy({ ...spec, ...this.#rendered(next.version) });
      case 'changePolicy':
        this.#revision += next.revision ? 1 : 0;
        return this.#deploy({ ...spec, executionPolicy: next.policy, ...(next.revision && this.#rendered()) });
    }
  }

  #interfere(next: Extract<Step, { readonly do: 'progress' | 'removeJob' | 'removeRun' | 'occupy' }>): void {
    const { world } = this;
    const jobs = world.ownJobs().map(({ metadata }) => metadata.name);
    switch (next.do) {
      case 'progress':
        return at(jobs, next.pick, (name) => world.progress(name, next.step));
      case 'removeJob':
        return at(
          jobs.filter((name) => isRecorded(world, world.jobs.get(name))),
          next.pick,
          (name) => world.removeJob(name),
        );
      case 'removeRun':
        return at(this.#recordedRuns(), next.pick, (name) => world.removeRun(name));
      case 'occupy': {
        const generation = (world.task.metadata.generation ?? 0) + 1;
        const version = {
          ...world.task,
          metadata: { ...world.task.metadata, generation },
          spec: { ...world.task.spec, trigger: { appRevision: `app-worker-v${this.#revision + 1}` } },
        };
        const [first, second] = runNames(version, new Date(world.now));
        return world.occupy(next.kind, (next.second ? second : first) ?? '');
      }
    }
  }

  /** As isRecorded has it of a Job, a run goes only after the Task's status names its trigger. */
  #recordedRuns(): string[] {
    const observed = this.world.task.status?.observedTrigger?.generation ?? 0;
    return this.world
      .ownRuns()
      .flatMap(({ metadata, spec }) => ((spec.trigger?.generation ?? 0) <= observed ? [metadata.name] : []));
  }

  #rendered(publishVersion = ''): Pick<Task['spec'], 'trigger' | 'template'> {
    const command = ['echo', String(this.#content)];
    return {
      trigger: { appRevision: `app-worker-v${this.#revision}`, publishVersion },
      template: { spec: { containers: [{ name: 'mytask', image: 'busybox', command }] } },
    };
  }

  #deployRevision(content: number): void {
    this.#revision += 1;
    this.#content = content % 3;
    this.#deploy({ ...this.world.task.spec, ...this.#rendered() });
  }

  /** As KubeVela: the old revision's name, from which the numbers go on. */
  #rollBack(choice: number): void {
    this.#revision = 1 + (choice % this.#revision);
    this.#content = this.#revision % 3;
    this.#deploy({ ...this.world.task.spec, ...this.#rendered() });
  }

  #deploy(spec: Task['spec']): void {
    if (JSON.stringify(spec) === JSON.stringify(this.world.task.spec)) return;
    const isDeployment = triggerValue(spec.trigger) !== triggerValue(this.world.task.spec.trigger);
    this.world.deploy(spec);
    if (!this.#controller) {
      if (isDeployment) this.#unseen.add(this.world.task.metadata.generation ?? 0);
      return;
    }
    this.#controller.watch();
    this.#see();
  }

  #act(lag: number, diesAfter?: number): void {
    if (this.#controller) this.#controller.watch(lag);
    else this.#start();
    if (this.#controller?.reconcile(diesAfter) === false) this.#die();
    if (this.world.refuses.TaskRun !== 'forGood') return;
    this.#refusedForGood.add(this.#seen.value);
    for (const [generation, expected] of this.#expected)
      if (expected === 'run') this.#expected.set(generation, 'either');
  }

  #start(): void {
    this.#controller = new ModelController(this.world);
    this.#seen = this.#answered() ?? nothing;
    const { generation = 0 } = this.world.task.metadata;
    this.#unseen.delete(generation);
    if (this.#unseen.size > 0) {
      this.#gaps.set(generation, this.#unseen.size);
      if (this.#isReturn()) this.#returns.add(generation);
    }
    this.#unseen.clear();
    this.#see();
  }

  #isReturn(): boolean {
    const { trigger, unique } = policyOf(this.world.task);
    const isSame = triggerValue(this.world.task.spec.trigger) === this.#seen.value;
    // The record is a TaskRun, which may be refused like any other.
    return isSame && trigger === 'Revision' && unique && this.#refusedForGood.size === 0;
  }

  #die(): void {
    this.#controller = undefined;
    for (const [generation, expected] of this.#expected) {
      if (expected === 'run' && !this.world.runsCreated.has(`generation ${generation}`))
        this.#expected.set(generation, 'either');
    }
  }

  #answered(): Answered | undefined {
    return lastAnswered(this.world.task, this.world.ownRuns());
  }

  /** The oracle: what the version that the controller has just seen must lead to, judged by what it saw before. */
  #see(): void {
    const { task } = this.world;
    const generation = task.metadata.generation ?? 0;
    if (generation <= this.#seen.generation) return;
    const value = triggerValue(task.spec.trigger);
    this.#turnPage(value);
    const asks = value !== this.#before.value && asksForRun(task, this.#before);
    const asked = asks ? snapshotOf(task).hash : this.#before.snapshotHash;
    this.#seen = { generation, value, ...(asked !== undefined && { snapshotHash: asked }) };
    const run = this.#refusedForGood.has(value) ? 'either' : 'run';
    this.#expected.set(generation, asks ? run : 'none');
  }

  /** The same trigger with another spec, before it was answered, takes the older version's place. */
  #turnPage(value: string): void {
    const { generation } = this.#seen;
    if (value === this.#seen.value && (this.#answered()?.generation ?? 0) < generation)
      this.#expected.set(generation, 'none');
    else this.#before = this.#seen;
  }
}

function asksForRun(task: Task, before: Seen): boolean {
  const { trigger, unique } = policyOf(task);
  if (trigger === 'Manual') return false;
  return (trigger === 'Revision' && unique) || snapshotOf(task).hash !== before.snapshotHash;
}

function at<T>(list: readonly T[], choice: number, act: (item: T) => void): void {
  const item = list[choice % Math.max(1, list.length)];
  if (item !== undefined) act(item);
}
