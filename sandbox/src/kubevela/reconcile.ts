import {
  setCondition,
  type Application,
  type ApplicationStatus,
  type Condition,
  type WorkflowPhase,
  type WorkflowStatus,
} from './application.ts';
import { timestamp } from './apply.ts';
import { componentStatus, renderComponent, type Rendering } from './component.ts';
import type { TemplateCache } from './definitions.ts';
import { publishVersionOf, revisionNumber } from '../../../controller/src/vela/revisions.ts';
import { mergeDiff } from '../../../controller/src/vela/merge-patch.ts';
import { refOf, type ObjectRef } from './objects.ts';
import { readPolicies } from './policies.ts';
import { currentRevision, limitRevisions, listRevisions, recordWorkflow, type CurrentRevision } from './revisions.ts';
import type { ObjectStore } from './store.ts';
import { messageOf, Tracker } from './tracker.ts';
import type { StepMemory } from './workflow.ts';
import { newWorkflow, runWorkflow } from './workflow.ts';
import { addApplied, addService, type StepWorld } from './workflow-steps.ts';

const finalizer = 'app.oam.dev/resource-tracker-finalizer';
/** The KubeVela that this stands in for; it shows in annotations. */
const versionAnnotation = { 'oam.dev/kubevela-version': 'v1.10.9' };

/** What reconciling needs from outside. */
export interface Outside {
  readonly store: ObjectStore;
  readonly templates: TemplateCache;
  readonly now: () => Date;
  /** A fresh id for a workflow step. */
  readonly newId: () => string;
  /** The longest wait between two tries of a step. */
  readonly maxBackoffSeconds: number;
  /** How often an Application at rest is looked at. */
  readonly resyncSeconds: number;
}

interface Pass extends Outside {
  readonly app: Application;
  readonly memory: StepMemory;
  readonly tracker: Tracker;
  readonly at: Date;
  readonly status: ApplicationStatus;
}

/**
 * Brings one Application a step further, as vela-core does; returns the seconds until it wants to be looked at again.
 */
export async function reconcile(outside: Outside, ref: ObjectRef, memory: StepMemory): Promise<number> {
  const found = (await outside.store.get(ref)) as Application | undefined;
  if (!found) return outside.resyncSeconds;
  const app = found.metadata.deletionTimestamp === undefined ? await withFinalizer(outside, found) : found;
  const tracker = await Tracker.load(outside.store, app, readPolicies(app.spec.policies));
  if (app.metadata.deletionTimestamp !== undefined) return await finalize(outside, app, tracker);
  const pass: Pass = { ...outside, app, memory, tracker, at: outside.now(), status: structuredClone(app.status ?? {}) };
  const wait = await deploy(pass);
  await writeStatus(pass);
  return wait;
}

async function withFinalizer({ store }: Outside, app: Application): Promise<Application> {
  const known = app.metadata.finalizers ?? [];
  const annotated = {
    ...app,
    metadata: { ...app.metadata, annotations: { ...app.metadata.annotations, ...versionAnnotation } },
  };
  if (known.includes(finalizer)) return annotated;
  const patch = { metadata: { finalizers: [...known, finalizer], annotations: versionAnnotation } };
  return (await store.mergePatch(refOf(app), patch)) as Application;
}

/** Deletes what the Application applied, then its revisions, then lets it go. */
async function finalize({ store }: Outside, app: Application, tracker: Tracker): Promise<number> {
  const left = await tracker.collectAll();
  if (left > 0) return 1;
  for (const revision of await listRevisions(store, app)) await store.delete(refOf(revision));
  const finalizers = (app.metadata.finalizers ?? []).filter(
    (each) => each !== finalizer && each !== 'app.oam.dev/orphan-resource',
  );
  await store.mergePatch(refOf(app), { metadata: { finalizers } });
  return 0;
}

async function deploy(pass: Pass): Promise<number> {
  const { app, status, store } = pass;
  let current: CurrentRevision;
  try {
    current = await currentRevision(store, app);
  } catch (error) {
    return refuse(pass, 'Parsed', messageOf(error));
  }
  note(pass, ready('Parsed', pass.at), ready('Revision', pass.at));
  const { revision, hash } = current;
  if (current.moved)
    status.latestRevision = {
      name: revision.metadata.name,
      revision: revisionNumber(revision.metadata.name),
      revisionHash: hash,
    };
  note(pass, ready('Policy', pass.at));
  const workflow = await currentWorkflow(pass, current);
  note(pass, ready('Render', pass.at));

  const world: StepWorld = {
    ...pass,
    spec: current.spec,
    revision,
    hash,
    now: pass.at,
    services: [],
    appliedResources: [],
  };
  const phase = await runWorkflow({ world, memory: pass.memory, newId: pass.newId }, workflow);
  workflow.status = phase;
  for (const service of status.services ?? [])
    if (!world.services.some(({ name }) => name === service.name)) world.services.push(service);
  status.services = world.services.filter(({ name }) =>
    current.spec.components.some((component) => component.name === name),
  );
  for (const resource of status.appliedResources ?? []) addApplied(world.appliedResources, resource);
  status.appliedResources = world.appliedResources;
  return await afterWorkflow(pass, current, workflow, phase, world);
}

