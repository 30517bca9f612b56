import type { Cue, Filling, StatusTemplates, Template } from '../../../cue/ts/index.ts';
import { BoundedMap } from '../../../controller/src/kube/bounded-map.ts';
import { isBuiltinStep, type Application } from './application.ts';
import { coreApiVersion } from '../../../controller/src/vela/labels.ts';
import { hashOf, type KubeObject } from './objects.ts';
import { StoreError, type ObjectStore } from './store.ts';
import { builtinTraits, isBuiltinTrait } from './traits.ts';

export const systemNamespace = 'vela-system';

/** The definitions that an Application uses; a revision keeps a copy of them. */
export interface Definitions {
  componentDefinitions: Record<string, KubeObject>;
  /** Those of traits that are not KubeVela's own; absent where there are none. */
  traitDefinitions?: Record<string, KubeObject>;
  workflowStepDefinitions: Record<string, KubeObject>;
}

/**
 * Reads the definitions that an Application uses, from its own namespace or from vela-system.
 * @throws StoreError for a type that is defined nowhere
 */
export async function readDefinitions(store: ObjectStore, app: Application): Promise<Definitions> {
  const componentDefinitions: Record<string, KubeObject> = {};
  const traitDefinitions: Record<string, KubeObject> = {};
  const workflowStepDefinitions: Record<string, KubeObject> = {};
  for (const { type, traits = [] } of app.spec.components) {
    componentDefinitions[type] = await readDefinition(store, app, 'ComponentDefinition', type);
    for (const trait of traits.filter(({ type }) => !isBuiltinTrait(type)))
      traitDefinitions[trait.type] = await readTrait(store, app, trait.type);
  }
  for (const { type } of (app.spec.workflow?.steps ?? []).flatMap((step) => step.subSteps ?? [step])) {
    if (!isBuiltinStep(type))
      workflowStepDefinitions[type] = await readDefinition(store, app, 'WorkflowStepDefinition', type);
  }
  return {
    componentDefinitions,
    ...(Object.keys(traitDefinitions).length > 0 && { traitDefinitions }),
    workflowStepDefinitions,
  };
}

function readTrait(store: ObjectStore, app: Application, type: string): Promise<KubeObject> {
  return readDefinition(store, app, 'TraitDefinition', type).catch((error: unknown) => {
    throw error instanceof StoreError
      ? new StoreError(
          `parse trait: ${error.message}; of KubeVela's own traits the stand-in knows ${builtinTraits.join(', ')}`,
        )
      : error;
  });
}

async function readDefinition(store: ObjectStore, app: Application, kind: string, name: string): Promise<KubeObject> {
  for (const namespace of [app.metadata.namespace, systemNamespace]) {
    const found = await store.get({ apiVersion: coreApiVersion, kind, namespace, name });
    if (found)
      return {
        apiVersion: coreApiVersion,
        kind,
        metadata: { name, namespace: found.metadata.namespace ?? systemNamespace },
        spec: found['spec'],
      };
  }
  throw new StoreError(`load template from ${kind} ${name}: ${kind}.core.oam.dev "${name}" not found`);
}

/** `apiVersion` and `kind` of what a component definition renders. */
export function workloadOf(definition: KubeObject | undefined): { apiVersion: string; kind: string } {
  const spec = definition?.['spec'] as { workload?: { definition?: { apiVersion: string; kind: string } } } | undefined;
  return spec?.workload?.definition ?? { apiVersion: '', kind: '' };
}

/** How many compiled templates are kept: more than any cluster here has. */
const maxTemplates = 64;
/** How many renderings and statuses to keep for each template, with hundreds of Applications that wait. */
const maxAnswers = 1_000;

/**
 * Compiles the template of a definition once, and lets CUE answer a question once: an Application that waits is looked
 * at again and again.
 */
export class TemplateCache {
  readonly #cue: Cue;
  readonly #templates = new Map<string, Promise<Template>>();

  constructor(cue: Cue) {
    this.#cue = cue;
  }

  /** With more text behind the template. Rejects with a CueError when that is no CUE. */
  get(definition: KubeObject, more = ''): Promise<Template> {
    const { schematic, status } = definition['spec'] as {
      schematic?: { cue?: { template?: string } };
      status?: StatusTemplates;
    };
    return this.compile(`${schematic?.cue?.template ?? ''}${more}`, status);
  }

  /** Rejects with a CueError when it is no CUE. */
  compile(template: string, status: StatusTemplates = {}): Promise<Template> {
    const key = hashOf({ template, status });
    const known = this.#templates.get(key);
    if (known) return known;
    if (this.#templates.size >= maxTemplates) this.#templates.delete([...this.#templates.keys()][0] ?? '');
    const compiling = this.#cue.compileTemplate(template, status).then(remembering);
    this.#templates.set(key, compiling);
    compiling.catch(() => this.#templates.delete(key));
    return compiling;
  }
}

/** The same template; what it rendered, or said of an object, it says again without CUE. */
function remembering(template: Template): Template {
  return {
    ...template,
    render: once((filling) => template.render(filling)),
    status: once((filling) => template.status(filling)),
  };
}

/** Remembers answers by their questions, but no failures. Whoever asks may change what it is given. */
function once<R>(ask: (filling: Filling) => Promise<R>): (filling: Filling) => Promise<R> {
  const answers = new BoundedMap<string, R>(maxAnswers);
  return async (filling) => {
    const key = hashOf(filling);
    const known = answers.get(key) ?? (await ask(filling));
    answers.set(key, known);
    return structuredClone(known);
  };
}
