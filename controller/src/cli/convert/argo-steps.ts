/**
 * Steps and dags of Argo Workflows as the steps of one flow: those of a template that a step calls are put in its
 * place, and a step with items becomes one for each of them.
 */
import { dependenciesOf, endFor, itemsOf, itemValue } from './argo-calls.ts';
import {
  artifactLost,
  lostOfSteps,
  podOf,
  templateKind,
  templateOf,
  unknownKind,
  type Call,
  type Template,
  type WorkflowSpec,
} from './argo-pods.ts';
import { UsageError } from '../errors.ts';
import { mostDependencies, mostSteps } from './limits.ts';
import { asText, inTexts } from './text.ts';
import type { Fields } from '../../domain/lang/fields.ts';
import { only, present, without } from './fields.ts';

export interface FlowStep {
  readonly name: string;
  readonly properties: Fields;
}

type ValueOf = (key: string) => unknown;

/** Steps that a call became: the first of them and the last. */
interface Part {
  readonly first: readonly string[];
  readonly last: readonly string[];
  /** The parameters that a template with steps hands on, as a later step reads them. */
  readonly outputs?: ReadonlyMap<string, string>;
}

const nothing: Part = { first: [], last: [] };
const deepest = 20;
/** Templates may call others with no step in them, without end. */
const mostCalls = mostSteps * deepest;
/** Characters of a value that has the values of others in it: no object in a cluster is larger. */
const longest = 1_000_000;
const placeholder = /\{\{([^{}]*)\}\}/g;

/**
 * The steps of a workflow in which `entry` runs first.
 * @param globalValue values of `workflow.parameters.NAME`
 */
export function stepsOf(
  entry: Template,
  spec: WorkflowSpec,
  globalValue: ValueOf,
): { readonly steps: readonly FlowStep[]; readonly warnings: readonly string[] } {
  const flow = new Flow(spec, globalValue);
  const main = flow.add(entry, entry.name ?? 'main', flow.given, []);
  const exit = spec.templates?.find(({ name }) => name === spec.onExit);
  if (exit) flow.addExit(exit, main);
  else if (spec.onExit !== undefined) flow.warnings.push(`onExit: the template ${spec.onExit} does not exist`);
  return { steps: flow.finished(), warnings: flow.warnings };
}

interface Made {
  name: string;
  dependsOn: readonly string[];
  more: Fields;
  properties: Fields;
}

class Flow {
  readonly warnings: string[] = [];
  /** The arguments of the workflow, which are those of the templates that it runs by itself. */
  readonly given: ReadonlyMap<string, unknown>;
  readonly #steps: Made[] = [];
  readonly #outputs = new Map<string, Set<string>>();
  #calls = 0;

  constructor(
    private readonly spec: WorkflowSpec,
    private readonly globalValue: ValueOf,
  ) {
    this.given = new Map((spec.arguments?.parameters ?? []).map(({ name, value }) => [name, value] as const));
  }

  /** Puts what a template runs into the flow. */
  add(
    template: Template,
    name: string,
    inputs: ReadonlyMap<string, unknown>,
    dependsOn: readonly string[],
    more: Fields = {},
    within: readonly string[] = [],
  ): Part {
    const own = templateOf(template, this.spec.templateDefaults);
    const valueOf = this.#valuesOf(own, inputs);
    if (own.container ?? own.script) return this.#addPod(own, name, valueOf, dependsOn, more);
    if (isWithin(own, within)) {
      this.warnings.push(`step ${name}: template ${own.name} calls itself: it is left out`);
      return nothing;
    }
    const scope = { prefix: within.length === 0 ? '' : `${name}-`, valueOf, within: [...within, nameOf(own)], more };
    if (!own.steps && !own.dag) {
      this.warnings.push(`step ${name} is left out: ${reasonOf(own)}`);
      return nothing;
    }
    for (const warning of lostOfSteps(template)) this.#warnOnce(warning);
    return this.#addCalls(own, dependsOn, scope);
  }

