import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Cue, JsonObject } from '../cue/ts/index.ts';

/** What `vela addon enable` makes of an assembled addon: its Application, as it is applied. */
export interface AddonApplication extends JsonObject {
  readonly kind: 'Application';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations?: Record<string, string>;
  };
  readonly spec: {
    readonly components: readonly {
      readonly name: string;
      readonly type: string;
      readonly properties: { readonly objects: readonly JsonObject[] };
    }[];
    readonly policies: readonly JsonObject[];
    readonly workflow: {
      readonly steps: readonly { readonly name: string; readonly type: string; readonly properties: JsonObject }[];
    };
  };
}

/**
 * Renders an assembled addon as KubeVela does (pkg/addon/render.go): template.cue, parameter.cue and the resources of
 * the same package are one CUE value whose `output` is the Application; the YAML resources become one more component of
 * it.
 *
 * @param directory such as dist/task-runs
 * @param parameters what the user gave, as `vela addon enable dist/task-runs replicas=2`
 * @throws CueError where a parameter does not fit parameter.cue
 */
export async function renderAddon(cue: Cue, directory: string, parameters: JsonObject = {}): Promise<AddonApplication> {
  const metadata = parse(await readFile(join(directory, 'metadata.yaml'), 'utf8')) as { name: string };
  const resources = (await readdir(join(directory, 'resources'))).sort();
  const files: Record<string, string> = {
    'template.cue': await readFile(join(directory, 'template.cue'), 'utf8'),
    'parameter.cue': `package main\n\n${await readFile(join(directory, 'parameter.cue'), 'utf8')}`,
    'given.cue': `package main\n\ncontext: metadata: ${JSON.stringify(metadata)}\nparameter: ${JSON.stringify(parameters)}\n`,
  };
  for (const name of resources.filter((name) => name.endsWith('.cue')))
    files[name] = await readFile(join(directory, 'resources', name), 'utf8');
  const objects = await Promise.all(
    resources
      .filter((name) => name.endsWith('.yaml'))
      .map(async (name) => parse(await readFile(join(directory, 'resources', name), 'utf8')) as JsonObject),
  );
  const application = (await cue.evaluate(files, 'output')) as AddonApplication;
  return {
    ...application,
    metadata: { ...application.metadata, name: `addon-${metadata.name}`, namespace: 'vela-system' },
    spec: {
      ...application.spec,
      components: [
        ...application.spec.components,
        { name: `${metadata.name}-resources`, type: 'k8s-objects', properties: { objects } },
      ],
    },
  };
}

/** All objects that a component of the addon puts into a cluster. */
export function objectsOf(application: AddonApplication, component: string): readonly JsonObject[] {
  const found = application.spec.components.find(({ name }) => name === component);
  if (!found)
    throw new Error(
      `the addon has no component ${component}, only ${application.spec.components.map(({ name }) => name).join(', ')}`,
    );
  return found.properties.objects;
}
