/**
 * Which end of a pod its Job's outcome hangs on, and what the cluster says of it. Kubernetes' rules: a pod that failed
 * as a whole was ended by the cluster; else its containers decide, and native sidecars (init containers with
 * `restartPolicy: Always`) never do, because the kubelet ends them itself after all others.
 */
import { compact } from '../domain/lang/compact.ts';
import { clusterWords } from './cluster-words.ts';
import { exitWords, stopCodes } from '../domain/pods/exit-words.ts';
import { podReasons } from '../domain/model/reasons.ts';
import type { ContainerFailure } from '../domain/model/objects.ts';
import type { ContainerSpec, ContainerStatus, PodCondition, RawPod, Terminated, VolumeSpec } from './raw-pod.ts';

type Status = NonNullable<RawPod['status']>;

/** One second: a kubelet's clock and the API server's, and both count in whole seconds. */
const clockToleranceMilliseconds = 1_000;

/** The container never ran: the code and the message are the runtime's, not the program's. */
const startFailures: ReadonlySet<string> = new Set([podReasons.startError, 'ContainerCannotRun']);

/**
 * The kubelet or the runtime made up the code (137 or 255), of a container that it found no longer: on a node that
 * started again, for example.
 */
const lostContainers: ReadonlySet<string> = new Set(['ContainerStatusUnknown', 'Unknown']);

/** What the runtime's own word for it leaves open. */
const lostByRuntime = 'the runtime lost it, as on a node that started again';

/** How the pod failed, or the container of it that failed; undefined while nothing has. */
export function failureOf({ metadata, spec, status = {} }: RawPod): ContainerFailure | undefined {
  const sidecars = sidecarsOf(spec);
  const deciding = decidingContainers(status, sidecars);
  const stopped = deciding.map(({ state }) => state?.terminated).find(isStop);
  const byCluster = failedBefore(spec, status, deciding) ? undefined : endedByCluster(status, deciding, stopped);
  if (byCluster) return byCluster;
  const own = deciding.map((container) => withoutDeletion(container, metadata));
  return (
    firstFailure(own, spec) ??
    firstFailure(sidecarFailures(status, sidecars), spec) ??
    deletedWhileRunning(metadata, stopped)
  );
}

function isStop(end: Terminated | undefined): end is Terminated {
  return end !== undefined && stopCodes.has(end.exitCode) && end.reason !== podReasons.oomKilled;
}

/** The names of native sidecars. */
export function sidecarsOf(spec: RawPod['spec']): ReadonlySet<string> {
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return new Set(sidecars.map(({ name }) => name));
}

/** What a container ended with, in words; `times` counts the failures of one that is started again and again. */
export function endText({ exitCode, reason = podReasons.error }: Terminated, times = 1): string {
  const code = exitWords(startFailures.has(reason) ? podReasons.error : reason, exitCode);
  return times > 1 ? `${code} (${times} times)` : code;
}

/**
 * The runtime's own sentence why a container did not start, without the names of the layers that passed it on, or the
 * kubelet's about one that it lost; undefined for one that ran: its message is the program's, and may hold outputs.
 */
export function startMessage({ reason, message }: Terminated): string | undefined {
  if (reason === undefined || isOfProgram(reason)) return undefined;
  if (message === undefined || message === '') return reason === 'Unknown' ? lostByRuntime : undefined;
  return clusterWords(message.replace(runtimeLayers, '').replace(/: unknown$/, ''));
}

/**
 * Why the kubelet may have killed the container: it kills one whose probe or hook fails, and only an event says so, not
 * the container's status. Undefined where it has none, or ended otherwise.
 */
export function probeMessage(spec: RawPod['spec'], name: string, end: Terminated): string | undefined {
  if (!isStop(end) || end.reason !== podReasons.error) return undefined;
  const its = killersOf(containerSpec(spec, name));
  return its.length === 0 ? undefined : `maybe killed because its ${its.join(' or ')} failed: see the pod's events`;
}

/** Characters of a program's last line: a status is not a log. */
const mostOfLine = 200;

