/** Rendering with CUE, as KubeVela does it. */
import { setFlagsFromString } from 'node:v8';
import {
  createCue,
  CueError,
  type Cue,
  type JsonObject,
  type StepAnswer,
  type Template,
} from '../../../../cue/ts/index.ts';
import { parameterNames, refusalOfSchema, refusalsOf } from '../../plan/cue-refusals.ts';
import type { Fields } from '../../domain/lang/fields.ts';
import { notFound, type SoughtObject } from '../../vela/not-found.ts';
import type { Filling, Refusal, Render, RenderedObject, Rendering, StepRendering } from '../../plan/render.ts';
import { jobsProblems } from '../../plan/kubernetes/task.ts';
import { admitBySchema, type Admitted, type Schema, type SchemaProblem } from '../../plan/schema.ts';
import type { Definitions, LoadParts } from './parts.ts';

export interface CueRender extends Render {
  /** Ends CUE's thread. */
  close(): Promise<void>;
}

const deadlineMs = 20_000;
/** A step reads its Task, its Application, and its Task in another place. */
const mostReads = 3;

/** Where an object comes from. */
interface Origin {
  /** The component's properties, or those of the trait that was applied last. */
  readonly properties: Fields;
  /** The same object without that trait. */
  readonly before?: RenderedObject;
  /** Which of the component's traits it is. */
  readonly trait?: number;
}

/**
 * Starts CUE with our definitions.
 * @throws CliError if its files are missing
 */
export async function startRender(load: LoadParts): Promise<CueRender> {
  // V8's optimizing compiler needs longer for a module of 23 MB than a plan takes without it.
  setFlagsFromString('--liftoff-only');
  const { cue: module, definitions } = await load();
  const cue = await createCue({ module: await module(), deadlineMs });
  return new DefinitionRender(cue, definitions);
}

type Filled = Parameters<Template['render']>[0];

/** What a step does once its reads are answered: with the Task, if there is one, and nothing else is found. */
async function lastAction(definition: Template, filled: Filled, task: object | undefined) {
  const answers: StepAnswer[] = [];
  let next = await definition.step({ ...filled, answers });
  while (next?.do === 'read' && answers.length < mostReads) {
    const sought = next.params['value'] as SoughtObject;
    const found = task && sought.kind === 'Task';
    answers.push({ path: next.path, returns: found ? { value: task } : { err: notFound(sought) } });
    next = await definition.step({ ...filled, answers });
  }
  return next;
}

/** What has the wrong type, or a field that does not exist, is told once, and not again as what is missing. */
function checked(schema: Schema, object: RenderedObject, isWhole: boolean): Admitted {
  const admitted = admitBySchema(schema, object);
  return admitted.problems.length > 0 ? admitted : { ...admitted, problems: jobsProblems(admitted.value, isWhole) };
}

class DefinitionRender implements CueRender {
  readonly componentTypes: readonly string[];
  readonly traitTypes: readonly string[];
  readonly stepTypes: readonly string[];
  readonly #cue: Cue;
  readonly #definitions: Definitions;
  readonly #compiled = new Map<string, Promise<Template>>();
  /** By object, so that the schema's messages can name the origin. */
  readonly #origins = new WeakMap<RenderedObject, Origin>();

  constructor(cue: Cue, definitions: Definitions) {
    this.#cue = cue;
    this.#definitions = definitions;
    this.componentTypes = Object.keys(definitions.components);
    this.traitTypes = Object.keys(definitions.traits);
    this.stepTypes = Object.keys(definitions.steps);
  }

