/**
 * The rules of docs/architecture.md under "What always holds", each against stories that fast-check makes up. Most
 * rules are checked by the World at every call; see testing/world.ts.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Action } from './model/actions.ts';
import { decide } from './decide.ts';
import { emptyState, withMemory } from './model/state.ts';
import { classify } from './view/classify.ts';
import { hasPods, isOwnedBy, type Job, type Pod } from './model/objects.ts';
import { isFinished } from './model/phase.ts';
import type { ModelController } from './testing/model-controller.ts';
import { DeploymentStory, step, type Step } from './testing/deployment-story.ts';
import { hostileStory, queueStory, RunStory, step as runStep, type Step as RunStep } from './testing/run-story.ts';
import type { World } from './testing/world.ts';
import type { TaskStatus } from '../resources/index.ts';

const stories = fc.array(step, { maxLength: 40 });
const runs = { numRuns: 300 };

/** A test computes for ten seconds, and for more than a minute on a machine that others use as well. */
const busy = { timeout: 300_000 };

function holdsForAll(check: (steps: readonly Step[]) => void): void {
  fc.assert(fc.property(stories, check), runs);
}

const ages = [1, 1_500, 3_000, 10_000, 61_000, 3_600_000, 86_400_000 * 10];
/** A nudge may come late: while KubeVela polls by itself it is held back, and nothing wakes for its sake. */
const waiting = (actions: readonly Action[]) => actions.every(({ kind }) => kind === 'wakeAt' || kind === 'nudge');

describe('whatever happens, and wherever the controller dies', busy, () => {
  test('every trigger that was seen has one run, in the end one Job, and what is no trigger has none', () => {
    holdsForAll((steps) => {
      const story = new DeploymentStory().play(steps);
      story.end();
      const wrong = story
        .answers()
        .filter(
          ({ expected, runs }) => (expected === 'run' && runs !== 1) || (expected === 'none' && runs !== 0) || runs > 1,
        );
      expect(wrong).toEqual([]);
    });
  });

  test('deployments that no controller saw are on record before the run that took their place', () => {
    holdsForAll((steps) => {
      const story = new DeploymentStory().play(steps);
      story.end();
      expect(story.gaps().filter(({ unseen, recorded }) => recorded < unseen)).toEqual([]);
    });
  });

  test('a Task that is created again at rest does not run again what its Application knows to have run', () => {
    holdsForAll((steps) => {
      const { world } = ended(steps);
      const { status, ...task } = world.task;
      const run = world.mark?.run;
      if (run === undefined || run !== status?.observedTrigger?.run) return;
      const metadata = { ...task.metadata, uid: 'again', generation: 1 };
      const again = withMemory(emptyState({ ...task, metadata }), { before: { mark: world.mark } });
      const actions = decide(again, new Date(world.now));
      expect(actions.map(({ kind }) => kind)).not.toContain('createRun');
    });
  });

  test('every run ends, with the outcome of its Job', () => {
    holdsForAll((steps) => {
      const { world, controller } = ended(steps);
      for (const { metadata, status } of world.ownRuns()) {
        expect(isFinished(status?.phase)).toBe(true);
        const outcome = world.outcomes.get(metadata.uid);
        if (outcome !== undefined && status?.reason !== 'Replaced' && status?.reason !== 'JobDeleted')
          expect(status?.phase).toBe(outcome);
      }
      expect(classify(controller.state()).active).toEqual([]);
    });
  });

  test('at rest nothing is written, now or later', () => {
    holdsForAll((steps) => {
      const { world, controller } = ended(steps);
      for (const age of [0, ...ages]) expect(controller.decide(world.now + age)).toEqual([]);
    });
  });

  test('until the moment it asked to be woken at, time alone changes nothing', () => {
    holdsForAll((steps) => {
      const story = new DeploymentStory().play(steps.map(refusedForNow));
      const controller = story.rest();
      const [wake] = controller.decide();
      const until = wake?.kind === 'wakeAt' ? wake.at : Infinity;
      expect(until).toBeGreaterThan(story.world.now);
      for (const age of ages.filter((at) => story.world.now + at < until)) {
        expect({ age, actions: controller.decide(story.world.now + age) }).toSatisfy(
          ({ actions }: { actions: readonly Action[] }) => waiting(actions),
        );
      }
    });
  });

  test('keepLast, keepLastFailed, ttlSecondsAfterFinished and historyLimit hold at rest', () => {
    holdsForAll((steps) => {
      const { controller } = ended(steps);
      const { kept, finished, policy } = classify(controller.state());
      const succeeded = kept.filter(({ phase }) => phase === 'Succeeded').length;
      expect(succeeded).toBeLessThanOrEqual(policy.keepLast);
      expect(kept.length - succeeded).toBeLessThanOrEqual(policy.keepLastFailed);
      if (policy.ttlSecondsAfterFinished !== undefined) expect(kept).toEqual([]);
      // A kept run stays on record, and so does the one that the Task's status speaks of.
      const ran = finished.filter(({ phase }) => phase !== 'Skipped');
      expect(ran.length).toBeLessThanOrEqual(policy.historyLimit + kept.length + 1);
      expect(finished.length - ran.length).toBeLessThanOrEqual(policy.historyLimit + 1);
    });
  });

  test('the status at rest says what is there', () => {
    holdsForAll((steps) => {
      const { world } = ended(steps);
      const { status, metadata } = world.task;
      expect(status?.observedGeneration).toBe(metadata.generation);
      expect(status?.totals).toEqual(totalsOf(world));
      expect(status?.lastRuns?.length).toBe(Math.min(10, world.ownRuns().length));
    });
  });
});

