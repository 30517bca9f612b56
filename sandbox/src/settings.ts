import { join, resolve } from 'node:path';
import type { KubernetesRelease } from './kubernetes-releases.ts';

/** `none`: pods stay pending; `simulated`: KWOK plays the kubelets; `real`: one kubelet with containerd runs pods. */
export const nodeKinds = ['none', 'simulated', 'real'] as const;
export type Nodes = (typeof nodeKinds)[number];

/** Who carries out Applications: nobody, our stand-in, or the vela-core of KUBEVELA_HOME. */
export const kubevelaKinds = ['none', 'stand-in', 'real'] as const;
export type Kubevela = (typeof kubevelaKinds)[number];

/** The ports of one sandbox, all on loopback. */
export interface Ports {
  readonly apiserver: number;
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly controllerManager: number;
  readonly scheduler: number;
  readonly kwok: number;
  readonly kubelet: number;
  readonly kubeletHealth: number;
  readonly containerdStream: number;
  readonly velaHealth: number;
  readonly velaMetrics: number;
  readonly clusterGateway: number;
}

export const portNames: readonly (keyof Ports)[] = [
  'apiserver',
  'etcd',
  'etcdPeer',
  'controllerManager',
  'scheduler',
  'kwok',
  'kubelet',
  'kubeletHealth',
  'containerdStream',
  'velaHealth',
  'velaMetrics',
  'clusterGateway',
];

/** The ports from `base` on, one after the other in the order of `portNames`. */
export function portsFrom(base: number): Ports {
  return portsOf(portNames.map((_, index) => base + index));
}

/** Gives every name its port. @throws RangeError when there are fewer ports than names. */
export function portsOf(numbers: readonly number[]): Ports {
  const port = (name: keyof Ports): number => {
    const found = numbers[portNames.indexOf(name)];
    if (found === undefined) throw new RangeError(`${portNames.length} ports are needed, ${numbers.length} were given`);
    return found;
  };
  return Object.fromEntries(portNames.map((name) => [name, port(name)])) as Record<keyof Ports, number>;
}

/** What one sandbox is; written down in its directory, so that later commands find it as it was started. */
export interface Settings {
  readonly kubernetes: KubernetesRelease;
  readonly nodes: Nodes;
  readonly nodeCount: number;
  readonly kubevela: Kubevela;
  readonly kubevelaHome?: string;
  /** How many calls a second each of Kubernetes' controllers may make; its own default, 20, where it is left out. */
  readonly controllerCallsPerSecond?: number;
  /** Whether the API server writes what was changed into `auditLog` of the layout. */
  readonly audit?: boolean;
  /** Ports of this machine's loopback that the real node's pods reach, at the node's own address. */
  readonly portsForPods?: readonly number[];
  readonly ports: Ports;
}

/** Where one sandbox keeps what. Everything is below `dir`, but the built programs, which sandboxes share. */
export interface Layout {
  readonly dir: string;
  readonly settings: string;
  readonly state: string;
  readonly lock: string;
  readonly kubeconfig: string;
  readonly pki: string;
  readonly etcd: string;
  readonly logs: string;
  readonly auditLog: string;
  readonly config: string;
  readonly node: string;
}

/** @param dir the sandbox's own directory, absolute or relative to the working directory */
export function layoutOf(dir: string): Layout {
  const root = resolve(dir);
  return {
    dir: root,
    settings: join(root, 'settings.json'),
    state: join(root, 'state.json'),
    lock: join(root, 'supervisor.lock'),
    kubeconfig: join(root, 'kubeconfig'),
    pki: join(root, 'pki'),
    etcd: join(root, 'etcd'),
    logs: join(root, 'logs'),
    auditLog: join(root, 'audit.log'),
    config: join(root, 'config'),
    node: join(root, 'node'),
  };
}

/** The repository that this file is part of. */
export const repository = resolve(import.meta.dirname, '../..');
export const cacheDirectory = join(repository, '.cache');
export const defaultDirectory = join(cacheDirectory, 'sandbox');

/** Below the ephemeral range of Linux (32768 on), so that no outgoing connection takes one of them first. */
export const defaultPortBase = 16440;
