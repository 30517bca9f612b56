import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cue } from '../../../cue/ts/index.ts';
import { plainTask } from '../../../scripts/plain-task.ts';
import { definitionManifest } from './definition-manifest.ts';
import { systemNamespace } from './definitions.ts';
import { coreApiVersion } from '../../../controller/src/vela/labels.ts';
import { type JsonObject, type KubeObject } from './objects.ts';
import { StoreError, type ObjectStore } from './store.ts';

interface Resource {
  readonly plural: string;
  readonly kind: string;
  readonly shortNames: readonly string[];
  readonly scope?: 'Cluster';
  readonly columns?: readonly JsonObject[];
}

const age = { name: 'AGE', type: 'date', jsonPath: '.metadata.creationTimestamp' };

/** The kinds of KubeVela that the stand-in works with; only their names are KubeVela's, their schemas are open. */
const resources: readonly Resource[] = [
  {
    plural: 'applications',
    kind: 'Application',
    shortNames: ['app'],
    columns: [
      { name: 'COMPONENT', type: 'string', jsonPath: '.spec.components[*].name' },
      { name: 'TYPE', type: 'string', jsonPath: '.spec.components[*].type' },
      { name: 'PHASE', type: 'string', jsonPath: '.status.status' },
      { name: 'HEALTHY', type: 'boolean', jsonPath: '.status.services[*].healthy' },
      { name: 'STATUS', type: 'string', jsonPath: '.status.services[*].message' },
      age,
    ],
  },
  {
    plural: 'applicationrevisions',
    kind: 'ApplicationRevision',
    shortNames: ['apprev'],
    columns: [
      {
        name: 'PUBLISH_VERSION',
        type: 'string',
        jsonPath: ".metadata.annotations['app\\.oam\\.dev\\/publishVersion']",
      },
      { name: 'SUCCEEDED', type: 'string', jsonPath: '.status.succeeded' },
      age,
    ],
  },
  { plural: 'componentdefinitions', kind: 'ComponentDefinition', shortNames: ['comp'] },
  { plural: 'traitdefinitions', kind: 'TraitDefinition', shortNames: ['trait'] },
  { plural: 'workflowstepdefinitions', kind: 'WorkflowStepDefinition', shortNames: ['workflowstep'] },
  { plural: 'policydefinitions', kind: 'PolicyDefinition', shortNames: ['def-policy'] },
  { plural: 'resourcetrackers', kind: 'ResourceTracker', shortNames: ['rt'], scope: 'Cluster' },
];

function crd({ plural, kind, shortNames, scope = undefined, columns = [age] }: Resource): KubeObject {
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const version = {
    name: 'v1beta1',
    served: true,
    storage: true,
    subresources: { status: {} },
    additionalPrinterColumns: columns,
    schema: { openAPIV3Schema: { type: 'object', properties: { spec: open, status: open } } },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.core.oam.dev` },
    spec: {
      group: 'core.oam.dev',
      scope: scope ?? 'Namespaced',
      names: { plural, singular: kind.toLowerCase(), kind, shortNames: [...shortNames] },
      versions: [version],
    },
  };
}

/** A component that consists of the Kubernetes objects in its properties. */
const k8sObjects: KubeObject = {
  apiVersion: coreApiVersion,
  kind: 'ComponentDefinition',
  metadata: {
    name: 'k8s-objects',
    namespace: systemNamespace,
    annotations: { 'definition.oam.dev/description': 'Kubernetes objects as they are.' },
  },
  spec: {
    workload: { type: 'autodetects.core.oam.dev' },
    schematic: {
      cue: {
        template:
          'output: parameter.objects[0]\noutputs: {\n\tfor index, object in parameter.objects if index > 0 {\n\t\t"objects-\\(index)": object\n\t}\n}\nparameter: objects: [...{...}]\n',
      },
    },
  },
};

const installLimitMs = 30_000;

/** A task that is a plain Job, as KubeVela has one of its own: what the addon takes the place of. */
async function plainTaskDefinition(cue: Cue): Promise<KubeObject> {
  const task = await readFile(new URL('../../../definitions/task.cue', import.meta.url), 'utf8');
  return definitionManifest(await (await cue.compile(plainTask(task))).describe(), systemNamespace);
}

/**
 * Installs what KubeVela's chart would: its kinds, its namespace, and the component types k8s-objects and task. What is
 * there already stays.
 */
export async function install(store: ObjectStore, cue: Cue): Promise<void> {
  await ensure(store, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: systemNamespace } });
  for (const resource of resources) await ensure(store, crd(resource));
  const deadline = Date.now() + installLimitMs;
  for (const { kind } of resources) {
    while (!(await isServed(store, kind))) {
      if (Date.now() > deadline)
        throw new Error(
          `The API server does not serve ${kind}s after ${installLimitMs / 1000} s: look at its CustomResourceDefinition.`,
        );
      await delay(200);
    }
  }
  await ensure(store, k8sObjects);
  await ensure(store, await plainTaskDefinition(cue));
}

async function isServed(store: ObjectStore, kind: string): Promise<boolean> {
  const found = await store.get({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    name: `${resources.find((each) => each.kind === kind)?.plural}.core.oam.dev`,
  });
  const { conditions } = (found?.['status'] ?? {}) as { conditions?: { type: string; status: string }[] | null };
  // A new CustomResourceDefinition has `conditions: null` until the API server looked at it.
  return conditions?.some(({ type, status }) => type === 'Established' && status === 'True') ?? false;
}

async function ensure(store: ObjectStore, object: KubeObject): Promise<void> {
  await store.create(object).catch((error: unknown) => {
    if (!(error instanceof StoreError && error.message.includes('already exists'))) throw error;
  });
}
