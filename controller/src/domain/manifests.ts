/**
 * The objects that we create: a TaskRun for a trigger, and its Job.
 */
import { apiVersion, labels, velaLabels, type Meta, type OwnerReference, type TaskRun } from '../resources/index.ts';
import type { JobManifest, TaskRunManifest } from './actions.ts';
import { compact } from './compact.ts';
import { labelValue } from './names.ts';
import { sharedJobName } from './policies/unique.ts';
import type { DueRun } from './policies/trigger.ts';
import { revisionHash, triggerValue } from './trigger.ts';

export function runManifest({ version, snapshot }: DueRun, name: string): TaskRunManifest {
  const { metadata, spec } = version;
  const jobName = sharedJobName(version);
  return {
    apiVersion,
    kind: 'TaskRun',
    metadata: {
      name,
      namespace: metadata.namespace,
      labels: { ...applicationLabels(metadata), [labels.task]: labelValue(metadata.name) },
      ownerReferences: [controlledBy('Task', metadata)],
    },
    spec: {
      taskRef: { name: metadata.name, uid: metadata.uid },
      trigger: compact({
        type: 'Revision' as const,
        value: triggerValue(spec.trigger),
        generation: metadata.generation ?? 0,
        revisionHash: revisionHash(version),
      }),
      ...(jobName !== undefined && { jobName }),
      snapshot,
    },
  };
}

interface PodTemplate {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: Readonly<Record<string, unknown>>;
}

/**
 * The Job of a run: the snapshot, with our labels on Job and pods. A template without restartPolicy gets Never, because the pod's
 * default, Always, is refused in every Job. A ttlSecondsAfterFinished is left out: see that policy.
 */
export function jobManifest({ metadata, spec }: TaskRun, name: string): JobManifest {
  const template = (spec.snapshot?.template ?? {}) as PodTemplate;
  const { ttlSecondsAfterFinished: _ttl, ...job } = spec.snapshot?.job ?? {};
  const ours = { ...applicationLabels(metadata), [labels.task]: labelValue(spec.taskRef.name), [labels.run]: metadata.name };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: metadata.namespace, labels: ours, ownerReferences: [controlledBy('TaskRun', metadata)] },
    spec: {
      ...job,
      template: {
        ...template,
        metadata: { ...template.metadata, labels: { ...template.metadata?.labels, ...ours } },
        spec: { restartPolicy: 'Never', ...template.spec },
      },
    },
  };
}

function controlledBy(kind: string, { name, uid }: Meta): OwnerReference {
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** KubeVela's labels that people select by; the others change with every dispatch. */
function applicationLabels({ labels: all = {} }: Meta): Record<string, string> {
  const wanted = [velaLabels.application, velaLabels.component];
  return Object.fromEntries(wanted.flatMap((key) => (all[key] === undefined ? [] : [[key, all[key]]])));
}
