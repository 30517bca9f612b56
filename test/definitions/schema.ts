import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { closed, readSchema } from '../../controller/src/domain/testing/crd-schema.ts';

function validatorOf(file: string): ValidateFunction {
  return new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(closed(readSchema(file)));
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

/** The annotations by which Argo CD leaves alone what KubeVela makes of an Application. */
export const notInGit = {
  'argocd.argoproj.io/compare-options': 'IgnoreExtraneous',
  'argocd.argoproj.io/sync-options': 'Prune=false',
};
