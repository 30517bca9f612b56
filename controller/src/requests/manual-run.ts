import type { TaskObject, TaskRunObject } from '../cluster/resource-types.ts';
import { compact } from '../domain/lang/compact.ts';
import type { Stored } from '../kube/objects.ts';
import { apiVersion, velaLabels } from '../resources/index.ts';

/** What is different in this run only. */
export interface ManualRun {
  /** Replaces the container's args. */
  readonly args?: readonly string[] | undefined;
  readonly env?: readonly { readonly name: string; readonly value?: string | undefined }[] | undefined;
  /** The run's name; generated when left out. */
  readonly name?: string | undefined;
}

/**
 * The TaskRun to create. Its name starts with the component's name, as for all runs, and the API server adds random
 * letters.
 */
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

/** The requested name, or else the prefix of a generated one. */
export function nameOf(prefix: string, name: string | undefined): { name: string } | { generateName: string } {
  return name === undefined ? { generateName: `${prefix}-` } : { name };
}