  #addCalls(own: Template, dependsOn: readonly string[], scope: Scope): Part {
    const parts = new Map<string, Part>();
    const part = own.steps
      ? this.#addGroups(own.steps, dependsOn, parts, scope)
      : this.#addDag(own.dag ?? {}, dependsOn, parts, scope);
    return this.#handingOn(own, part, parts);
  }

  /** With the outputs that a template takes from its own steps. */
  #handingOn({ outputs = {} }: Template, part: Part, parts: ReadonlyMap<string, Part>): Part {
    const taken = (outputs.parameters ?? []).flatMap(({ name, valueFrom }) => {
      const { parameter } = (valueFrom ?? {}) as { readonly parameter?: unknown };
      const [, key = ''] = typeof parameter === 'string' ? (/^\s*\{\{([^{}]*)\}\}\s*$/.exec(parameter) ?? []) : [];
      const value = this.#outputOf(key.trim(), parts);
      return value === undefined ? [] : [[String(name), value] as const];
    });
    return { ...part, outputs: new Map(taken) };
  }

  #warnOnce(warning: string): void {
    if (!this.warnings.includes(warning)) this.warnings.push(warning);
  }

  /** The values of a template's placeholders: of its inputs, and of the whole workflow. */
  #valuesOf({ inputs: { parameters = [] } = {} }: Template, inputs: ReadonlyMap<string, unknown>): ValueOf {
    const values = new Map(inputs);
    for (const { name, value, default: fallback } of parameters)
      if (values.get(name) === undefined) values.set(name, value ?? fallback);
    return (key) => {
      const input = /^inputs\.parameters\.(.+)$/.exec(key)?.[1];
      return input === undefined ? this.globalValue(key) : values.get(input);
    };
  }

  /** What runs at the end: a container in any case, steps beside each other by how the flow ended. */
  addExit(template: Template, { last }: Part): void {
    const own = templateOf(template, this.spec.templateDefaults);
    if (own.container ?? own.script) {
      this.add(template, 'on-exit', this.given, [], { when: 'Always' });
      return;
    }
    const calls = own.steps?.length === 1 ? own.steps.flat() : [];
    if (calls.length === 0 || !calls.every((call) => this.#runsOnePod(call))) {
      this.warnings.push(`onExit: template ${template.name} is left out: write one step with when: Always`);
      return;
    }
    const scope = { prefix: '', valueOf: this.#valuesOf(own, this.given), within: [nameOf(own)], more: {} };
    for (const warning of lostOfSteps(template)) this.#warnOnce(warning);
    for (const call of calls) this.#addExitCall(call, last, scope);
  }

  #runsOnePod({ inline, template }: Call): boolean {
    const called = inline ?? this.spec.templates?.find(({ name }) => name === template);
    return (called?.container ?? called?.script) !== undefined;
  }

  /** A step of a flow that must have succeeded starts once the last ones have; others start once nothing else runs. */
  #addExitCall(call: Call, last: readonly string[], scope: Scope): void {
    const end = endFor(call['when']);
    const read = end === undefined ? call : (without(call, ['when']) as Call);
    if (end !== 'OnSuccess') {
      this.#call(read, [], new Map(), { ...scope, more: { when: end ?? 'Always' } });
      return;
    }
    if (last.length <= mostDependencies) this.#call(read, last, new Map(), scope);
    else
      this.warnings.push(
        `onExit: step ${call.name} is left out: it would depend on ${last.length} steps, and a step depends on at most ${mostDependencies}`,
      );
  }

  finished(): readonly FlowStep[] {
    return this.#steps.map(({ name, dependsOn, more, properties }) => {
      const outputs = [...(this.#outputs.get(name) ?? [])].map((output) => ({ name: output }));
      return {
        name,
        properties: present({
          name,
          dependsOn: dependsOn.length > 0 ? dependsOn : undefined,
          ...more,
          outputs: outputs.length > 0 ? outputs : undefined,
          ...properties,
        }),
      };
    });
  }

  #addPod(template: Template, wanted: string, valueOf: ValueOf, dependsOn: readonly string[], more: Fields): Part {
    const name = this.#nextName(wanted);
    const { properties, warnings } = podOf(filled(template, valueOf), this.spec);
    this.#steps.push({ name, dependsOn, more, properties });
    for (const warning of warnings) this.#warnOnce(warning);
    return { first: [name], last: [name] };
  }

  /** Groups run one after the other, the steps of a group side by side. */
  #addGroups(
    groups: NonNullable<Template['steps']>,
    before: readonly string[],
    parts: Map<string, Part>,
    scope: Scope,
  ): Part {
    let dependsOn = before;
    let first: readonly string[] | undefined;
    for (const group of groups) {
      const made = [group].flat().map((call) => [call.name, this.#call(call, dependsOn, parts, scope)] as const);
      for (const [name, part] of made) parts.set(name, part);
      const last = made.flatMap(([, part]) => part.last);
      first ??= made.flatMap(([, part]) => part.first);
      if (last.length > 0) dependsOn = last;
    }
    return { first: first ?? [], last: dependsOn };
  }

  #addDag(
    { tasks = [], target, failFast: _failFast, ...others }: NonNullable<Template['dag']>,
    before: readonly string[],
    parts: Map<string, Part>,
    scope: Scope,
  ): Part {
    for (const name of [...Object.keys(others), ...(target === undefined ? [] : ['target'])])
      this.warnings.push(`dag.${name} is left out: there is no equivalent`);
    const waiting = new Map(tasks.map((task) => [task.name, task]));
    while (waiting.size > 0) {
      const ready = [...waiting.values()].filter((task) =>
        dependenciesOf(task).names.every((name) => !waiting.has(name)),
      );
      if (ready.length === 0) {
        this.warnings.push(`the tasks ${[...waiting.keys()].join(', ')} depend on each other: they are left out`);
        break;
      }
      for (const task of ready) {
        const { names, when, problem } = dependenciesOf(task);
        if (problem) this.warnings.push(`step ${task.name}: depends ${JSON.stringify(task.depends)}: ${problem}`);
        const dependsOn = names.length > 0 ? names.flatMap((name) => parts.get(name)?.last ?? []) : before;
        const more = when === undefined ? scope.more : { ...scope.more, when };
        parts.set(task.name, this.#call(task, dependsOn, parts, { ...scope, more }));
        waiting.delete(task.name);
      }
    }
    const needed = new Set(tasks.flatMap((task) => dependenciesOf(task).names));
    const ends = tasks.filter(({ name }) => !needed.has(name));
    return {
      first: tasks
        .filter((task) => dependenciesOf(task).names.length === 0)
        .flatMap(({ name }) => parts.get(name)?.first ?? []),
      last: ends.flatMap(({ name }) => parts.get(name)?.last ?? []),
    };
  }

  #call(call: Call, dependsOn: readonly string[], parts: ReadonlyMap<string, Part>, scope: Scope): Part {
    for (const warning of lost(call)) this.warnings.push(`step ${call.name}: ${warning}`);
    const isOptional = call.continueOn?.failed === true || call.continueOn?.error === true;
    const more = isOptional ? { ...scope.more, continueOnFailure: true } : scope.more;
    const said = only(call, ['withItems', 'withParam', 'withSequence']) as Fields & Pick<Call, 'withItems'>;
    const items = itemsOf(inTexts(said, (text) => withValues(text, scope.valueOf)));
    if (items.problem) this.warnings.push(`step ${call.name}: ${items.problem}`);
    const made = items.values.map((item, index) => {
      const valueOf: ValueOf = (key) => this.#outputOf(key, parts) ?? itemValue(key, item) ?? scope.valueOf(key);
      const name = items.values.length > 1 || item !== undefined ? `-${index}` : '';
      return this.#callOnce(call, `${scope.prefix}${call.name}${name}`, valueOf, dependsOn, { ...scope, more });
    });
    const [one, ...others] = made;
    return one && others.length === 0
      ? one
      : { first: made.flatMap(({ first }) => first), last: made.flatMap(({ last }) => last) };
  }

  /** Puts what a step calls into the flow, once. */
  #callOnce(call: Call, name: string, valueOf: ValueOf, dependsOn: readonly string[], scope: Scope): Part {
    this.#calls += 1;
    if (this.#calls > mostCalls)
      throw new UsageError(
        `step ${name} would be one of more than ${mostCalls} calls of templates: write fewer items in withItems or withSequence`,
      );
    const values = new Map(
      (call.arguments?.parameters ?? []).map(({ name: parameter, value }) => [
        parameter,
        typeof value === 'string' ? withValues(value, valueOf) : value,
      ]),
    );
    if (call.templateRef) return this.#addReference(call.templateRef, name, values, dependsOn, scope.more);
    const template = call.inline ?? this.spec.templates?.find((one) => one.name === call.template);
    if (template) return this.add(template, name, values, dependsOn, scope.more, scope.within);
    this.warnings.push(`step ${call.name}: the template ${call.template} does not exist: the step is left out`);
    return nothing;
  }

  #addReference(
    reference: NonNullable<Call['templateRef']>,
    wanted: string,
    values: ReadonlyMap<string, unknown>,
    dependsOn: readonly string[],
    more: Fields,
  ): Part {
    const { name: of, template } = reference;
    const name = this.#nextName(wanted);
    const parameters =
      values.size > 0 ? Object.fromEntries([...values].map(([key, value]) => [key, asText(value)])) : undefined;
    this.#steps.push({ name, dependsOn, more, properties: { templateRef: present({ name: of, parameters }) } });
    this.warnings.push(
      `step ${name}: ${templateKind(reference)} ${of} must be converted, too, and be a task-template of its template ${template}`,
    );
    return { first: [name], last: [name] };
  }

  /** An output of an earlier step, as a flow of ours writes it. */
  #outputOf(key: string, parts: ReadonlyMap<string, Part>): string | undefined {
    const [call, output] = calledOutput(key);
    const part = parts.get(call);
    if (part?.outputs) return part.outputs.get(output);
    const [step] = part?.last ?? [];
    if (step === undefined || output === '' || output === 'exitCode') return undefined;
    const known = this.#outputs.get(step) ?? new Set();
    this.#outputs.set(step, known.add(output));
    const sentence = `step ${step}: its output ${output} is used: let it write {"${output}": ...} to /dev/termination-log`;
    this.#warnOnce(sentence);
    return `$(steps.${step}.outputs.${output})`;
  }

  /** The name of one step more. @throws UsageError if a flow cannot have as many */
  #nextName(wanted: string): string {
    if (this.#steps.length >= mostSteps)
      throw new UsageError(
        `step ${wanted} would be one of more than ${mostSteps} steps, and a flow has at most ${mostSteps}: write fewer items in withItems or withSequence, or make several workflows of it`,
      );
    return this.#freeName(wanted);
  }

  /** A name as our steps have it, which no other step has. */
  #freeName(wanted: string): string {
    const slug =
      wanted
        .toLowerCase()
        .replace(/[^a-z0-9-]+/g, '-')
        .slice(0, 50)
        .replace(/^-+|-+$/g, '')
        .replace(/-r(\d+)$/, '-r-$1') || 'step';
    const taken = (name: string) => this.#steps.some((step) => step.name === name);
    let name = slug;
    for (let number = 2; taken(name); number += 1) name = `${slug}-${number}`;
    if (name !== wanted) this.warnings.push(`step ${wanted} is called ${name}`);
    return name;
  }
}

