import { stepContext } from '../../../controller/src/vela/context.ts';
import { objectLabels, ownerLabels } from '../../../controller/src/vela/labels.ts';
import { notFound } from '../../../controller/src/vela/not-found.ts';
import type { Filling, StepAction, StepAnswer } from '../../../cue/ts/index.ts';
import {
  isBuiltinStep,
  type AppliedResource,
  type BuiltinStepType,
  type Component,
  type PolicyUse,
  type ServiceStatus,
  type WorkflowStep,
} from './application.ts';
import { componentStatus, renderComponent, type Rendering } from './component.ts';
import { refOf, type JsonObject, type KubeObject, type ObjectRef } from './objects.ts';
import { selectedComponents, targetNamespace } from './policies.ts';
import { readOutputs, type StepOutputs } from './step-data.ts';
import { messageOf, type Tracker } from './tracker.ts';

/** How a step went this time. */
export type StepOutcome =
  | { readonly phase: 'succeeded'; readonly message?: string; readonly outputs?: StepOutputs }
  | { readonly phase: 'running'; readonly message?: string }
  /** Execute: retried; Action: the step's own #Fail. */
  | {
      readonly phase: 'failed';
      readonly reason: 'Execute' | 'Action';
      readonly message: string;
      readonly outputs?: StepOutputs;
    }
  | { readonly phase: 'suspending'; readonly message?: string };

/** What the steps of one reconcile work with and add to. */
export interface StepWorld extends Rendering {
  readonly tracker: Tracker;
  readonly now: Date;
  readonly services: ServiceStatus[];
  readonly appliedResources: AppliedResource[];
}

type StepRunner = (world: StepWorld, step: WorkflowStep) => Promise<StepOutcome>;

const builtinSteps: Record<BuiltinStepType, StepRunner> = {
  'apply-component': (world, step) => applyComponents(world, componentsNamed(world, step), undefined),
  deploy: (world, step) => deploy(world, step),
  suspend: () => Promise.resolve({ phase: 'suspending' }),
};

/** Runs a step once; an error of it becomes its message, in KubeVela's words. */
export async function runStep(world: StepWorld, step: WorkflowStep, sessionId: string): Promise<StepOutcome> {
  try {
    return isBuiltinStep(step.type)
      ? await builtinSteps[step.type](world, step)
      : await customStep(world, step, sessionId);
  } catch (error) {
    return {
      phase: 'failed',
      reason: 'Execute',
      message: `function call error for : ${messageOf(error)} (value: cue/format: unsupported node type <nil>)`,
    };
  }
}

function componentsNamed({ spec }: StepWorld, { properties }: WorkflowStep): Component[] {
  const name = properties?.['component'];
  const found = spec.components.find((component) => component.name === name);
  if (!found) throw new Error(`component ${String(name)} not found`);
  return [found];
}

async function deploy(world: StepWorld, step: WorkflowStep): Promise<StepOutcome> {
  const names = (step.properties?.['policies'] ?? []) as string[];
  const policies: PolicyUse[] = (world.spec.policies ?? []).filter(
    ({ name }) => name !== undefined && names.includes(name),
  );
  return await applyComponents(world, selectedComponents(world.spec.components, policies), targetNamespace(policies));
}

async function applyComponents(
  world: StepWorld,
  components: readonly Component[],
  namespace: string | undefined,
): Promise<StepOutcome> {
  let healthy = true;
  for (const component of components) healthy = (await applyComponent(world, component, namespace)) && healthy;
  return healthy ? { phase: 'succeeded' } : { phase: 'running', message: 'wait healthy' };
}

/** Applies a component; what was rendered the same the last time is left as it is. Returns whether it is healthy. */
async function applyComponent(world: StepWorld, component: Component, namespace: string | undefined): Promise<boolean> {
  const rendered = await renderComponent(world, component, namespace);
  const manifests = [rendered.workload, ...rendered.others];
  await dispatch(world, manifests);
  const after = await componentStatus(world, rendered);
  addService(world.services, after);
  return after.healthy;
}

async function dispatch(world: StepWorld, manifests: readonly KubeObject[]): Promise<void> {
  try {
    await world.tracker.dispatch(manifests, world.now);
  } catch (error) {
    throw new Error(`Dispatch: ${messageOf(error)}`, { cause: error });
  }
  for (const { apiVersion, kind, metadata } of manifests) {
    addApplied(world.appliedResources, {
      apiVersion,
      kind,
      name: metadata.name,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      creator: 'workflow',
    });
  }
}

