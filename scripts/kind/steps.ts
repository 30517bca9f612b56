/** From nothing but Docker to a cluster with KubeVela and the addon. */
import { spawn } from 'node:child_process';

export interface Step {
  /** Completes "...", such as `making the cluster task-runs`. */
  readonly what: string;
  readonly command: string;
  readonly args: readonly string[];
  /** What it must print: some programs exit with 0 whether they succeeded or not. */
  readonly prints?: string;
  /** What to do when it fails. */
  readonly remedy: string;
}

export interface KindOptions {
  /** The cluster's name. */
  readonly cluster: string;
  /** Where the cluster's kubeconfig is written; that of its user stays as it is. */
  readonly kubeconfig: string;
  /** The image's archive, for this machine's architecture. */
  readonly archive: string;
  /** Such as dist/task-runs. */
  readonly addon: string;
  /** The image of the nodes, such as kindest/node:v1.34.2; kind's own where it is left out. */
  readonly node?: string | undefined;
  /** Such as 1.10.9; that of `vela` where it is left out. */
  readonly kubevela?: string | undefined;
}

const version = (wanted: string | undefined): readonly string[] =>
  wanted === undefined ? [] : ['--version', `v${wanted}`];

/** @param there whether the cluster is there from before */
export function stepsOf({ cluster, kubeconfig, archive, addon, node, kubevela }: KindOptions, there: boolean): Step[] {
  const make: Step = {
    what: `making the cluster ${cluster}`,
    command: 'kind',
    args: ['create', 'cluster', '--name', cluster, '--wait', '180s', '--kubeconfig', kubeconfig, ...image(node)],
    remedy: `Docker needs 4 GB of memory and 10 GB of disk for it; \`kind delete cluster --name ${cluster}\` clears up what is half done.`,
  };
  return [
    ...(there ? [] : [make]),
    {
      what: 'taking its kubeconfig',
      command: 'kind',
      args: ['export', 'kubeconfig', '--name', cluster, '--kubeconfig', kubeconfig],
      remedy: `The cluster is there, but kind cannot read it: \`kind delete cluster --name ${cluster}\`, then again.`,
    },
    {
      what: 'installing KubeVela',
      command: 'vela',
      args: ['install', '--yes', ...version(kubevela)],
      remedy:
        'vela takes its chart from the network: look at `kubectl -n vela-system get pods`, and try again; it goes on where it stopped.',
    },
    {
      what: "loading the controller's image into the nodes",
      command: 'kind',
      args: ['load', 'image-archive', archive, '--name', cluster],
      remedy: `\`make image\` makes ${archive}; kind 0.20 or newer takes such an archive.`,
    },
    {
      what: 'enabling the addon',
      command: 'vela',
      args: ['addon', 'enable', addon],
      prints: 'enabled successfully',
      remedy: '`vela status addon-task-runs -n vela-system` says which object was refused, and why.',
    },
    {
      what: 'waiting for the controller',
      command: 'kubectl',
      args: ['-n', 'vela-system', 'rollout', 'status', 'deployment/task-runs', '--timeout=180s'],
      remedy: '`kubectl -n vela-system describe pod -l app.kubernetes.io/name=task-runs` says what it waits for.',
    },
  ];
}

const image = (node: string | undefined): readonly string[] => (node === undefined ? [] : ['--image', node]);

/** What must be there before anything is done. */
export const needed: readonly Step[] = [
  {
    what: 'looking for Docker',
    command: 'docker',
    args: ['info'],
    remedy:
      'Start it (`systemctl start docker`, or Docker Desktop), and see that you may use it (`docker info`). Without Docker, `make demo` runs the same on Linux.',
  },
  {
    what: 'looking for kind',
    command: 'kind',
    args: ['version'],
    remedy: 'Install it: `go install sigs.k8s.io/kind@latest`, or see kind.sigs.k8s.io.',
  },
  {
    what: 'looking for kubectl',
    command: 'kubectl',
    args: ['version', '--client'],
    remedy: 'Install it: see kubernetes.io/docs/tasks/tools.',
  },
  {
    what: 'looking for vela',
    command: 'vela',
    args: ['version'],
    remedy: 'Install it: see kubevela.io/docs/installation/kubernetes.',
  },
];

/** @returns whether kind has a cluster of this name */
export async function isThere(cluster: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  const list: Step = {
    what: 'looking for clusters',
    command: 'kind',
    args: ['get', 'clusters'],
    remedy: 'kind asks Docker for its containers: look at `docker ps`.',
  };
  return (await perform(list, environment)).split('\n').includes(cluster);
}

/**
 * Does one step after the other, and says what it does.
 * @throws Error with the step, the last words of its program, and the remedy
 */
export async function performAll(
  steps: readonly Step[],
  environment: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<void> {
  for (const step of steps) {
    say(step.what);
    await perform(step, environment);
  }
}

const lastWords = 2_000;

/** @returns what the program printed */
async function perform(step: Step, env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn(step.command, step.args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  let complained = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (complained = (complained + chunk.toString()).slice(-lastWords)));
  const failure = await new Promise<string | undefined>((resolve) => {
    child.once('error', () => resolve(`there is no ${step.command} on the PATH`));
    child.once('close', (code) => resolve(code === 0 ? undefined : `exit status ${code}`));
  });
  const silent = step.prints !== undefined && !printed.includes(step.prints);
  if (failure === undefined && !silent) return printed;
  const words = complained.trim() || printed.trim().slice(-lastWords);
  throw new Error(
    `${step.what} failed (${failure ?? `it did not print "${step.prints ?? ''}"`}).${words === '' ? '' : `\n${words}`}\n${step.remedy}`,
  );
}
