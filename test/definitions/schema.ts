import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { parse } from 'yaml';

type Schema = { [keyword: string]: unknown; properties?: Record<string, Schema>; items?: Schema };

/**
 * As the API server reads it with field validation on: a field that is not named is an error where unknown ones are not
 * kept.
 */
function strict({ properties, items, ...rest }: Schema): Schema {
  const closed = properties !== undefined && rest['x-kubernetes-preserve-unknown-fields'] !== true;
  return {
    ...rest,
    ...(items && { items: strict(items) }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, strict(value)])),
    }),
    ...(closed && { additionalProperties: false }),
  };
}

function validatorOf(file: string): ValidateFunction {
  const crd = parse(readFileSync(new URL(`../../addon/resources/${file}`, import.meta.url), 'utf8')) as {
    spec: { versions: { schema: { openAPIV3Schema: Schema } }[] };
  };
  return new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(
    strict(crd.spec.versions[0]?.schema.openAPIV3Schema ?? {}),
  );
}

const validators: Record<string, ValidateFunction> = {
  Task: validatorOf('crd-task.yaml'),
  TaskRun: validatorOf('crd-taskrun.yaml'),
  TaskTemplate: validatorOf('crd-tasktemplate.yaml'),
};

/** What the API server would say of an object of ours, as `path message`; nothing where it would take it. */
export function problemsOf(object: unknown): string[] {
  const { kind = 'nothing' } = (object ?? {}) as { kind?: string };
  const validate = validators[kind];
  if (!validate) return [`/kind must be Task, TaskRun or TaskTemplate, not ${kind}`];
  return validate(object)
    ? []
    : (validate.errors ?? []).map((error: ErrorObject) => `${error.instancePath} ${error.message}`);
}