  async component(type: string, filling: Filling): Promise<Rendering> {
    return this.#refusing(type, filling, async (definition, filled) => {
      const { output } = await definition.render(filled);
      if (!output)
        return {
          refusals: [{ path: [], message: `the definition ${type} rendered nothing from it: check its properties` }],
        };
      const object = output as unknown as RenderedObject;
      this.#origins.set(object, { properties: filling.parameter });
      return { object };
    });
  }

  async trait(
    type: string,
    { parameter, context }: Filling,
    object: RenderedObject,
    place: number,
  ): Promise<Rendering> {
    const base = object as unknown as JsonObject;
    const rendering = await this.#refusing(
      type,
      { parameter, context: { ...context, output: base } },
      async (definition, filled) => {
        const { output } = await definition.patch({ ...filled, base });
        const patched = output as unknown as RenderedObject;
        this.#origins.set(patched, { properties: parameter, before: object, trait: place });
        return { object: patched };
      },
    );
    return 'refusals' in rendering
      ? { refusals: rendering.refusals.map((refusal) => ({ ...refusal, trait: place })) }
      : rendering;
  }

  /** The step reads the Task, and where its component is if there is none; then it applies something, or fails. */
  async step(type: string, filling: Filling, task: object | undefined): Promise<StepRendering> {
    return this.#refusing(type, filling, async (definition, filled) => {
      const last = await lastAction(definition, filled, task);
      if (last?.do === 'apply') {
        const applies = last.params['value'] as RenderedObject;
        this.#origins.set(applies, { properties: filling.parameter });
        return { applies };
      }
      const { message = `the step ${type} starts no run: check its properties` } = (last?.params ?? {}) as {
        readonly message?: string;
      };
      const inTask = await this.#refusedInTask(filling);
      return { refusals: inTask.length > 0 ? inTask : [{ path: [], message }] };
    });
  }

  /** A step cannot say what is wrong within a parameter that a task has, too: the task's definition can. */
  async #refusedInTask({ parameter, context }: Filling): Promise<readonly Refusal[]> {
    const { component, namespace: _namespace, cluster: _cluster, ...ofTask } = parameter;
    if (component !== undefined) return [];
    const rendering = await this.component('task', { parameter: ofTask, context });
    return 'refusals' in rendering ? rendering.refusals.filter(({ path }) => path.length > 0) : [];
  }

  admit(object: RenderedObject, isWhole: boolean): Rendering {
    const schema = this.#definitions.schemas[object.kind];
    if (!schema) return { object };
    const { value, problems } = checked(schema, object, isWhole);
    return problems.length > 0
      ? { refusals: problems.map((problem) => this.#blamed(problem, object, schema, isWhole)) }
      : { object: value as RenderedObject };
  }

  /** What a trait did not add was there before. */
  #blamed(problem: SchemaProblem, object: RenderedObject, schema: Schema, isWhole: boolean): Refusal {
    const { properties, before, trait }: Origin = this.#origins.get(object) ?? { properties: {} };
    if (before === undefined || trait === undefined) return refusalOfSchema(problem, properties);
    const earlier = checked(schema, before, isWhole).problems.find(
      (one) => JSON.stringify(one) === JSON.stringify(problem),
    );
    return earlier
      ? this.#blamed(problem, before, schema, isWhole)
      : { ...refusalOfSchema(problem, properties), trait };
  }

  close(): Promise<void> {
    return this.#cue.close();
  }

  async #refusing<T>(
    type: string,
    { parameter, context }: Filling,
    work: (definition: Template, filled: { parameter: JsonObject; context: JsonObject }) => Promise<T>,
  ): Promise<T | { refusals: readonly Refusal[] }> {
    try {
      return await work(await this.#compile(type), { parameter, context });
    } catch (error) {
      if (!(error instanceof CueError)) throw error;
      if (error.stage === 'errs') return { refusals: [{ path: [], message: error.message }] };
      const source = this.#sourceOf(type);
      return {
        refusals: refusalsOf(error.messages.length > 0 ? error.messages : [error.message], parameter, {
          type,
          names: parameterNames(source),
        }),
      };
    }
  }

  #sourceOf(type: string): string {
    const { components, traits, steps } = this.#definitions;
    return components[type] ?? traits[type] ?? steps[type] ?? '';
  }

  #compile(type: string): Promise<Template> {
    const known = this.#compiled.get(type) ?? this.#cue.compileTemplate(this.#sourceOf(type));
    this.#compiled.set(type, known);
    return known;
  }
}
