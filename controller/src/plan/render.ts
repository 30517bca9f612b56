/**
 * How a component becomes a Task: KubeVela fills in a definition's template with CUE, and applies traits on top.
 * Forecasting uses only this interface, so that it needs neither CUE nor files.
 */
import type { TaskSpec } from '../resources/index.ts';

/** The input of a component's or a step's template. */
export interface Filling {
  readonly parameter: Readonly<Record<string, unknown>>;
  /** KubeVela's `context`. */
  readonly context: Readonly<Record<string, unknown>>;
}

/** A rendered object of our API group. */
export interface RenderedObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: TaskSpec;
}

/** A problem with a component's properties. */
export interface Refusal {
  /** The index of the trait with the wrong properties; left out for the component's own properties. */
  readonly trait?: number;
  /** The path inside the properties, as far as it is known. */
  readonly path: readonly string[];
  /** What is wrong, and what to write instead. */
  readonly message: string;
}

export type Rendering = { readonly object: RenderedObject } | { readonly refusals: readonly Refusal[] };

/** What a workflow step does after it has read its Task: the object that it applies, or why it fails. */
export type StepRendering = { readonly applies: RenderedObject } | { readonly refusals: readonly Refusal[] };

export interface Render {
  /** Our component types. */
  readonly componentTypes: readonly string[];
  /** Our traits. */
  readonly traitTypes: readonly string[];
  /** Our workflow step types. */
  readonly stepTypes: readonly string[];
  /** Rejects only if CUE itself fails. */
  component(type: string, filling: Filling): Promise<Rendering>;
  /** @param task the object that the step finds under the Task's name; undefined if none exists */
  step(type: string, filling: Filling, task: object | undefined): Promise<StepRendering>;
  /**
   * Applies a trait to what the component and the earlier traits rendered. @param place the trait's index among the
   * component's traits
   */
  trait(type: string, filling: Filling, object: RenderedObject, place: number): Promise<Rendering>;
  /**
   * The Task as the API server would store it, with defaults, or what it would refuse in it and in its Jobs.
   * @param isWhole whether it is as it will be applied: traits that are not evaluated add volumes and limits
   */
  admit(object: RenderedObject, isWhole: boolean): Rendering;
}
