/**
 * What `task-runs plan` takes beside the program, made of the sources: CUE as KubeVela 1.10 has it, the definitions,
 * and the schemas.
 */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import type { Definitions, Parts } from '../controller/src/cli/plan/parts.ts';
import type { Schema } from '../controller/src/plan/schema.ts';
import type { CueModule } from '../cue/ts/index.ts';
import { buildCue } from '../cue/ts/build.ts';
import { definitionNames, readDefinition } from './definition-files.ts';
import { withKubernetes } from './kubernetes-schema.ts';

interface Crd {
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

/** CUE as KubeVela 1.10 has it. */
export const planCue = '0.9.2';
const crds = ['crd-task.yaml', 'crd-tasktemplate.yaml', 'crd-taskrun.yaml'];

/** CUE's module and the definitions, as the bundled program reads them from beside itself. */
export async function partsOfSources(): Promise<Parts> {
  return { cue: cueOfSources, definitions: await definitionsOfSources() };
}

async function cueOfSources(): Promise<CueModule> {
  const { wasm, loader } = await buildCue(planCue);
  return { wasm: await readFile(wasm), loader: await readFile(loader, 'utf8') };
}

async function definitionsOfSources(): Promise<Definitions> {
  const byType: Record<string, Record<string, string>> = { component: {}, trait: {}, 'workflow-step': {} };
  for (const name of await definitionNames()) {
    const source = await readDefinition(name);
    const [, type = ''] = /^\ttype: +"(.*)"$/m.exec(source) ?? [];
    const same = byType[type];
    if (!same)
      throw new Error(`definitions/${name}.cue is of type ${type}: a plan knows ${Object.keys(byType).join(', ')}`);
    same[name] = source;
  }
  const { component: components = {}, trait: traits = {}, 'workflow-step': steps = {} } = byType;
  return { components, traits, steps, schemas: Object.fromEntries(await Promise.all(crds.map(readSchema))) };
}

/** Without the descriptions, which nobody reads there. */
async function readSchema(file: string): Promise<readonly [kind: string, schema: Schema]> {
  const { spec } = parse(await readFile(new URL(`../addon/resources/${file}`, import.meta.url), 'utf8')) as Crd;
  const { status: _status, ...properties } = spec.versions[0]?.schema.openAPIV3Schema.properties ?? {};
  const isText = (key: string, value: unknown) => key === 'description' && typeof value === 'string';
  const schema = JSON.parse(
    JSON.stringify({ type: 'object', properties }, (key, value: unknown) => (isText(key, value) ? undefined : value)),
  ) as Schema;
  return [spec.names.kind, withKubernetes(spec.names.kind, schema)];
}