/**
 * The workflow of this revision: the one under way, or a new one when the Application moved on or was told to start
 * again.
 */
async function currentWorkflow(
  { app, status, store, memory, at }: Pass,
  { revision, latest, spec }: CurrentRevision,
): Promise<WorkflowStatus> {
  const wanted = publishVersionOf(app.metadata) ?? revision.metadata.name;
  const running = status.workflow;
  if (running?.appRevision === wanted) return running;
  if (latest && !latest.status?.workflow && running) {
    await recordWorkflow(store, latest, {
      ...running,
      terminated: true,
      finished: true,
      endTime: running.endTime ?? timestamp(at),
    });
  }
  memory.clear();
  delete status.services;
  delete status.appliedResources;
  status.conditions = (status.conditions ?? []).filter(({ type }) =>
    ['Parsed', 'Revision', 'Policy', 'Render'].includes(type),
  );
  status.workflow = newWorkflow(spec, wanted, at);
  return status.workflow;
}

async function afterWorkflow(
  pass: Pass,
  current: CurrentRevision,
  workflow: WorkflowStatus,
  phase: WorkflowPhase,
  world: StepWorld,
): Promise<number> {
  const { status, memory, tracker, at, store } = pass;
  if (phase === 'executing') {
    status.status = 'runningWorkflow';
    return memory.backoffSeconds(pass.maxBackoffSeconds);
  }
  if (phase === 'suspending') {
    status.status = 'workflowSuspending';
    return pass.resyncSeconds;
  }
  if (workflow.endTime === undefined) {
    workflow.finished = true;
    workflow.endTime = timestamp(at);
    memory.clear();
    if (phase === 'succeeded') note(pass, ready('Workflow', at));
    await recordWorkflow(store, current.revision, workflow);
  }
  if (phase !== 'succeeded') {
    status.status = phase === 'failed' ? 'workflowFailed' : 'workflowTerminated';
    return pass.resyncSeconds;
  }
  await atRest(pass, world);
  if ((await tracker.collectOutdated()) > 0) return 1;
  return pass.resyncSeconds;
}

/** What KubeVela does again and again with an Application that is through: puts drift right, and reads health. */
async function atRest(pass: Pass, world: StepWorld): Promise<void> {
  await pass.tracker
    .keepState(pass.at)
    .catch((error: unknown) => note(pass, failed('StateKeep', messageOf(error), pass.at)));
  await readHealth(world);
  pass.status.services = world.services;
  pass.status.status = world.services.every(({ healthy }) => healthy) ? 'running' : 'unhealthy';
  await limitRevisions(pass.store, pass.app, pass.status);
  note(pass, { type: 'Ready', status: 'True', reason: 'ReconcileSuccess', lastTransitionTime: timestamp(pass.at) });
}

async function readHealth(world: StepWorld & Rendering): Promise<void> {
  for (const component of world.spec.components) {
    const known = world.services.find(({ name }) => name === component.name);
    if (!known) continue;
    const rendered = await renderComponent(world, component, known.namespace);
    const status = await componentStatus(world, rendered).catch(() => undefined);
    addService(world.services, status ?? { ...known, healthy: false });
  }
}

function refuse(pass: Pass, type: string, message: string): number {
  note(pass, failed(type, message, pass.at));
  pass.status.status = 'rendering';
  return Math.min(pass.resyncSeconds, 5);
}

function note({ status }: Pass, ...conditions: Condition[]): void {
  for (const condition of conditions) status.conditions = setCondition(status.conditions ?? [], condition);
}

const ready = (type: string, at: Date): Condition => ({
  type,
  status: 'True',
  reason: 'Available',
  lastTransitionTime: timestamp(at),
});
const failed = (type: string, message: string, at: Date): Condition => ({
  type,
  status: 'False',
  reason: 'ReconcileError',
  message,
  lastTransitionTime: timestamp(at),
});

async function writeStatus({ app, status, store }: Pass): Promise<void> {
  if (app.metadata.generation !== undefined) status.observedGeneration = app.metadata.generation;
  for (const field of ['services', 'appliedResources'] as const) if (status[field]?.length === 0) delete status[field];
  if (await wasCommanded(store, app)) Object.assign(status, { workflow: app.status?.workflow });
  const patch = mergeDiff(app.status ?? {}, status);
  if (Object.keys(patch).length > 0) await store.patchStatus(refOf(app), patch);
}

/**
 * Whether somebody restarted, resumed or terminated the workflow during this look. Then that holds, and the next look
 * goes on from there.
 */
async function wasCommanded(store: ObjectStore, app: Application): Promise<boolean> {
  const before = app.status?.workflow;
  const { workflow } = ((await store.get(refOf(app))) as Application | undefined)?.status ?? {};
  return before !== undefined && (workflow?.terminated !== before.terminated || workflow.suspend !== before.suspend);
}