/**
 * The last line that the program printed, where its author wants the end of its output in the pod's status. A run's
 * status has more readers than a pod's, and is archived: a container with variables or files of Secrets is left out,
 * for a program that fails may print what it was given. One that is started again is, too: its line differs each time.
 */
function lastLine(spec: RawPod['spec'], name: string, { message = '' }: Terminated): string | undefined {
  const container = containerSpec(spec, name);
  if (container?.terminationMessagePolicy !== 'FallbackToLogsOnError' || spec?.restartPolicy !== 'Never')
    return undefined;
  const line = message.trimEnd().split('\n').at(-1)?.trim() ?? '';
  return line === '' || hasSecrets(container, spec.volumes)
    ? undefined
    : `its last line: ${clusterWords(line.slice(0, mostOfLine))}`;
}

function hasSecrets(
  { env = [], envFrom = [], volumeMounts = [] }: ContainerSpec,
  volumes: readonly VolumeSpec[] = [],
): boolean {
  const secret = new Set(volumes.filter(isSecret).map(({ name }) => name));
  return (
    env.some(({ valueFrom }) => valueFrom?.secretKeyRef) ||
    envFrom.some(({ secretRef }) => secretRef) ||
    volumeMounts.some(({ name }) => secret.has(name))
  );
}

function isSecret({ secret, projected, csi }: VolumeSpec): boolean {
  const sources = projected?.sources ?? [];
  return secret !== undefined || sources.some((one) => one.secret) || csi?.driver === secretsStore;
}

/** The driver that mounts secrets of vaults outside the cluster. */
const secretsStore = 'secrets-store.csi.k8s.io';

function containerSpec(spec: RawPod['spec'], name: string): ContainerSpec | undefined {
  const { containers = [], initContainers = [] } = spec ?? {};
  return [...containers, ...initContainers].find((one) => one.name === name);
}

function killersOf({ startupProbe, livenessProbe, lifecycle }: Partial<ContainerSpec> = {}): readonly string[] {
  const tests = { startupProbe, livenessProbe, 'postStart hook': lifecycle?.postStart };
  return Object.entries(tests).flatMap(([test, said]) => (said === undefined ? [] : [test]));
}

/** Whether code and message are the program's own. */
function isOfProgram(reason: string): boolean {
  return !startFailures.has(reason) && !lostContainers.has(reason);
}

const runtimeLayers =
  /^(?:(?:failed to (?:create|start) (?:containerd|shim) task|OCI runtime create failed|runc create failed|unable to start container process|error during container init)[^:]*:\s*)+/;

/** Init containers first, without native sidecars. */
function decidingContainers(status: Status, sidecars: ReadonlySet<string>): readonly Container[] {
  const initial = (status.initContainerStatuses ?? []).filter(({ name }) => !sidecars.has(name));
  return [...initial.map(asInit), ...(status.containerStatuses ?? []).map((one) => ({ ...one, isInit: false }))];
}

function asInit(container: ContainerStatus): Container {
  return { ...container, isInit: true };
}

/**
 * A pod that the cluster ended: evicted, preempted, on a node that shut down or is gone. Its containers end with 137 or
 * 143 then, which says nothing about the program.
 */
function endedByCluster(
  status: Status,
  deciding: readonly ContainerStatus[],
  stopped: Terminated | undefined,
): ContainerFailure | undefined {
  const { phase, reason, message } = status;
  const disrupted = disruptionOf(status);
  const hasEnded = phase === 'Failed' || deciding.some(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0);
  if (phase === 'Failed' && reason !== undefined && reason !== '') return podFailure(reason, message, stopped);
  if (!disrupted || !hasEnded) return undefined;
  return podFailure(disrupted.reason ?? 'DisruptionTarget', disrupted.message, stopped);
}

/**
 * Whether a container had failed, and was not to be started again, before the cluster ended the pod, which had stayed
 * for others: that is why it failed.
 */
