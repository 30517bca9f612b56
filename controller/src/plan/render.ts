/**
 * How a component becomes a Task: KubeVela fills a definition's template in with CUE, and lays traits over it.
 * Forecasting knows of it only this much, so that it needs neither CUE nor files.
 */
import type { TaskSpec } from '../resources/index.ts';

/** What a component's or a step's template is filled in with. */
export interface Filling {
  readonly parameter: Readonly<Record<string, unknown>>;
  /** KubeVela's `context`. */
  readonly context: Readonly<Record<string, unknown>>;
}

/** An object of our group, as the definition renders it. */
export interface RenderedObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: TaskSpec;
}

/** What is wrong with a component's properties. */
export interface Refusal {
  /** The place of the trait among the component's whose properties are meant; left out for the component's own. */
  readonly trait?: number;
  /** Where, from the properties inwards; as much of it as is known. */
  readonly path: readonly string[];
  /** What is wrong, and what to write instead. */
  readonly message: string;
}

export type Rendering = { readonly object: RenderedObject } | { readonly refusals: readonly Refusal[] };

/**
 * What a workflow step does once it has read the Task that it asks about: the object that it applies, or why it fails.
 */
export type StepRendering = { readonly applies: RenderedObject } | { readonly refusals: readonly Refusal[] };

export interface Render {
  /** The component types that are ours. */
  readonly componentTypes: readonly string[];
  /** The traits that are ours. */
  readonly traitTypes: readonly string[];
  /** The workflow step types that are ours. */
  readonly stepTypes: readonly string[];
  /** Rejects only where CUE itself cannot be asked. */
  component(type: string, filling: Filling): Promise<Rendering>;
  /** @param task what the step finds under the Task's name; undefined for nothing */
  step(type: string, filling: Filling, task: object | undefined): Promise<StepRendering>;
  /**
   * Lays a trait over what the component, and the traits before it, made.
   * @param place which of the component's traits it is
   */
  trait(type: string, filling: Filling, object: RenderedObject, place: number): Promise<Rendering>;
  /** The Task as the API server would store it, with defaults; or what it would refuse. */
  admit(object: RenderedObject): Rendering;
}
