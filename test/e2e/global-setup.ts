import type { TestProject } from 'vitest/node';
import { startEnvironment, type Place } from './environment.ts';

declare module 'vitest' {
  interface ProvidedContext {
    place: Place;
  }
}

/** One environment for all files; they keep to namespaces of their own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { place, stop } = await startEnvironment();
  project.provide('place', place);
  return stop;
}
