import { becomesReady, startSupervisor } from './control.ts';
import { checkKubevela } from './kubevela/program.ts';
import { programOf, providePrograms, type Programs } from './build/programs.ts';
import { defaultKubernetes, type KubernetesRelease } from './kubernetes-releases.ts';
import { loadImage } from './node-images.ts';
import { silent, type Progress } from './progress.ts';
import { checkMachine, freePorts } from './machine/requirements.ts';
import { layoutOf, type Kubevela, type Layout, type Nodes, type Ports, type Settings } from './settings.ts';
import { readState, type SandboxState } from './state.ts';
import { removeSandbox } from './machine/sweep.ts';

export interface SandboxOptions {
  /** The sandbox's own directory; what an earlier one left there is ended and removed first. */
  readonly dir: string;
  /** The release of Kubernetes; that of `defaultKubernetes` by default. */
  readonly kubernetes?: KubernetesRelease;
  /** `none` by default: pods stay pending. */
  readonly nodes?: Nodes;
  /** How many simulated nodes; one by default. */
  readonly nodeCount?: number;
  /** `none` by default. */
  readonly kubevela?: Kubevela;
  /** With `kubevela: 'real'`; KUBEVELA_HOME by default. */
  readonly kubevelaHome?: string;
  /**
   * How many calls a second each of Kubernetes' controllers may make: 20 by default, with which the Job controller
   * starts five Jobs a second.
   */
  readonly controllerCallsPerSecond?: number;
  /** Has the API server write each change to `auditLog`, with who made it. */
  readonly audit?: boolean;
  /** Ports of this machine's loopback that the real node's pods reach, at `nodeAddress` of certificates.ts. */
  readonly portsForPods?: readonly number[];
  /** Is called with builds; by default nothing is. */
  readonly progress?: Progress;
}

/** A running sandbox that ends with the process that started it. */
export interface Sandbox {
  /** The file to use as KUBECONFIG: cluster admin. */
  readonly kubeconfig: string;
  /** A kubectl of the same version. */
  readonly kubectl: string;
  readonly dir: string;
  /** An audit.k8s.io/v1 Event a line, where `audit` was asked for. */
  readonly auditLog: string;
  readonly ports: Ports;
  /** How its programs are: names, process ids, restarts. */
  state(): Promise<SandboxState>;
  /** Resolves when all programs are ready (again). @throws Error with the last failure when that takes too long */
  ready(): Promise<void>;
  /** Gives a real node the image of an OCI archive. @throws Refusal when that is impossible */
  load(archive: string): Promise<void>;
  /** Ends all programs and removes the directory. */
  stop(): Promise<void>;
}

/**
 * Starts a private sandbox: its own directory, free ports, nothing shared with others but the built programs. It ends
 * and is removed when the calling process ends, even by SIGKILL.
 * @throws Refusal when the machine lacks something; Error with a program's last lines when it does not start
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const layout = layoutOf(options.dir);
  const settings = await settingsOf(options);
  await checkMachine(settings, layout);
  await checkKubevela(settings);
  const programs = await providePrograms(settings, options.progress ?? silent);
  await removeSandbox(layout);
  await startSupervisor(layout, settings, true);
  const sandbox = handleOf(layout, settings, programs);
  try {
    await sandbox.ready();
    return sandbox;
  } catch (error) {
    await sandbox.stop();
    throw error;
  }
}

async function settingsOf(options: SandboxOptions): Promise<Settings> {
  const home = options.kubevelaHome ?? process.env['KUBEVELA_HOME'];
  return {
    kubernetes: options.kubernetes ?? defaultKubernetes(),
    nodes: options.nodes ?? 'none',
    nodeCount: options.nodeCount ?? 1,
    kubevela: options.kubevela ?? 'none',
    ...(home === undefined ? {} : { kubevelaHome: home }),
    ...(options.controllerCallsPerSecond === undefined
      ? {}
      : { controllerCallsPerSecond: options.controllerCallsPerSecond }),
    ...(options.audit && { audit: true }),
    ...(options.portsForPods && { portsForPods: options.portsForPods }),
    ports: await freePorts(),
  };
}

function handleOf(layout: Layout, settings: Settings, programs: Programs): Sandbox {
  return {
    kubeconfig: layout.kubeconfig,
    kubectl: programOf(programs, 'kubernetes', 'kubectl'),
    dir: layout.dir,
    auditLog: layout.auditLog,
    ports: settings.ports,
    state: async () => {
      const state = await readState(layout);
      if (state === undefined) throw new Error(`no sandbox runs in ${layout.dir}`);
      return state;
    },
    ready: () => becomesReady(layout),
    load: (archive) => loadImage(layout, programs, archive),
    stop: () => removeSandbox(layout),
  };
}