/** A component that says nothing now keeps the message and the details that it had. */
export function addService(services: ServiceStatus[], next: ServiceStatus): void {
  const index = services.findIndex(({ name, namespace }) => name === next.name && namespace === next.namespace);
  if (index < 0) services.push(next);
  else services[index] = { ...services[index], ...next };
}

export function addApplied(resources: AppliedResource[], next: AppliedResource): void {
  const known = resources.some(
    ({ kind, name, namespace, apiVersion }) =>
      kind === next.kind && name === next.name && namespace === next.namespace && apiVersion === next.apiVersion,
  );
  if (!known) resources.push(next);
}

/** A step walks through at most so many actions: none of ours has more than a handful. */
const maxActions = 100;

async function customStep(world: StepWorld, step: WorkflowStep, sessionId: string): Promise<StepOutcome> {
  const definition = world.revision.spec.workflowStepDefinitions[step.type];
  if (!definition)
    throw new Error(`workflow step definition ${step.type} is not in revision ${world.revision.metadata.name}`);
  const template = await world.templates.get(definition);
  const filling = fillingOf(world, step, sessionId);
  const answers: StepAnswer[] = [];
  let said: { message?: string } = {};
  const outputs = async () =>
    step.outputs ? { outputs: await readOutputs(step, world.templates, definition, filling, answers) } : {};
  while (answers.length < maxActions) {
    const action = await template.step({ ...filling, answers });
    if (!action) return { phase: 'succeeded', ...said, ...(await outputs()) };
    said = { ...said, ...messageIn(action) };
    const outcome = action.provider === 'builtin' ? endOf(action, said) : undefined;
    answers.push({ path: action.path, ...(outcome ? {} : await kubeAction(world, action)) });
    if (outcome) return outcome.phase === 'failed' ? { ...outcome, ...(await outputs()) } : outcome;
  }
  throw new Error(`the step ${step.name} asks for more than ${maxActions} actions`);
}

/** What a step's template and its conditions are filled with. */
export function fillingOf(world: StepWorld, step: WorkflowStep, sessionId: string): Filling {
  const { metadata } = world.app;
  const namespace = metadata.namespace ?? '';
  const revised = { application: metadata, namespace, revisionName: world.revision.metadata.name };
  return { parameter: step.properties ?? {}, context: stepContext(revised, { name: step.name, sessionId }) };
}

/** A message stays until another one. That of a wait which is over is not said. */
function messageIn({ do: name, params }: StepAction): { message?: string } {
  const message = params['message'] as string | undefined;
  return message === undefined || message === '' || (name === 'wait' && params['continue'] === true) ? {} : { message };
}

/** How an action of vela/builtin ends the step for now, if it does. */
function endOf({ do: name, params }: StepAction, said: { message?: string }): StepOutcome | undefined {
  switch (name) {
    case 'fail':
      return { phase: 'failed', reason: 'Action', message: said.message ?? '' };
    case 'suspend':
      return { phase: 'suspending', ...said };
    case 'wait':
      return params['continue'] === true ? undefined : { phase: 'running', ...said };
    case 'message':
    case 'log':
      return undefined;
    default:
      throw new Error(`the stand-in for KubeVela knows no action builtin.#${name}`);
  }
}

/** Carries out kube.#Apply, #Read and #Delete; other actions give nothing. */
async function kubeAction(world: StepWorld, action: StepAction): Promise<{ returns?: JsonObject }> {
  if (action.provider !== 'kube') return {};
  const object = action.params['value'] as KubeObject;
  const { name, namespace = 'default' } = object.metadata;
  const ref = { ...refOf(object), name, namespace };
  switch (action.do) {
    case 'apply': {
      const { app } = world;
      const labels = {
        ...object.metadata.labels,
        ...ownerLabels(app.metadata),
        [objectLabels.cluster]: '',
      };
      await dispatch(world, [{ ...object, metadata: { ...object.metadata, namespace, labels } }]);
      return { returns: { value: await world.store.get(ref) } };
    }
    case 'read':
      return { returns: await readObject(world, object, ref) };
    case 'delete':
      await world.store.delete(ref);
      return {};
    default:
      throw new Error(`the stand-in for KubeVela knows no action kube.#${action.do}`);
  }
}

/** What kube.#Read gives: whatever keeps it from an answer is in `err`, and does not fail the step. */
async function readObject({ store }: StepWorld, object: KubeObject, ref: ObjectRef): Promise<JsonObject> {
  try {
    const value = await store.get(ref);
    return value ? { value } : { value: object, err: notFound(object) };
  } catch (error) {
    return { value: object, err: messageOf(error) };
  }
}
