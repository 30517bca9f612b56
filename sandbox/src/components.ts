import type { Settings } from './settings.ts';

/** A Go module under sandbox/go and the programs that are built from it. */
export interface Component {
  /** The folder under sandbox/go. */
  readonly name: string;
  /** The package of each program. */
  readonly programs: Readonly<Record<string, string>>;
  /** Extra arguments of `go build`. */
  readonly flags: readonly string[];
  /** Said before a first build, so that nobody thinks that it hangs. */
  readonly minutes: number;
  readonly diskGiB: number;
}

export const kubernetesVersion = '1.34.2';

const kubernetesVersionFlags = [
  `k8s.io/component-base/version.gitVersion=v${kubernetesVersion}`,
  'k8s.io/component-base/version.gitMajor=1',
  'k8s.io/component-base/version.gitMinor=34',
]
  .map((value) => `-X ${value}`)
  .join(' ');

const below = (folder: string, programs: readonly string[]): Record<string, string> =>
  Object.fromEntries(programs.map((program) => [program, `${folder}/${program}`]));

const small = { flags: ['-ldflags', '-s -w'], minutes: 0.2, diskGiB: 0.5 };

const kubernetes: Component = {
  name: 'kubernetes',
  programs: below('k8s.io/kubernetes/cmd', [
    'kube-apiserver',
    'kube-controller-manager',
    'kube-scheduler',
    'kube-proxy',
    'kubelet',
    'kubectl',
  ]),
  flags: ['-ldflags', `-s -w ${kubernetesVersionFlags}`],
  minutes: 7,
  diskGiB: 5,
};

const etcd: Component = {
  name: 'etcd',
  programs: { etcd: 'go.etcd.io/etcd/server/v3' },
  flags: ['-ldflags', '-s -w'],
  minutes: 1,
  diskGiB: 1,
};

const kwok: Component = {
  name: 'kwok',
  programs: { kwok: 'sigs.k8s.io/kwok/cmd/kwok' },
  flags: ['-ldflags', '-s -w'],
  minutes: 2,
  diskGiB: 1,
};

const containerd: Component = {
  name: 'containerd',
  programs: below('github.com/containerd/containerd/v2/cmd', ['containerd', 'containerd-shim-runc-v2', 'ctr']),
  // The snapshotters left out need C libraries or devices of their own.
  flags: ['-tags', 'no_btrfs,no_zfs,no_devmapper,no_aufs', '-ldflags', '-s -w'],
  minutes: 2,
  diskGiB: 1,
};

const cni: Component = {
  name: 'cni',
  programs: {
    ptp: 'github.com/containernetworking/plugins/plugins/main/ptp',
    'host-local': 'github.com/containernetworking/plugins/plugins/ipam/host-local',
  },
  ...small,
};

const certificates: Component = { name: 'certificates', programs: { certificates: '.' }, ...small };
const pause: Component = { name: 'pause', programs: { pause: '.' }, ...small };
const clusterDns: Component = { name: 'cluster-dns', programs: { 'cluster-dns': '.' }, ...small };
const nodeNetwork: Component = { name: 'node-network', programs: { 'node-network': '.' }, ...small };

const controlPlane = [certificates, etcd, kubernetes];
const componentsFor: Readonly<Record<Settings['nodes'], readonly Component[]>> = {
  none: controlPlane,
  simulated: [...controlPlane, kwok],
  real: [...controlPlane, containerd, cni, pause, nodeNetwork, clusterDns],
};

/** What has to be built for a sandbox with such nodes. */
export function componentsOf(nodes: Settings['nodes']): readonly Component[] {
  return componentsFor[nodes];
}
