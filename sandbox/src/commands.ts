import { dirname, resolve } from 'node:path';
import { becomesReady, findSupervisor, isReady, startSupervisor } from './control.ts';
import { checkKubevela } from './kubevela/program.ts';
import type { PartState } from './machine/keeper.ts';
import { programOf, providePrograms } from './build/programs.ts';
import { defaultKubernetes, type KubernetesRelease } from './kubernetes-releases.ts';
import { loadImage } from './node-images.ts';
import { progressTo, type Progress } from './progress.ts';
import { Refusal } from './refusal.ts';
import { checkMachine, checkPorts, onPath } from './machine/requirements.ts';
import { defaultPortBase, portsFrom, type Kubevela, type Layout, type Nodes, type Settings } from './settings.ts';
import { readSettings, readState, type SandboxState } from './state.ts';
import { endProcesses, removeSandbox } from './machine/sweep.ts';

export interface UpOptions {
  readonly kubernetes?: KubernetesRelease;
  readonly nodes?: Nodes;
  readonly nodeCount?: number;
  readonly kubevela?: Kubevela;
  readonly portBase?: number;
}

/** Starts the sandbox, or what is dead of it, and says how to use it. Asked twice it does nothing the second time. */
export async function up(layout: Layout, options: UpOptions): Promise<void> {
  const settings = await bringUp(layout, options, progressTo(process.stderr));
  await sayHowToUse(layout, settings);
}

/**
 * Starts the sandbox, or what is dead of it, and waits until it is ready.
 * @returns what it is now
 * @throws Refusal when the machine lacks something, or when another kind of sandbox is up
 */
export async function bringUp(layout: Layout, options: UpOptions, progress: Progress): Promise<Settings> {
  const recorded = await readSettings(layout);
  const settings = wantedSettings(options, recorded);
  if ((await findSupervisor(layout)) === undefined) await startNew(layout, settings, recorded, progress);
  else refuseOther(settings, recorded);
  await waitWithProgress(layout, progress);
  return settings;
}

/** What was asked for; else what the sandbox was; else what suits this machine. */
export function wantedSettings(options: UpOptions, recorded: Settings | undefined): Settings {
  const { portBase, ...asked } = options;
  const defaults = defaultSettings();
  // One of an earlier version has fewer ports: it differs then, and is removed first.
  const ports = { ...defaults.ports, ...recorded?.ports };
  const known = { ...defaults, ...recorded, ports, ...kubevelaHome(), ...asked };
  return portBase === undefined ? known : { ...known, ports: portsFrom(portBase) };
}

function defaultSettings(): Settings {
  return {
    kubernetes: defaultKubernetes(),
    nodes: process.getuid?.() === 0 ? 'real' : 'simulated',
    nodeCount: 3,
    kubevela: process.env['KUBEVELA_HOME'] === undefined ? 'stand-in' : 'real',
    ports: portsFrom(defaultPortBase),
  };
}

function kubevelaHome(): Pick<Settings, 'kubevelaHome'> {
  const home = process.env['KUBEVELA_HOME'];
  return home === undefined ? {} : { kubevelaHome: resolve(home) };
}

async function startNew(
  layout: Layout,
  settings: Settings,
  recorded: Settings | undefined,
  progress: Progress,
): Promise<void> {
  await checkMachine(settings, layout);
  await checkKubevela(settings);
  await providePrograms(settings, progress);
  if (recorded !== undefined && differ(settings, recorded)) {
    progress.say('removing the old sandbox, which was another kind');
    await removeSandbox(layout);
  }
  await endProcesses(layout);
  await checkPorts(settings.ports);
  await startSupervisor(layout, settings, false);
}

function refuseOther(settings: Settings, recorded: Settings | undefined): void {
  if (recorded === undefined || !differ(settings, recorded)) return;
  throw new Refusal(
    `A sandbox is up with --kubernetes ${recorded.kubernetes} --nodes ${recorded.nodes} --kubevela ${recorded.kubevela} on ports from ${recorded.ports.apiserver}: end it first with npm run sandbox -- down.`,
  );
}

