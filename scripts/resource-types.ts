import { readFile } from 'node:fs/promises';
import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { parse } from 'yaml';
import type { GeneratedFile } from './generated-file.ts';

interface Crd {
  spec: { names: { kind: string }; versions: { schema: { openAPIV3Schema: JSONSchema } }[] };
}

const resources = [
  { crd: 'addon/resources/crd-task.yaml', target: 'controller/src/resources/task.gen.ts' },
  { crd: 'addon/resources/crd-taskrun.yaml', target: 'controller/src/resources/task-run.gen.ts' },
  { crd: 'addon/resources/crd-tasktemplate.yaml', target: 'controller/src/resources/task-template.gen.ts' },
];

/**
 * As json-schema-to-typescript reads it: Kubernetes prunes unknown fields unless told to keep them, and a list's limits
 * make unreadable types.
 */
function asJsonSchema(schema: JSONSchema): JSONSchema {
  const { properties, items, additionalProperties, minItems: _min, maxItems: _max, ...rest } = schema;
  const keepsUnknown = (schema as Record<string, unknown>)['x-kubernetes-preserve-unknown-fields'] === true;
  if ((schema as Record<string, unknown>)['x-kubernetes-int-or-string'] === true)
    return { tsType: '(string | number)' };
  if (keepsUnknown && schema.type === undefined) return { tsType: 'unknown' };
  return {
    ...rest,
    ...(schema.type === 'object' && {
      additionalProperties:
        typeof additionalProperties === 'object' ? asJsonSchema(additionalProperties) : keepsUnknown,
    }),
    ...(items && { items: asJsonSchema(items) }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, asJsonSchema(value)])),
    }),
  };
}

async function generate(crd: string): Promise<string> {
  const { spec } = parse(await readFile(crd, 'utf8')) as Crd;
  const schema = spec.versions[0]?.schema.openAPIV3Schema;
  if (!schema?.properties) throw new Error(`${crd}: no schema at spec.versions[0].schema.openAPIV3Schema`);
  const { spec: specSchema, status } = schema.properties;
  const parts = await Promise.all(
    [specSchema, status]
      .filter((part) => part !== undefined)
      .map((part, index) =>
        compile(asJsonSchema(part as JSONSchema), `${spec.names.kind}${index === 0 ? 'Spec' : 'Status'}`, {
          bannerComment: '',
          additionalProperties: false,
        }),
      ),
  );
  return [`// Generated from ${crd} by \`npm run generate\`. Do not edit.`, ...parts].join('\n');
}

/** controller/src/resources/*.gen.ts, made of the CRDs, which are the one source of the resources' schemas. */
export function resourceTypeFiles(): Promise<GeneratedFile[]> {
  return Promise.all(resources.map(async ({ crd, target }) => ({ target, text: await generate(crd) })));
}
