/** The readable logs: the containers of a run's pods that have started. */
import type { ContainerStatus, Pod } from 'kubernetes-types/core/v1.js';
import { pathOf, type Stored } from '../kube/objects.ts';
import { pods as podType } from '../kube/resources.ts';
import { labels } from '../resources/index.ts';

/** The log of one start of a container. */
export interface LogStream {
  /** Identifies this log, also among later starts of the container. */
  readonly key: string;
  /** The same for all starts of the container. */
  readonly containerKey: string;
  /** As the pod's label names it. */
  readonly run: string;
  readonly pod: string;
  /** Set if the pod has several containers. */
  readonly container: string | undefined;
  /** How often the container had been restarted by then. */
  readonly restart: number;
  /** Whether this start of it has terminated. */
  readonly hasEnded: boolean;
  readonly path: string;
  readonly query: { readonly container: string };
}

/** The containers of a pod whose log can be read, in the order in which they start. */
export function streamsOf(pod: Stored<Pod>): LogStream[] {
  const { metadata, spec, status = {} } = pod;
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const several = (spec?.containers.length ?? 0) + (spec?.initContainers?.length ?? 0) > 1;
  return all.filter(hasStarted).map(({ name, restartCount, state }) => ({
    key: `${metadata.uid}/${name}/${restartCount}`,
    containerKey: `${metadata.uid}/${name}`,
    run: metadata.labels?.[labels.run] ?? '',
    pod: metadata.name,
    container: several ? name : undefined,
    restart: restartCount,
    hasEnded: state?.running === undefined,
    path: pathOf(podType, { ...metadata, subresource: 'log' }),
    query: { container: name },
  }));
}

function hasStarted({ state = {}, lastState = {} }: ContainerStatus): boolean {
  return [state.running, state.terminated, lastState.terminated].some((reached) => reached !== undefined);
}

/** The prefix of a line that names its origin; empty if there is only one. */
export function prefixOf(
  { run, pod, container }: LogStream,
  shows: { readonly run: boolean; readonly pod: boolean },
): string {
  return [shows.run ? run : undefined, shows.pod || shows.run ? pod : undefined, container]
    .filter((part) => part !== undefined)
    .join('/');
}
