/** The part of a core/v1 Pod that explains its run. */
import type { Meta } from '../resources/index.ts';

export interface RawPod {
  readonly metadata: Meta & { readonly deletionGracePeriodSeconds?: number };
  readonly spec?: {
    readonly nodeName?: string;
    readonly restartPolicy?: string;
    readonly containers?: readonly ContainerSpec[];
    readonly initContainers?: readonly (ContainerSpec & { readonly restartPolicy?: string })[];
    readonly volumes?: readonly VolumeSpec[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly PodCondition[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

export interface ContainerSpec {
  readonly name: string;
  readonly startupProbe?: object;
  readonly livenessProbe?: object;
  readonly lifecycle?: { readonly postStart?: object };
  readonly terminationMessagePolicy?: string;
  readonly env?: readonly { readonly valueFrom?: { readonly secretKeyRef?: object } }[];
  readonly envFrom?: readonly { readonly secretRef?: object }[];
  readonly volumeMounts?: readonly { readonly name: string }[];
}

/** As far as it tells whether there is a Secret in it. */
export interface VolumeSpec {
  readonly name: string;
  readonly secret?: object;
  readonly projected?: { readonly sources?: readonly { readonly secret?: object }[] };
  readonly csi?: { readonly driver?: string };
}

export interface PodCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export interface ContainerStatus {
  readonly name: string;
  readonly restartCount?: number;
  /** Whether its startupProbe and postStart hook have succeeded. */
  readonly started?: boolean;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

export interface ContainerState {
  readonly running?: { readonly startedAt?: string };
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly terminated?: Terminated;
}

export interface Terminated {
  readonly exitCode: number;
  readonly reason?: string;
  /**
   * The runtime's, where the container did not start; else what the program wrote into its termination log, or the end
   * of its output where terminationMessagePolicy says so.
   */
  readonly message?: string;
  readonly finishedAt?: string;
}
