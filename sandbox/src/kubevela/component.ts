import { componentContext } from '../../../controller/src/vela/context.ts';
import { componentAnnotations, componentLabels, objectLabels } from '../../../controller/src/vela/labels.ts';
import { velaLabels } from '../../../controller/src/resources/index.ts';
import { CueError, type Filling, type Template } from '../../../cue/ts/index.ts';
import type { Application, ApplicationSpec, Component, ServiceStatus, TraitUse } from './application.ts';
import { systemNamespace, workloadOf, type TemplateCache } from './definitions.ts';
import { refOf, type JsonObject, type KubeObject, type Labels } from './objects.ts';
import type { ApplicationRevision } from './revisions.ts';
import { StoreError, type ObjectStore } from './store.ts';
import { withTraits, type Traited } from './traits.ts';

/** An Application at one of its revisions, and what it takes to render it. */
export interface Rendering {
  readonly store: ObjectStore;
  readonly templates: TemplateCache;
  readonly app: Application;
  readonly spec: ApplicationSpec;
  readonly revision: ApplicationRevision;
  readonly hash: string;
}

/** A component with the objects that it consists of: its workload, its other outputs and what its traits add. */
export interface RenderedComponent {
  readonly component: Component;
  readonly workload: KubeObject;
  readonly others: KubeObject[];
  readonly template: Template;
}

/**
 * Renders a component with its traits and KubeVela's labels and annotations.
 * @throws StoreError in KubeVela's words when the template refuses its parameters
 */
export async function renderComponent(
  rendering: Rendering,
  component: Component,
  targetNamespace?: string,
): Promise<RenderedComponent> {
  const { app, revision, templates } = rendering;
  const namespace = targetNamespace ?? app.metadata.namespace ?? '';
  const definition = revision.spec.componentDefinitions[component.type];
  if (!definition)
    throw new StoreError(
      `ParseWorkload: component definition ${component.type} is not in revision ${revision.metadata.name}`,
    );
  const filling: Filling = {
    parameter: component.properties ?? {},
    context: componentContext(
      { application: app.metadata, namespace, revisionName: revision.metadata.name },
      rendering.spec.components,
      component,
    ),
  };
  const { template, output, outputs } = await renderTemplate(templates, definition, filling, app, component);
  const patched = await withTraits(output, component.name, component.traits ?? [], (use, workload) =>
    renderTrait(rendering, component, filling.context, use, workload),
  );
  const workload = await assemble(rendering, component, patched.workload, namespace, {
    [objectLabels.resourceType]: 'WORKLOAD',
    [objectLabels.componentType]: component.type,
  });
  const auxiliary = [
    ...Object.entries(outputs).map(([name, object]) => ({ trait: 'AuxiliaryWorkload', name, object })),
    ...patched.outputs,
  ];
  const others: KubeObject[] = [];
  for (const { trait, name, object } of auxiliary) {
    others.push(
      await assemble(rendering, component, object as KubeObject, namespace, {
        [objectLabels.resourceType]: 'TRAIT',
        [objectLabels.traitType]: trait,
        [objectLabels.traitResource]: name,
      }),
    );
  }
  return { component, workload, others, template };
}

async function renderTemplate(
  templates: TemplateCache,
  definition: KubeObject,
  filling: Filling,
  app: Application,
  component: Component,
): Promise<{ template: Template; output: KubeObject; outputs: Record<string, JsonObject> }> {
  try {
    const template = await templates.get(definition);
    const { output, outputs } = await template.render(filling);
    if (!output)
      throw new StoreError(
        `GenerateComponentManifest: evaluate base template component=${component.name} app=${app.metadata.name}: output: undefined field`,
      );
    return { template, output: output as KubeObject, outputs };
  } catch (error) {
    if (!(error instanceof CueError)) throw error;
    throw new StoreError(`GenerateComponentManifest: ${inWordsOfKubevela(error, app, component)}`);
  }
}

