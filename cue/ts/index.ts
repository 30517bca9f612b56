import { type CueVersion } from './build.ts';
import { Evaluator, type CueModule } from './evaluator.ts';
import { type CueErrorReport } from './error.ts';

export { CueError, type CueErrorReport, type CuePosition, type CueStage } from './error.ts';
export { cueVersions, type CueVersion } from './build.ts';
export { type CueModule } from './evaluator.ts';

/** A Kubernetes object, or any other JSON object. */
export type JsonObject = { [field: string]: unknown };

/** What fills a template: a component's properties, and KubeVela's `context`. */
export interface Filling {
  readonly parameter?: JsonObject;
  readonly context: JsonObject;
}

/** What a component's template renders to. `output` is undefined where the template has none. */
export interface Rendered {
  readonly output: JsonObject | undefined;
  readonly outputs: Record<string, JsonObject>;
}

/** A workload with a trait's patch, and what the trait renders beside it. */
export interface Patched {
  readonly output: JsonObject;
  readonly outputs: Record<string, JsonObject>;
}

/** What KubeVela writes into `status.services[]`, and what it would only have logged. */
export interface Status {
  readonly healthy: boolean;
  readonly message: string;
  readonly details: Record<string, string>;
  /** The error of each template that failed. KubeVela logs these and goes on with `false`, `""` or no details. */
  readonly problems: Partial<Record<keyof StatusTemplates, CueErrorReport>>;
}

/** The CUE texts under `status` of a definition. */
export interface StatusTemplates {
  readonly details?: string;
  readonly healthPolicy?: string;
  readonly customStatus?: string;
}

/** What a `vela def` file says, as it goes into a definition's manifest. */
export interface Description {
  readonly name: string;
  readonly type: string;
  readonly alias: string;
  readonly description: string;
  readonly annotations: Record<string, string>;
  readonly labels: Record<string, string>;
  readonly attributes: JsonObject;
  /** The template with its imports, for `spec.schematic.cue.template`. */
  readonly template: string;
}

/** An action that a workflow step asks for, such as `apply` of the provider `kube`. */
export interface StepAction {
  readonly path: string;
  readonly do: string;
  readonly provider: string;
  readonly params: JsonObject;
}

/** What an action gave; `returns` becomes `$returns` at the action's path. */
export interface StepAnswer {
  readonly path: string;
  readonly returns?: JsonObject;
}

/** A compiled template. Each call rejects with a CueError that has CUE's words and positions. */
export interface Template {
  /** Fills parameter and context in and returns the objects to apply. */
  render(filling: Filling): Promise<Rendered>;
  /** Lays a trait's patch over a workload, and returns it with the objects that the trait adds. */
  patch(filling: Filling & { readonly base: JsonObject }): Promise<Patched>;
  /** Details, health and message as KubeVela works them out; `context.output` is the live object. */
  status(filling: Filling): Promise<Status>;
  /** The next action of a workflow step after those that were answered; undefined when it is through. */
  step(filling: Filling & { readonly answers: readonly StepAnswer[] }): Promise<StepAction | undefined>;
}

/** A compiled `vela def` file. */
export interface Definition extends Template {
  describe(): Promise<Description>;
}

/** CUE of one release, in a thread of its own. */
export interface Cue {
  /** Compiles a `vela def` file: a field named after the definition, and `template`. */
  compile(source: string): Promise<Definition>;
  /** Compiles what a cluster keeps of a definition: its bare template and its status texts. */
  compileTemplate(template: string, status?: StatusTemplates): Promise<Template>;
  /** Compiles files of one package and returns the value at a path as JSON, or null where there is none. */
  evaluate(files: Record<string, string>, path: string): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * Starts CUE as KubeVela has it: 0.9.2 for KubeVela 1.10, 0.14.1 for 1.11. Builds it the first time, which needs Go.
 * @param options.module one that was built before, in place of a version
 * @param options.deadlineMs how long one call may take; then it is rejected, and the others go on.
 */
export async function createCue(
  options: ({ version: CueVersion } | { module: CueModule }) & { deadlineMs?: number },
): Promise<Cue> {
  const evaluator = new Evaluator('module' in options ? options.module : options.version, options.deadlineMs ?? 5_000);
  await evaluator.start();
  return {
    compile: (source) => compileDefinition(evaluator, source),
    compileTemplate: (template, status = {}) => compileTemplate(evaluator, template, status),
    evaluate: (files, path) => evaluator.request({ do: 'evaluate', files, expression: path }),
    close: () => evaluator.close(),
  };
}

async function compileDefinition(evaluator: Evaluator, source: string): Promise<Definition> {
  const description = (await evaluator.request({ do: 'describe', source })) as Description;
  const status = (description.attributes['status'] ?? {}) as StatusTemplates;
  return { ...(await compileTemplate(evaluator, source, status)), describe: () => Promise.resolve(description) };
}

async function compileTemplate(evaluator: Evaluator, source: string, status: StatusTemplates): Promise<Template> {
  await evaluator.request({ do: 'check', source });
  return {
    render: async (filling) => {
      const { output, outputs } = (await evaluator.request({ do: 'render', source, ...filling })) as {
        output: JsonObject | null;
        outputs: Record<string, JsonObject>;
      };
      return { output: output ?? undefined, outputs };
    },
    patch: (filling) => evaluator.request({ do: 'patch', source, ...filling }) as Promise<Patched>,
    status: (filling) => evaluator.request({ do: 'status', status, ...filling }) as Promise<Status>,
    step: async (filling) =>
      ((await evaluator.request({ do: 'step', source, ...filling })) as StepAction | null) ?? undefined,
  };
}