function failedBefore(spec: RawPod['spec'], status: Status, deciding: readonly ContainerStatus[]): boolean {
  const disruptedAt = Date.parse(disruptionOf(status)?.lastTransitionTime ?? '');
  const ends = deciding.flatMap(({ state }) => state?.terminated ?? []);
  const isBefore = ({ exitCode, finishedAt = '' }: Terminated) =>
    exitCode !== 0 && Date.parse(finishedAt) + clockToleranceMilliseconds < disruptedAt;
  return spec?.restartPolicy === 'Never' && ends.some(isBefore);
}

function disruptionOf({ conditions = [] }: Status): PodCondition | undefined {
  return conditions.find(({ type, status }) => type === 'DisruptionTarget' && status === 'True');
}

function podFailure(reason: string, message: string | undefined, stopped: Terminated | undefined): ContainerFailure {
  const words = message === undefined || message === '' ? undefined : clusterWords(message);
  return compact({ container: '', reason, message: words, killedWith: stopped?.exitCode });
}

/**
 * Whether the container was stopped because somebody deleted its pod: the Job controller at a deadline or at the
 * backoffLimit of restarts, or a person.
 */
function isDeletion(
  end: Terminated | undefined,
  { deletionTimestamp, deletionGracePeriodSeconds = 0 }: RawPod['metadata'],
): boolean {
  if (deletionTimestamp === undefined || !isStop(end)) return false;
  const askedAt = Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
  return Date.parse(end.finishedAt ?? deletionTimestamp) + clockToleranceMilliseconds >= askedAt;
}

/** How it ended by itself, if it did, before its pod was deleted. */
function withoutDeletion({ state, ...container }: Container, metadata: RawPod['metadata']): Container {
  return isDeletion(state?.terminated, metadata) ? container : compact({ ...container, state });
}

function deletedWhileRunning(
  metadata: RawPod['metadata'],
  stopped: Terminated | undefined,
): ContainerFailure | undefined {
  if (!isDeletion(stopped, metadata)) return undefined;
  return podFailure(podReasons.podDeleted, 'the pod was deleted while it ran', stopped);
}

/** Sidecars count only where nothing else failed: one whose start fails keeps the pod from starting. */
function sidecarFailures({ initContainerStatuses = [] }: Status, sidecars: ReadonlySet<string>): readonly Container[] {
  return initContainerStatuses
    .filter(({ name, state }) => sidecars.has(name) && startFailures.has(state?.terminated?.reason ?? ''))
    .map(asInit);
}

interface Container extends ContainerStatus {
  readonly isInit: boolean;
}

/**
 * The container that failed first, of those that are down now: what follows in the others is its consequence, and a
 * message about it stays as it is. Where all were started again it is the failure that came last.
 */
function firstFailure(containers: readonly Container[], spec: RawPod['spec']): ContainerFailure | undefined {
  const now = byTime(containers.flatMap(({ state, ...rest }) => failed({ ...rest, end: state?.terminated })))[0];
  const before = byTime(
    containers.flatMap(({ state, lastState, ...rest }) =>
      state?.terminated ? [] : failed({ ...rest, end: lastState?.terminated }),
    ),
  ).at(-1);
  const failure = now ?? before;
  if (!failure) return undefined;
  const { name, isInit, end } = failure;
  return compact({
    container: name,
    init: isInit || undefined,
    exitCode: isOfProgram(end.reason ?? '') ? end.exitCode : undefined,
    reason: end.reason ?? podReasons.error,
    message: startMessage(end) ?? probeMessage(spec, name, end) ?? lastLine(spec, name, end),
  });
}

interface Failed {
  readonly name: string;
  readonly isInit: boolean;
  readonly end: Terminated;
}

function failed({ name, isInit, end }: Omit<Failed, 'end'> & { readonly end: Terminated | undefined }): Failed[] {
  return end && end.exitCode !== 0 ? [{ name, isInit, end }] : [];
}

function byTime(failures: readonly Failed[]): readonly Failed[] {
  return [...failures].sort((a, b) => Date.parse(a.end.finishedAt ?? '') - Date.parse(b.end.finishedAt ?? ''));
}
