import { CueError, type Filling, type Template } from '../../../cue/ts/index.ts';
import type { Application, ApplicationSpec, Component, ServiceStatus, TraitUse } from './application.ts';
import { publishVersionOf } from './application.ts';
import { systemNamespace, workloadOf, type TemplateCache } from './definitions.ts';
import { hashOf, refOf, type JsonObject, type KubeObject, type Labels } from './objects.ts';
import { revisionNumber, type ApplicationRevision } from './revisions.ts';
import { StoreError, type ObjectStore } from './store.ts';
import { withTraits, type Traited } from './traits.ts';

/** Annotations of an Application that are not handed on to what it applies. */
const keptBack = [
  'kubectl.kubernetes.io/last-applied-configuration',
  'filter.oam.dev/annotation-keys',
  'filter.oam.dev/label-keys',
  'app.oam.dev/inplace-upgrade',
];

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

/** KubeVela's `context` for a component's template. */
function contextOf({ app, spec, revision }: Rendering, component: Component, namespace: string): JsonObject {
  return {
    name: component.name,
    namespace,
    appName: app.metadata.name,
    appRevision: revision.metadata.name,
    appRevisionNum: revisionNumber(revision.metadata.name),
    revision: hashOf(component),
    components: spec.components,
    appLabels: app.metadata.labels ?? null,
    appAnnotations: app.metadata.annotations ?? null,
    replicaKey: '',
    cluster: 'local',
    clusterVersion: { major: '1', minor: 34, gitVersion: 'v1.34', platform: 'linux/amd64' },
    workflowName: app.metadata.annotations?.['app.oam.dev/workflowName'] ?? '',
    publishVersion: publishVersionOf(app) ?? '',
  };
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
    context: contextOf(rendering, component, namespace),
  };
  const { template, output, outputs } = await renderTemplate(templates, definition, filling, app, component);
  const patched = await withTraits(output, component.name, component.traits ?? [], (use, workload) =>
    renderTrait(rendering, component, filling.context, use, workload),
  );
  const workload = await assemble(rendering, component, patched.workload, namespace, {
    'app.oam.dev/resourceType': 'WORKLOAD',
    'workload.oam.dev/type': component.type,
  });
  const auxiliary = [
    ...Object.entries(outputs).map(([name, object]) => ({ trait: 'AuxiliaryWorkload', name, object })),
    ...patched.outputs,
  ];
  const others: KubeObject[] = [];
  for (const { trait, name, object } of auxiliary) {
    others.push(
      await assemble(rendering, component, object as KubeObject, namespace, {
        'app.oam.dev/resourceType': 'TRAIT',
        'trait.oam.dev/type': trait,
        'trait.oam.dev/resource': name,
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
    ...handedOn(app, 'labels', 'filter.oam.dev/label-keys'),
    ...own,
    'app.oam.dev/name': metadata.name,
    'app.oam.dev/namespace': metadata.namespace ?? '',
    'app.oam.dev/component': component.name,
    'app.oam.dev/appRevision': revision.metadata.name,
    'app.oam.dev/app-revision-hash': hash,
    'app.oam.dev/revision': '',
    'app.oam.dev/cluster': '',
  };
  const annotations = { ...before.annotations, ...handedOn(app, 'annotations', 'filter.oam.dev/annotation-keys') };
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

/** The Application's labels or annotations, but those that an annotation of it names. */
function handedOn({ metadata }: Application, field: 'labels' | 'annotations', filter: string): Labels {
  const kept = [...keptBack, ...(metadata.annotations?.[filter] ?? '').split(',').map((key) => key.trim())];
  return Object.fromEntries(Object.entries(metadata[field] ?? {}).filter(([key]) => !kept.includes(key)));
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
    outputs[other.metadata.labels?.['trait.oam.dev/resource'] ?? ''] = await store.get(refOf(other));
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