describe('over weeks of schedules, people, pauses, crashes and jumps of the clock', busy, () => {
  const stories = fc.array(runStep, { maxLength: 60, size: 'max' });
  const holdsForAll = (check: (steps: readonly RunStep[]) => void) =>
    fc.assert(fc.property(stories, check), { numRuns: 150 });

  test('each time of a schedule has one run or is counted as missed, every run ends as it should, and then nothing is written any more', () => {
    holdsForAll((steps) => {
      const story = new RunStory().play(steps);
      const controller = story.end();
      expect(story.wrongEnds()).toEqual([]);
      expect(story.world.task.status?.totals).toEqual(totalsOf(story.world));
      for (const age of [0, ...ages]) expect(controller.decide(story.world.now + age)).toEqual([]);
    });
  });

  test('until the moment it asked to be woken at, time alone changes nothing', () => {
    holdsForAll((steps) => {
      const story = new RunStory().play(steps.map(refusedForNow));
      const controller = story.rest();
      const [wake] = controller.decide();
      const until = wake?.kind === 'wakeAt' ? wake.at : Infinity;
      expect(until).toBeGreaterThan(story.world.now);
      for (const age of ages.filter((at) => story.world.now + at < until)) {
        expect({ age, actions: controller.decide(story.world.now + age) }).toSatisfy(
          ({ actions }: { actions: readonly Action[] }) => waiting(actions),
        );
      }
    });
  });
});

describe('in a queue that admits, evicts, deactivates, gives up and goes at random moments', busy, () => {
  const holdsForAll = (check: (steps: readonly RunStep[]) => void) =>
    fc.assert(fc.property(queueStory, check), { numRuns: 300 });

  test('at rest each run that waits says so, and every run ends as it should, with nothing left that waits', () => {
    holdsForAll((steps) => {
      const story = new RunStory().play(steps);
      story.rest();
      const controller = story.end();
      expect(story.wrongEnds()).toEqual([]);
      for (const age of [0, ...ages]) expect(controller.decide(story.world.now + age)).toEqual([]);
    });
  });

  test('until the moment it asked to be woken at, time alone changes nothing', () => {
    holdsForAll((steps) => {
      const story = new RunStory().play(steps);
      const controller = story.rest();
      const [wake] = controller.decide();
      const until = wake?.kind === 'wakeAt' ? wake.at : Infinity;
      for (const age of ages.filter((at) => story.world.now + at < until)) {
        expect({ age, actions: controller.decide(story.world.now + age) }).toSatisfy(
          ({ actions }: { actions: readonly Action[] }) => waiting(actions),
        );
      }
    });
  });
});

describe(
  'while somebody changes, deletes and makes up objects of ours, as if no admission policy were there',
  busy,
  () => {
    test('every run that they leave alone ends as it should, no run starts twice, and then nothing is written any more', () => {
      fc.assert(
        fc.property(hostileStory, (steps) => {
          const story = new RunStory().play(steps);
          const controller = story.end();
          expect(story.wrongEnds()).toEqual([]);
          for (const age of [0, ...ages]) expect(waiting(controller.decide(story.world.now + age))).toBe(true);
        }),
        { numRuns: 150 },
      );
    });
  },
);

const isOf = (job: Job) => (pod: Pod) => isOwnedBy(pod, job.metadata.uid);

function totalsOf(world: World): NonNullable<TaskStatus['totals']> {
  const phases = world.ownRuns().map((run) => run.status?.phase);
  const count = (phase: string) => phases.filter((other) => other === phase).length;
  const withPods = world.ownJobs().filter((job) => hasPods(job, () => world.pods.filter(isOf(job))));
  const kept = new Set(withPods.map(({ metadata }) => metadata.ownerReferences?.[0]?.uid)).size;
  const skipped = count('Skipped');
  return {
    active: 0,
    succeeded: count('Succeeded'),
    failed: count('Failed'),
    cancelled: count('Cancelled'),
    kept,
    ...(skipped > 0 && { skipped }),
  };
}

/**
 * A run that is named after the time has another name a minute later, and is retried under it though it was finally
 * refused.
 */
function refusedForNow<S extends Step | RunStep>(step: S): S {
  return step.do === 'refuse' && step.how === 'forGood' ? { ...step, how: 'forNow' } : step;
}

function ended(steps: readonly Step[]): { readonly world: World; readonly controller: ModelController } {
  const story = new DeploymentStory().play(steps);
  const controller = story.end();
  return { world: story.world, controller };
}