async function renderTrait(
  { app, revision, templates }: Rendering,
  component: Component,
  context: JsonObject,
  { type, properties = {} }: TraitUse,
  workload: KubeObject,
): Promise<Traited> {
  const definition = revision.spec.traitDefinitions?.[type];
  if (!definition)
    throw new StoreError(
      `GenerateComponentManifest: trait definition ${type} is not in revision ${revision.metadata.name}`,
    );
  try {
    const template = await templates.get(definition);
    const { output, outputs } = await template.patch({
      parameter: properties,
      context: { ...context, output: workload },
      base: workload,
    });
    return { workload: output as KubeObject, outputs };
  } catch (error) {
    if (!(error instanceof CueError)) throw error;
    throw new StoreError(`GenerateComponentManifest: ${ofTraitInWordsOfKubevela(error, type, app, component)}`);
  }
}

function ofTraitInWordsOfKubevela(error: CueError, trait: string, app: Application, component: Component): string {
  // What a patch leaves open shows only in the workload.
  if (error.stage === 'output' || error.stage === 'outputs') return inWordsOfKubevela(error, app, component);
  const what: Partial<Record<CueError['stage'], string>> = {
    errs: '',
    patch: `invalid patch trait ${trait} into workload: result check err: `,
    validate: `invalid template of trait ${trait} after merge with parameter and context: `,
  };
  return `evaluate template trait=${trait} app=${component.name}: ${what[error.stage] ?? `failed to compile trait ${trait} after merge parameter and context: `}${error.message}`;
}

function inWordsOfKubevela(error: CueError, app: Application, component: Component): string {
  const { name, namespace } = app.metadata;
  if (error.stage === 'output' || error.stage === 'outputs') {
    return `evaluate base template component=${component.name} app=${name}: failed to have the workload/trait unstructured: ${error.message}`;
  }
  const what = error.stage === 'validate' ? 'invalid cue template of' : 'failed to compile';
  return `evaluate base template app=${name} in namespace=${namespace}: ${what} workload ${component.name} after merge parameter and context: ${error.message}`;
}

/** Gives an object its place, KubeVela's labels, and the Application's labels and annotations. */
async function assemble(
  { app, revision, hash, store }: Rendering,
  component: Component,
  object: KubeObject,
  namespace: string,
  own: Labels,
): Promise<KubeObject> {
  const { metadata } = app;
  const before: Partial<KubeObject['metadata']> = object.metadata ?? {};
  const labels: Labels = {
    ...before.labels,
    ...own,
    ...componentLabels(metadata, component.name, revision.metadata.name),
    [velaLabels.revisionHash]: hash,
    [objectLabels.componentRevision]: '',
    [objectLabels.cluster]: '',
  };
  const annotations: Labels = componentAnnotations(metadata, before.annotations);
  const { namespace: ownNamespace, ...rest } = before;
  const place = (await store.isNamespaced(object)) ? { namespace: ownNamespace ?? namespace } : {};
  return {
    ...object,
    metadata: {
      ...rest,
      name: rest.name || component.name,
      ...place,
      labels,
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    },
  };
}

/** Reads a component's live objects and works out what `status.services[]` says of it. */
export async function componentStatus(
  { store, app, revision }: Rendering,
  { component, workload, others, template }: RenderedComponent,
): Promise<ServiceStatus> {
  const output = await store.get(refOf(workload));
  if (!output)
    throw new StoreError(
      `CollectHealthStatus: app=${app.metadata.name}, comp=${component.name}, get template context error: ${workload.kind} "${workload.metadata.name}" not found`,
    );
  const outputs: JsonObject = {};
  for (const other of others)
    outputs[other.metadata.labels?.[objectLabels.traitResource] ?? ''] = await store.get(refOf(other));
  const context = {
    name: component.name,
    appName: app.metadata.name,
    appRevision: revision.metadata.name,
    output,
    ...(others.length > 0 ? { outputs } : {}),
  };
  const { healthy, message, details } = await template.status({ parameter: component.properties ?? {}, context });
  return {
    name: component.name,
    namespace: workload.metadata.namespace ?? app.metadata.namespace ?? systemNamespace,
    workloadDefinition: workloadOf(revision.spec.componentDefinitions[component.type]),
    healthy,
    ...said(message, details),
    ...(component.traits ? { traits: component.traits.map(({ type }) => ({ type, healthy: true })) } : {}),
  };
}

function said(message: string, details: Record<string, string>): Pick<ServiceStatus, 'message' | 'details'> {
  return { ...(message === '' ? {} : { message }), ...(Object.keys(details).length > 0 ? { details } : {}) };
}
