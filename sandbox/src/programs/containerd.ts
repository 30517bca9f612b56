import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Context } from '../context.ts';
import { pauseImage, writeImages } from '../build/images.ts';
import { containerdSocket, inNode, prepareNode } from '../machine/node-host.ts';
import type { Program } from '../machine/process.ts';
import { ctr, loadImage } from '../node-images.ts';
import { programOf } from '../build/programs.ts';
import type { Layout } from '../settings.ts';

/** containerd with its shim, runc and the CNI plugin ptp; pods get an address that this machine alone can reach. */
export function containerd(context: Context): Program {
  const { layout, programs } = context;
  const config = join(layout.config, 'containerd.toml');
  const program = programOf(programs, 'containerd', 'containerd');
  return {
    name: 'containerd',
    ...inNode(layout, program, [`--config=${config}`, '--log-level=info']),
    env: { PATH: `${dirname(program)}:${process.env['PATH'] ?? ''}` },
    prepare: async () => {
      await mkdir(layout.config, { recursive: true });
      await prepareNode(layout);
      await writeConfiguration(context, config);
    },
    ready: async () => void (await ctr(layout, programs, 'version')),
    settle: async () => {
      for (const image of await writeImages(context)) await loadImage(layout, programs, image);
    },
    startWithinMs: 60_000,
    stopWithinMs: 5000,
  };
}

async function writeConfiguration(context: Context, config: string): Promise<void> {
  const { layout } = context;
  const registries = join(layout.config, 'registries/_default');
  const networks = join(layout.config, 'cni');
  await mkdir(registries, { recursive: true });
  await mkdir(networks, { recursive: true });
  await writeFile(config, configurationOf(context));
  // Nothing listens there: an image that was not imported fails at once, whatever network the machine has.
  await writeFile(join(registries, 'hosts.toml'), 'server = "http://127.0.0.1:1"\n');
  await writeFile(join(networks, '10-sandbox.conflist'), JSON.stringify(networkOf(layout)));
}

function networkOf(layout: Layout): object {
  // One of 254 networks, so that sandboxes beside each other rarely share one.
  const third = 1 + ((createHash('sha256').update(layout.dir).digest()[0] ?? 0) % 254);
  return {
    cniVersion: '1.0.0',
    name: 'sandbox',
    plugins: [
      {
        type: 'ptp',
        ipam: {
          type: 'host-local',
          ranges: [[{ subnet: `10.244.${third}.0/24` }]],
          routes: [{ dst: '0.0.0.0/0' }],
          dataDir: join(layout.node, 'addresses'),
        },
      },
    ],
  };
}

function configurationOf({ layout, settings, programs }: Context): string {
  const quoted = (path: string): string => JSON.stringify(path);
  return `version = 3
root = ${quoted(join(layout.node, 'containerd'))}
state = ${quoted(join(layout.node, 'containerd-state'))}
# Nobody asked for what these do, and they write to /run/nri and /opt/containerd.
disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.internal.v1.opt"]

[grpc]
address = ${quoted(containerdSocket(layout))}

[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = ${quoted(pauseImage)}

[plugins.'io.containerd.cri.v1.images'.registry]
config_path = ${quoted(join(layout.config, 'registries'))}

[plugins.'io.containerd.cri.v1.runtime']
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true

[plugins.'io.containerd.cri.v1.runtime'.cni]
bin_dirs = [${quoted(dirname(programOf(programs, 'cni', 'ptp')))}]
conf_dir = ${quoted(join(layout.config, 'cni'))}
use_internal_loopback = true

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
BinaryName = ${quoted(programOf(programs, 'runc', 'runc'))}
SystemdCgroup = false

[plugins.'io.containerd.grpc.v1.cri']
stream_server_address = "127.0.0.1"
stream_server_port = "${settings.ports.containerdStream}"
`;
}
