import { kubernetesVersions, type KubernetesRelease } from './kubernetes-releases.ts';
import type { Settings } from './settings.ts';

/** A Go module under sandbox/go and the programs that are built from it. */
export interface Component {
  readonly name: string;
  /** The folder under sandbox/go. */
  readonly folder: string;
  /** The package of each program. */
  readonly programs: Readonly<Record<string, string>>;
  /** Extra arguments of `go build`. */
  readonly flags: readonly string[];
  /** Said before a first build, so that nobody thinks that it hangs. */
  readonly minutes: number;
  readonly diskGiB: number;
}

const below = (folder: string, programs: readonly string[]): Record<string, string> =>
  Object.fromEntries(programs.map((program) => [program, `${folder}/${program}`]));

const small = { flags: ['-ldflags', '-s -w'], minutes: 0.2, diskGiB: 0.5 };

/** The releases have different dependencies, so each is a module of its own. */
function kubernetesOf(release: KubernetesRelease): Component {
  const [major, minor] = release.split('.');
  const version = [`gitVersion=v${kubernetesVersions[release]}`, `gitMajor=${major}`, `gitMinor=${minor}`].map(
    (value) => `-X k8s.io/component-base/version.${value}`,
  );
  return {
    name: 'kubernetes',
    folder: `kubernetes-${release}`,
    programs: below('k8s.io/kubernetes/cmd', [
      'kube-apiserver',
      'kube-controller-manager',
      'kube-scheduler',
      'kube-proxy',
      'kubelet',
      'kubectl',
    ]),
    flags: ['-ldflags', `-s -w ${version.join(' ')}`],
    minutes: 7,
    diskGiB: 5,
  };
}

const etcd: Component = {
  name: 'etcd',
  folder: 'etcd',
  programs: { etcd: 'go.etcd.io/etcd/server/v3' },
  flags: ['-ldflags', '-s -w'],
  minutes: 1,
  diskGiB: 1,
};

const kwok: Component = {
  name: 'kwok',
  folder: 'kwok',
  programs: { kwok: 'sigs.k8s.io/kwok/cmd/kwok' },
  flags: ['-ldflags', '-s -w'],
  minutes: 2,
  diskGiB: 1,
};

const containerd: Component = {
  name: 'containerd',
  folder: 'containerd',
  programs: below('github.com/containerd/containerd/v2/cmd', ['containerd', 'containerd-shim-runc-v2', 'ctr']),
  // The snapshotters left out need C libraries or devices of their own.
  flags: ['-tags', 'no_btrfs,no_zfs,no_devmapper,no_aufs', '-ldflags', '-s -w'],
  minutes: 2,
  diskGiB: 1,
};

const cni: Component = {
  name: 'cni',
  folder: 'cni',
  programs: {
    ptp: 'github.com/containernetworking/plugins/plugins/main/ptp',
    'host-local': 'github.com/containernetworking/plugins/plugins/ipam/host-local',
  },
  ...small,
};

const ours = (name: string): Component => ({ name, folder: name, programs: { [name]: '.' }, ...small });

const controlPlane = [ours('certificates'), etcd];
const nodePrograms: Readonly<Record<Settings['nodes'], readonly Component[]>> = {
  none: [],
  simulated: [kwok],
  real: [containerd, cni, ours('pause'), ours('node-network'), ours('cluster-dns')],
};

/** What has to be built for such a sandbox. */
export function componentsOf({ nodes, kubernetes }: Pick<Settings, 'nodes' | 'kubernetes'>): readonly Component[] {
  return [...controlPlane, kubernetesOf(kubernetes), ...nodePrograms[nodes]];
}
