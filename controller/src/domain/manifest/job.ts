/**
 * The Job of a run's attempt.
 */
import { labels, type RunTrigger, scheduledTimestampAnnotation, type TaskRun } from '../../resources/index.ts';
import { joinName, labelValue, maxNameLength } from '../lang/names.ts';
import type { JobManifest } from '../model/actions.ts';
import { controlledBy } from '../model/objects.ts';
import { applicationLabels } from './meta.ts';
import { queueLabelsOf, startsSuspended } from './queue-labels.ts';

interface PodTemplate {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** What one attempt's Job has of its own. */
export interface AttemptJob {
  readonly name: string;
  /** 0 for the first. */
  readonly attempt: number;
  /** The step of a flow that it is of. */
  readonly step?: string | undefined;
  readonly activeDeadlineSeconds?: number | undefined;
}

/**
 * The Job of a run's attempt: the snapshot, with our labels on Job and pods. The Job has the pods' labels and
 * annotations, too, as KubeVela's cron-task gives them to both. A template without restartPolicy gets Never, because
 * the pod's default, Always, is refused in every Job. A ttlSecondsAfterFinished is left out: see that policy. A
 * scheduled run's Job says when it was due in CronJob's annotation, for tools that read it. One that is to wait in a
 * queue starts suspended.
 */
export function jobManifest(
  { metadata, spec }: TaskRun,
  { name, attempt, step, activeDeadlineSeconds }: AttemptJob,
): JobManifest {
  const template = (spec.snapshot?.template ?? {}) as PodTemplate;
  const { ttlSecondsAfterFinished: _ttl, ...job } = spec.snapshot?.job ?? {};
  const ofStep = step === undefined ? {} : { [labels.step]: step };
  const ours = {
    ...applicationLabels(metadata),
    [labels.task]: labelValue(spec.taskRef.name),
    [labels.run]: labelValue(metadata.name),
    ...ofStep,
  };
  const numbered = attempt > 0 ? { [labels.attempt]: String(attempt) } : {};
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: metadata.namespace,
      labels: { ...template.metadata?.labels, ...queueLabelsOf(spec.snapshot), ...ours, ...numbered },
      ...jobAnnotations(template, spec.trigger),
      ownerReferences: [controlledBy('TaskRun', metadata)],
    },
    spec: {
      ...job,
      ...(activeDeadlineSeconds !== undefined && { activeDeadlineSeconds }),
      ...startsSuspended(spec.snapshot),
      template: {
        ...template,
        metadata: { ...template.metadata, labels: { ...template.metadata?.labels, ...ours } },
        spec: { restartPolicy: 'Never', ...template.spec },
      },
    },
  };
}

function jobAnnotations(
  { metadata }: PodTemplate,
  { scheduledTime, value = scheduledTime }: Partial<RunTrigger> = {},
): Pick<JobManifest['metadata'], 'annotations'> {
  const scheduled = scheduledTime === undefined || value === undefined ? {} : { [scheduledTimestampAnnotation]: value };
  const annotations = { ...metadata?.annotations, ...scheduled };
  return Object.keys(annotations).length > 0 ? { annotations } : {};
}

/** mytask-v3, then mytask-v3-r1, mytask-v3-r2, ... A person may give a run a name that is too long for a Job. */
export function jobName(run: TaskRun, attempt: number): string {
  return joinName(run.spec.jobName ?? run.metadata.name, attempt === 0 ? '' : `r${attempt}`, longestJobName(run));
}

/**
 * How long the Job's name may be. Each pod of an Indexed Job has the Job's name and its index as its host name, which
 * has to fit into a DNS label; the API server refuses the Job otherwise.
 */
export function longestJobName({ spec }: TaskRun): number {
  const { completionMode, completions = 1 } = (spec.snapshot?.job ?? {}) as {
    readonly completionMode?: string;
    readonly completions?: number;
  };
  return completionMode === 'Indexed' ? maxNameLength - `-${Math.max(completions - 1, 0)}`.length : maxNameLength;
}
