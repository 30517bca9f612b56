import type { TaskObject, TaskRunObject } from '../cluster/resource-types.ts';
import { compact } from '../domain/lang/compact.ts';
import type { Stored } from '../kube/objects.ts';
import { apiVersion, velaLabels } from '../resources/index.ts';

/** What is to be otherwise in this run alone. */
export interface ManualRun {
  /** In place of the container's args. */
  readonly args?: readonly string[] | undefined;
  readonly env?: readonly { readonly name: string; readonly value?: string | undefined }[] | undefined;
  /** The run's name; one is made up where it is left out. */
  readonly name?: string | undefined;
}

/** The TaskRun to create. Its name is the component's, as all runs' are, with letters that the API server makes up. */
export function manualRun(
  { metadata }: Pick<Stored<TaskObject>, 'metadata'>,
  { args, env, name }: ManualRun,
  person: string | undefined,
): TaskRunObject {
  return {
    apiVersion,
    kind: 'TaskRun',
    metadata: {
      ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
      ...nameOf(metadata.labels?.[velaLabels.component] ?? metadata.name, name),
    },
    spec: {
      taskRef: { name: metadata.name },
      trigger: compact({ type: 'Manual' as const, value: person }),
      ...((args ?? env) && {
        overrides: compact({ args: args && [...args], env: env && env.map((variable) => compact({ ...variable })) }),
      }),
    },
  };
}

/** The name that was wished for, or else the beginning of one. */
export function nameOf(prefix: string, name: string | undefined): { name: string } | { generateName: string } {
  return name === undefined ? { generateName: `${prefix}-` } : { name };
}