function differ(one: Settings, other: Settings): boolean {
  const essence = ({ kubernetes, nodes, nodeCount, kubevela, ports }: Settings): string =>
    JSON.stringify([kubernetes, nodes, nodes === 'simulated' ? nodeCount : 0, kubevela, ports]);
  return essence(one) !== essence(other);
}

async function waitWithProgress(layout: Layout, progress: Progress): Promise<void> {
  const step = progress.begin('starting the sandbox');
  try {
    await becomesReady(layout);
    step.end('ready');
  } catch (error) {
    step.end('failed');
    throw error;
  }
}

async function sayHowToUse(layout: Layout, settings: Settings): Promise<void> {
  console.log(
    `Kubernetes ${settings.kubernetes} with ${settings.nodes} nodes and KubeVela: ${settings.kubevela}. To use it:`,
  );
  await env(layout);
  console.error(`The programs' logs are in ${layout.logs}. npm run sandbox -- down ends it.`);
}

/** Ends the sandbox and removes all of it. */
export async function down(layout: Layout): Promise<void> {
  const progress = progressTo(process.stderr);
  const step = progress.begin('ending the sandbox');
  await removeSandbox(layout);
  step.end('gone');
}

/**
 * Gives the real node the image of an OCI archive.
 * @throws Refusal when no sandbox with a real node is up, or when it is not such an archive
 */
export async function load(layout: Layout, archive: string): Promise<void> {
  const settings = await readSettings(layout);
  if (settings?.nodes !== 'real')
    throw new Refusal('No sandbox with a real node is up: start one with npm run sandbox -- up --nodes real.');
  await loadImage(layout, await providePrograms(settings, progressTo(process.stderr)), resolve(archive));
}

/** Prints the parts; the exit code is 1 when not all are ready. */
export async function status(layout: Layout): Promise<void> {
  const [settings, state, supervisor] = await Promise.all([
    readSettings(layout),
    readState(layout),
    findSupervisor(layout),
  ]);
  if (settings === undefined || state === undefined || supervisor === undefined) {
    console.log(describeDown(state));
    process.exitCode = 1;
    return;
  }
  const ready = await isReady(layout, state);
  console.log(
    `${ready ? 'ready' : 'not ready'}: Kubernetes ${settings.kubernetes}, nodes ${settings.nodes}, KubeVela ${settings.kubevela}, supervisor ${supervisor}`,
  );
  for (const line of state.parts.map(describePart)) console.log(line);
  if (!ready) process.exitCode = 1;
}

function describeDown(state: SandboxState | undefined): string {
  if (state === undefined) return 'down';
  if (state.phase === 'failed') return `down; the last start failed: ${state.message ?? 'nobody knows why'}`;
  return 'dead: its supervisor was killed; npm run sandbox -- up starts it again';
}

function describePart({ name, phase, pid, restarts, lastError }: PartState): string {
  const columns = `  ${name.padEnd(24)} ${phase.padEnd(9)} ${String(pid ?? '-').padEnd(8)} ${restarts} restarts`;
  return phase === 'ready' || lastError === undefined
    ? columns
    : `${columns}\n    ${lastError.replaceAll('\n', '\n    ')}`;
}

/** Prints the lines by which a shell finds the sandbox, and kubectl where the machine has none. */
export async function env(layout: Layout): Promise<void> {
  const settings = await readSettings(layout);
  if (settings === undefined) throw new Refusal('No sandbox is up: start one with npm run sandbox -- up.');
  console.log(`export KUBECONFIG=${quote(layout.kubeconfig)}`);
  if ((await onPath('kubectl')) !== undefined) return;
  const programs = await providePrograms(settings, progressTo(process.stderr));
  console.log(`export PATH=${quote(dirname(programOf(programs, 'kubernetes', 'kubectl')))}:"$PATH"`);
}

function quote(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}
