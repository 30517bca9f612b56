/** What `task-runs convert` prints, rendered by our definitions as KubeVela renders it. */
import { afterAll, beforeAll, expect } from 'vitest';
import { createCue, type Cue, type Definition, type JsonObject } from '../../cue/ts/index.ts';
import { definitionNames, readDefinition } from '../../scripts/definition-files.ts';
import { partsOfSources } from '../../scripts/plan-parts.ts';
import { problemsOf } from './schema.ts';

export interface Application extends JsonObject {
  metadata: { name: string; namespace?: string };
  spec: { components: { name: string; type: string; properties: JsonObject }[] };
}

let read: ReturnType<typeof partsOfSources> | undefined;

/** What `convert` is given, read once for all manifests. */
export const parts = () => (read ??= partsOfSources());

export type Rendered = JsonObject & { spec: JsonObject };

/**
 * Compiles the definitions for the tests of a file.
 * @returns what KubeVela would render of an Application's first component; it must fit our CRDs
 */
export function useDefinitions(): (application: Application) => Promise<Rendered> {
  let cue: Cue;
  const ours: Record<string, Definition> = {};
  beforeAll(async () => {
    cue = await createCue({ version: '0.14.1', deadlineMs: 20_000 });
    for (const name of await definitionNames()) ours[name] = await cue.compile(await readDefinition(name));
  });
  afterAll(() => cue.close());
  return async ({ metadata, spec }) => {
    const [{ name, type, properties } = { name: '', type: '', properties: {} }] = spec.components;
    const context = {
      name,
      namespace: 'default',
      appName: metadata.name,
      appRevision: `${metadata.name}-v1`,
      appRevisionNum: 1,
      publishVersion: '',
    };
    const output = (await ours[type]?.render({ parameter: properties, context }))?.output as Rendered;
    expect(problemsOf(output)).toEqual([]);
    return output;
  };
}