interface Scope {
  readonly prefix: string;
  readonly valueOf: ValueOf;
  /** The templates around. */
  readonly within: readonly string[];
  readonly more: Fields;
}

/** The step and the output of it that a placeholder such as `steps.STEP.outputs.result` names; empty for others. */
function calledOutput(key: string): readonly [step: string, output: string] {
  const pattern = /^(?:steps|tasks)\.([^.]+)\.outputs\.(?:parameters\.)?(result|exitCode|[^.]+)$/;
  const [, step = '', output = ''] = pattern.exec(key) ?? [];
  return [step, output];
}

function nameOf({ name = '' }: Template): string {
  return name;
}

/** Whether a template calls itself, or is too deep in others. */
function isWithin(template: Template, within: readonly string[]): boolean {
  return within.length >= deepest || within.includes(nameOf(template));
}

/** Why a template that runs nothing is left out. */
function reasonOf(template: Template): string {
  const kind = unknownKind(template);
  const instead = kind === 'suspend' ? '; see failurePolicy: Pause, and suspend steps of the KubeVela workflow' : '';
  return `there is no equivalent of ${kind ?? 'what it does'}${instead}`;
}

const knownOfCall = [
  'name',
  'template',
  'templateRef',
  'inline',
  'arguments',
  'withItems',
  'withParam',
  'withSequence',
  'dependencies',
  'depends',
  'continueOn',
  'when',
];

/** A sentence for everything in a call that is not converted. */
function lost(call: Call): readonly string[] {
  const unknown = Object.keys(call).filter((name) => !knownOfCall.includes(name));
  return [
    ...unknown.map((field) => `${field} is left out: there is no equivalent`),
    ...(call['when'] === undefined
      ? []
      : [`when ${JSON.stringify(asText(call['when']))} is left out: the step runs in any case`]),
    ...(call.arguments?.artifacts ?? []).map(({ name }) => artifactLost(name)),
  ];
}

/** @throws UsageError if the values make a text too long */
function withValues(text: string, valueOf: ValueOf): string {
  let length = text.length;
  return text.replaceAll(placeholder, (all, key: string) => {
    const value = valueOf(key.trim());
    if (value === undefined) return all;
    const written = asText(value);
    length += written.length;
    if (length > longest)
      throw new UsageError(`the value of ${all} makes a text of more than ${longest} characters: write it shorter`);
    return written;
  });
}

/** A template with the values of its placeholders; those without a value stay. */
function filled(template: Template, valueOf: ValueOf): Template {
  return inTexts(template, (text) => withValues(text, valueOf));
}
