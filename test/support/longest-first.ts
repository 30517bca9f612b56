/** Starts the files that take longest first, so that none of them is left to run alone at the end. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** On two cores, from six minutes down to one. A file that grows as long is added here. */
const longest = [
  'test/api/campaign.test.ts',
  'test/api/cronjob-side-by-side.test.ts',
  'test/api/kill.test.ts',
  'test/api/sandbox.test.ts',
  'test/api/restore.test.ts',
  'test/api/queues.test.ts',
  'test/api/plan.test.ts',
  'test/api/in-cluster.test.ts',
  'test/api/adversary.test.ts',
  'test/api/admission.test.ts',
  'test/api/hundreds.test.ts',
  'test/api/release.test.ts',
  'test/e2e/deployments.test.ts',
  'test/console/views.test.ts',
  'test/e2e/flows.test.ts',
  'test/api/flows.test.ts',
  'test/api/tenants.test.ts',
  'test/api/rest.test.ts',
  'test/api/controller.test.ts',
  'test/e2e/addon.test.ts',
  'test/api/bad-input.test.ts',
  'test/e2e/tutorials.test.ts',
];

/** Within a group of projects; the others follow as vitest orders them, those that took longest last time first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = new Map((await super.sort(files)).map((spec, index) => [spec, placeOf(spec) - 1 / (index + 2)]));
    return [...files].sort(
      (a, b) =>
        a.project.config.sequence.groupOrder - b.project.config.sequence.groupOrder ||
        (place.get(a) ?? 0) - (place.get(b) ?? 0),
    );
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = longest.findIndex((name) => moduleId.endsWith(`/${name}`));
  return place < 0 ? longest.length : place;
}
