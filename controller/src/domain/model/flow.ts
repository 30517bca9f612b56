/**
 * The types of a flow: its steps, in their order, and how each ended.
 */
import type { RunPhase, Snapshot } from '../../resources/index.ts';
export type FlowStep = Omit<NonNullable<Snapshot['steps']>[number], 'template' | 'templateRef'> & {
  /** Its own, or made of a TaskTemplate. */
  readonly template: Record<string, unknown>;
  /** What the step is for, where it is one of several of the same template. */
  readonly item?: Item;
  /** The node that it is for, where there is one for each. */
  readonly node?: string;
};

/** A flow whose steps can be ordered. */
export interface Flow {
  /** Each after all those that it depends on. */
  readonly order: readonly FlowStep[];
  readonly steps: ReadonlyMap<string, FlowStep>;
  /** What each step waits for, by its name: also what it does not write itself. */
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
}

/** How a step ended, as far as those that depend on it are concerned. */
export type StepEnd = 'ok' | 'failed' | 'unneeded';

export type Gate =
  { readonly opens: boolean } | { readonly skip: { readonly reason: string; readonly message: string } };

/** What is known of a step. */
export interface StepPhase {
  readonly phase: RunPhase;
  readonly reason?: string | undefined;
}

export type Item = Readonly<Record<string, unknown>>;
