import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject } from 'ajv';
import { parse } from 'yaml';

type Schema = { [keyword: string]: unknown; properties?: Record<string, Schema>; items?: Schema };

/** As the API server reads it with field validation on: a field that is not named is an error where unknown ones are not kept. */
function strict({ properties, items, ...rest }: Schema): Schema {
  const closed = properties !== undefined && rest['x-kubernetes-preserve-unknown-fields'] !== true;
  return {
    ...rest,
    ...(items && { items: strict(items) }),
    ...(properties && { properties: Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, strict(value)])) }),
    ...(closed && { additionalProperties: false }),
  };
}

const crd = parse(readFileSync(new URL('../../addon/resources/crd-task.yaml', import.meta.url), 'utf8')) as {
  spec: { versions: { schema: { openAPIV3Schema: Schema } }[] };
};
const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(strict(crd.spec.versions[0]?.schema.openAPIV3Schema ?? {}));

/** What the API server would say of a Task, as `path message`; nothing where it would take it. */
export function problemsOf(task: unknown): string[] {
  return validate(task) ? [] : (validate.errors ?? []).map((error: ErrorObject) => `${error.instancePath} ${error.message}`);
}
