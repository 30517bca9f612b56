/**
 * Which failure a Job's outcome hangs on, of all its pods', and what the record has of it once the pods are gone: the
 * Job controller deletes a pod that is restarted in its place before it calls the Job failed.
 */
import type { ContainerFailure, Job, Pod } from '../model/objects.ts';
import { attemptOf } from '../model/objects.ts';
import { podReasons, reasons } from '../model/reasons.ts';
import type { PartView } from '../model/view.ts';
import { exitWords, stopCodes } from '../pods/exit-words.ts';

/**
 * The failure that the Job's outcome hangs on, or the latest one. A pod that was deleted while it ran failed because of
 * another one: at the end of a Job its controller deletes those that still run.
 */
export function decidingFailure(view: PartView): ContainerFailure | undefined {
  const failures = candidates(view).flatMap(({ failure }) => failure ?? []);
  return byRule(view) ?? failures.find(({ reason }) => reason !== podReasons.podDeleted) ?? failures[0];
}

/** Those with a failure, newest first; only of indexes that failed where the Job says which. */
function candidates({ job, pods }: PartView): readonly Pod[] {
  const failed = pods.filter(({ failure }) => failure !== undefined);
  const ofIndexes = job?.status?.failedIndexes === undefined ? [] : failed.filter((pod) => isOfFailedIndex(pod, job));
  return [...(ofIndexes.length > 0 ? ofIndexes : failed)].sort(
    (a, b) => Date.parse(b.metadata.creationTimestamp) - Date.parse(a.metadata.creationTimestamp),
  );
}

/** A pod of an Indexed Job is named after the Job and its index. */
function isOfFailedIndex({ metadata }: Pod, { metadata: { name }, status }: Job): boolean {
  const [index] = /^\d+(?=-)/.exec(metadata.name.slice(name.length + 1)) ?? [];
  if (index === undefined || !metadata.name.startsWith(`${name}-`)) return false;
  return (status?.failedIndexes ?? '').split(',').some((range) => {
    const [first = '', last = first] = range.split('-');
    return Number(first) <= Number(index) && Number(index) <= Number(last);
  });
}

/** The container that a rule of podFailurePolicy matched, which need not be the first one that failed. */
function byRule({ failed, pods }: PartView): ContainerFailure | undefined {
  const match = matched(failed?.message ?? '');
  if (!match) return undefined;
  const { pod, ...failure } = match;
  const digest = pods.find(({ metadata }) => metadata.name === pod)?.failure;
  return digest?.container === failure.container && digest.exitCode === failure.exitCode ? digest : failure;
}

/** As the Job controller says which rule of podFailurePolicy ended the Job. */
function matched(message: string): (ContainerFailure & { readonly pod: string }) | undefined {
  const [, container, pod, exitCode] =
    /^Container (\S+) for pod \S+\/(\S+) failed with exit code (\d+) matching /.exec(message) ?? [];
  if (container === undefined || pod === undefined) return undefined;
  return { pod, container, exitCode: Number(exitCode), reason: podReasons.error };
}

/** How it ended, in words. */
export function failureText({ container, init, exitCode, reason, message, killedWith }: ContainerFailure): string {
  const words = message === undefined ? '' : `: ${message}`;
  if (container === '') return `${reason}${words}${killedWith === undefined ? '' : ` (exit code ${killedWith})`}`;
  return `${exitWords(reason, exitCode)} in ${init ? 'init ' : ''}container ${container}${words}`;
}

/** What the status says of failed pods while the Job goes on. */
export function failedPodsText(failure: string, count: number): string {
  return `${count > 1 ? `${count} pods failed, the last with` : 'a pod failed with'} ${failure}`;
}

/**
 * Whether a failure says no more than that something stopped the container. At a deadline Kubernetes deletes the Job's
 * pods, and the kubelet stops their containers: that is not a second cause beside the first.
 */
export function isStop({
  reason,
  exitCode,
}: {
  readonly reason: string;
  readonly exitCode?: number | undefined;
}): boolean {
  if (reason === podReasons.podDeleted) return true;
  return reason === podReasons.error && exitCode !== undefined && stopCodes.has(exitCode);
}

/** The failure's words on record, or at least its exit code; undefined where there is neither, and for a mere stop. */
export function recordedFailure(view: PartView): string | undefined {
  const { exitCode, exitReason: reason = podReasons.error, lastFailure } = recordedRow(view) ?? {};
  if (view.failed?.reason === reasons.timedOut && isStop({ reason, exitCode })) return undefined;
  return lastFailure ?? (exitCode === undefined ? undefined : exitWords(reason, exitCode));
}

/** The row of the latest attempt. */
export function recordedRow({ record: run, attempt }: PartView) {
  return run.status?.jobs?.find((row) => attemptOf(row) === attempt);
}
