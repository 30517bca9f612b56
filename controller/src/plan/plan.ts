/** Makes a Plan from Applications: what each of their tasks would do, or what is wrong with it. */
import { isScheduleError, parseSchedule } from '../domain/schedule/cron.ts';
import { type TaskState, withCluster } from '../domain/model/state.ts';
import { startProblem } from '../domain/policies/first-job.ts';
import { partOfStep, taskName } from '../domain/policies/task-name.ts';
import { templateNames, templatesProblem } from '../domain/shape/templates.ts';
import { nextRun } from '../domain/status/job-problem.ts';
import { classify } from '../domain/view/classify.ts';
import { joinedByAnnotation, type TaskTemplateSpec, velaLabels } from '../resources/index.ts';
import { stepContext } from '../vela/context.ts';
import { fieldsOf } from '../domain/lang/fields.ts';
import { publishVersionOf, revisionName, revisionNumber, revisionProblem } from '../vela/revisions.ts';
import type { Application, Component, WorkflowStep } from './application.ts';
import { bytesOf } from './bytes.ts';
import {
  componentsOf,
  contextOf,
  earlierRevision,
  isChanged,
  stateAfter,
  type Deployed,
  type DeployedTask,
  type Release,
} from './deployment.ts';
import {
  planApiVersion,
  type ApplicationPlan,
  type ComponentPlan,
  type Plan,
  type StepPlan,
  type TaskPlan,
} from './document.ts';
import { forecast } from './forecast.ts';
import { longArguments } from './long-arguments.ts';
import type { OthersNames } from './memory-cluster.ts';
import { placementOf } from './placement.ts';
import type { Path, Problem } from './positions.ts';
import type { Refusal, Render, RenderedObject, Rendering } from './render.ts';
import { notATask, removed, sentenceOf, template } from './wording.ts';
import type { Node } from '../domain/model/objects.ts';

export interface PlanRequest {
  readonly applications: readonly Application[];
  readonly render: Render;
  /** For Applications without a namespace. */
  readonly namespace: string;
  readonly now: Date;
  /** The number of the revision; the one after the latest if undefined. */
  readonly revision?: number | undefined;
  /** What is deployed of an Application in that namespace; undefined if nothing is. */
  readonly before: (application: Application, where: Where) => Promise<Deployed | undefined>;
  /** What else a namespace has. */
  readonly surroundings?: (namespace: string) => Promise<Surroundings>;
}

/** The namespaces of an Application and of its Tasks. */
export interface Where {
  readonly namespace: string;
  readonly taskNamespace: string;
}

/** The objects of a namespace that affect its Tasks. */
export interface Surroundings {
  /** Owning Task by TaskRun (or Job) name; '' if no Task owns it. */
  readonly runs: ReadonlyMap<string, string>;
  readonly jobs: ReadonlyMap<string, string>;
  readonly templates: ReadonlyMap<string, TaskTemplateSpec>;
  /** Whose each Task is, as {@link ownerOf} says it; without those that no Application has. */
  readonly tasks: ReadonlyMap<string, string>;
  /** The cluster's nodes; read only if a task needs them. */
  readonly nodes: () => Promise<readonly Node[]>;
}

export interface PlanResult {
  readonly plan: Plan;
  readonly problems: readonly Problem[];
  /** Sentences about what the plan does not know. */
  readonly remarks: readonly string[];
  /** Each Application, by namespace and name, after it is deployed and all its runs have succeeded. */
  readonly deployed: ReadonlyMap<string, Deployed>;
}

/** Plans all Applications in order: earlier ones take their names first. */
export async function planApplications(request: PlanRequest): Promise<PlanResult> {
  const planner = new Planner(request);
  for (const application of request.applications) await planner.add(application);
  return planner.result();
}

/** By which an Application's Tasks keep the names that they have: the controller writes it onto the Application. */
function joinedAsBefore(before: Deployed | undefined): Readonly<Record<string, string>> {
  return before?.joinedBy === undefined ? {} : { [joinedByAnnotation]: before.joinedBy };
}

/** The key of {@link PlanResult.deployed}. */
export function applicationKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

interface RenderedComponent {
  readonly component: Component;
  /** undefined for a type that is not ours. */
  readonly object?: RenderedObject;
}

/** `component dump of Application shop`; the namespace is said where it is not that of the Task. */
export function ownerOf(component: string, application: string, { namespace, taskNamespace }: Where): string {
  return `component ${component} of Application ${application}${namespace === taskNamespace ? '' : ` in namespace ${namespace}`}`;
}

interface Names {
  readonly runs: Map<string, string>;
  readonly jobs: Map<string, string>;
  readonly templates: Map<string, TaskTemplateSpec>;
  readonly tasks: Map<string, string>;
  readonly nodes: () => Promise<readonly Node[]>;
}

class Planner {
  readonly #request: PlanRequest;
  readonly #plans: ApplicationPlan[] = [];
  readonly #problems: Problem[] = [];
  readonly #names = new Map<string, Names>();
  readonly #deployed = new Map<string, Deployed>();
  readonly #remarks: string[] = [];
  #hasOtherTraits = false;

  constructor(request: PlanRequest) {
    this.#request = request;
  }

  result(): PlanResult {
    const ofTraits = `only the trait ${this.#request.render.traitTypes.join(', ')} is evaluated: the plan does not show what other traits change in a Task`;
    return {
      plan: { apiVersion: planApiVersion, kind: 'Plan', applications: this.#plans },
      problems: this.#problems,
      remarks: [...this.#remarks, ...(this.#hasOtherTraits ? [ofTraits] : [])],
      deployed: this.#deployed,
    };
  }

  async add(application: Application): Promise<void> {
    const namespace = application.namespace ?? this.#request.namespace;
    const { namespace: taskNamespace, remarks } = placementOf(application, namespace);
    this.#remarks.push(...remarks);
    const before = await this.#request.before(application, { namespace, taskNamespace });
    const names = await this.#namesIn(taskNamespace);
    const release: Release = {
      application: {
        ...application,
        namespace,
        annotations: { ...application.annotations, ...joinedAsBefore(before) },
      },
      namespace: taskNamespace,
      ...this.#revisionOf(application, before),
      before,
      templates: names.templates,
      now: this.#request.now,
    };
    const tooLong = revisionProblem(release.revisionName);
    if (tooLong !== undefined) this.#problems.push(application.positions.problem(['metadata', 'name'], tooLong));
    const rendered = await this.#renderAll(release, names);
    const tasks = new Map<string, DeployedTask>();
    const components: ComponentPlan[] = [];
    for (const one of rendered) components.push(await this.#component(release, one, names, tasks));
    const steps = await this.#steps(release, rendered);
    this.#plans.push({
      name: application.name,
      namespace,
      ...(taskNamespace !== namespace && { taskNamespace }),
      revision: release.revisionName,
      changed: release.changed,
      components: [...components, ...removedComponents(application, before)],
      ...(steps.length > 0 && { steps }),
    });
    this.#deployed.set(applicationKey(namespace, application.name), {
      // While its publishVersion stays, what is new in the Application is not deployed.
      spec: before && !release.changed ? before.spec : application.spec,
      publishVersion: publishVersionOf(application),
      revision: revisionNumber(release.revisionName),
      revisionName: release.revisionName,
      joinedBy: release.application.annotations[joinedByAnnotation],
      tasks,
    });
  }

  #revisionOf(application: Application, before: Deployed | undefined): Pick<Release, 'revisionName' | 'changed'> {
    if (before && !isChanged(application, before)) return { revisionName: before.revisionName, changed: false };
    const { revision } = this.#request;
    const earlier = before && revision === undefined ? earlierRevision(application, before) : undefined;
    return {
      revisionName: earlier ?? revisionName(application.name, revision ?? (before?.revision ?? 0) + 1),
      changed: true,
    };
  }

  /** All templates first: a task may use a template that comes after it in the file. */
  async #renderAll(release: Release, names: Names): Promise<readonly RenderedComponent[]> {
    const rendered: RenderedComponent[] = [];
    for (const component of release.application.components) {
      const object = await this.#render(release, component);
      rendered.push(object ? { component, object } : { component });
      if (object?.kind === 'TaskTemplate')
        names.templates.set(object.metadata.name, object.spec as unknown as TaskTemplateSpec);
    }
    return rendered;
  }

  async #render(release: Release, component: Component): Promise<RenderedObject | undefined> {
    const { render } = this.#request;
    const { type, properties, path } = component;
    if (!render.componentTypes.includes(type)) return undefined;
    const rendering = await this.#withTraits(
      release,
      component,
      await render.component(type, { parameter: properties, context: contextOf(release, component) }),
    );
    const tooLarge = 'object' in rendering ? sizeProblem(rendering.object) : undefined;
    if (tooLarge !== undefined)
      this.#problems.push(release.application.positions.problem([...path, 'properties'], tooLarge));
    const isWhole = component.traits.every((trait) => isOurs(render, trait));
    const admitted = 'object' in rendering ? render.admit(rendering.object, isWhole) : rendering;
    this.#remarks.push(...longArguments(properties).map((problem) => `component ${component.name}: ${problem}`));
    if ('object' in admitted) return admitted.object;
    this.#refused(release.application, path, admitted.refusals);
    return undefined;
  }

  async #withTraits(release: Release, component: Component, rendered: Rendering): Promise<Rendering> {
    const { render } = this.#request;
    let rendering = rendered;
    for (const [place, trait] of component.traits.entries()) {
      const { type, properties } = fieldsOf(trait);
      if (!isOurs(render, trait)) this.#hasOtherTraits = true;
      else if ('object' in rendering)
        rendering = await render.trait(
          type as string,
          { parameter: fieldsOf(properties), context: contextOf(release, component) },
          rendering.object,
          place,
        );
    }
    return rendering;
  }

  /** @param path of the component or the step */
  #refused({ positions }: Application, path: Path, refusals: readonly Refusal[]): void {
    for (const { trait, path: inside, message } of refusals) {
      const whose = trait === undefined ? path : [...path, 'traits', trait];
      this.#problems.push(positions.problem([...whose, 'properties', ...inside], message));
    }
  }

  async #component(
    release: Release,
    { component, object }: RenderedComponent,
    names: Names,
    tasks: Map<string, DeployedTask>,
  ): Promise<ComponentPlan> {
    const { name, type } = component;
    if (!object)
      return {
        name,
        type,
        message: this.#request.render.componentTypes.includes(type) ? 'cannot be planned: see the errors' : notATask,
      };
    if (object.kind !== 'Task') return { name, type, message: template };
    this.#claim(release, component, object.metadata.name, names);
    const applied = stateAfter(release, component, object);
    const state = concernsNodes(object) ? withCluster(applied, { nodes: await names.nodes() }) : applied;
    const { plan, atEnd, atRest } = forecast(state, release.now, takenByOthers(names, object.metadata.name));
    note(names, object.metadata.name, [atRest, atEnd]);
    tasks.set(object.metadata.name, { state: atEnd, applied: object.spec });
    this.#failures(release.application, component, plan, state);
    return { name, type, message: sentenceOf(plan, state.task, release.changed), task: plan };
  }

  /** A Task is named by two names, joined: two others may join to the same. */
  #claim({ application, namespace }: Release, { name, path }: Component, task: string, { tasks }: Names): void {
    const where = { namespace: application.namespace, taskNamespace: namespace };
    const owner = ownerOf(name, application.name, where);
    const other = tasks.get(task);
    if (other !== undefined && other !== owner)
      this.#problems.push(
        application.positions.problem(
          [...path, 'name'],
          `the Task ${task} is that of ${other}, and KubeVela would report a conflict: rename one of the components, or deploy it to another namespace`,
        ),
      );
    tasks.set(task, other ?? owner);
  }

  /** Problems that the API server accepts, but that the controller cannot handle. */
  #failures(application: Application, { path, properties }: Component, { runs }: TaskPlan, state: TaskState): void {
    const { schedule } = state.task.spec;
    const parsed = schedule && parseSchedule(schedule);
    const at = (fields: readonly string[]) => [
      ...path,
      'properties',
      ...fields.filter((field) => field in properties).slice(0, 1),
    ];
    if (parsed && isScheduleError(parsed))
      this.#problems.push(application.positions.problem(at(['schedule']), parsed.message));
    const failing = runs.filter(({ decision, isNew }) => decision === 'Fails' && isNew);
    const messages = new Set(failing.map(({ message = '' }) => message));
    // What only a schedule or a person starts has no run yet that could fail.
    const ofNext = runs.some(({ isNew }) => isNew) ? undefined : problemOfNext(state);
    if (ofNext !== undefined) messages.add(ofNext);
    for (const message of messages)
      this.#problems.push(application.positions.problem(at(['steps', 'items', 'matrix', 'templateRef']), message));
  }

  async #steps(release: Release, rendered: readonly RenderedComponent[]): Promise<readonly StepPlan[]> {
    const { render } = this.#request;
    const plans: StepPlan[] = [];
    for (const step of release.application.steps) {
      if (!render.stepTypes.includes(step.type)) continue;
      const plan = await this.#step(release, step, rendered);
      if (plan) plans.push(plan);
    }
    return plans;
  }

  async #step(
    release: Release,
    { name, type, properties, path }: WorkflowStep,
    rendered: readonly RenderedComponent[],
  ): Promise<StepPlan | undefined> {
    const { component } = properties;
    const { application } = release;
    const part = typeof component === 'string' ? component : partOfStep(name);
    const task = taskName(application.name, part, application.annotations[joinedByAnnotation]);
    const found = rendered.find(({ object }) => object?.metadata.name === task);
    const context = stepContext({ ...release, namespace: application.namespace }, { name, sessionId: 'session' });
    const labels = { [velaLabels.component]: found?.component.name };
    const rendering = await this.#request.render.step(
      type,
      { parameter: properties, context },
      found?.object && { ...found.object, metadata: { ...found.object.metadata, labels } },
    );
    const tooLarge = 'applies' in rendering ? sizeProblem(rendering.applies, 'step') : undefined;
    if (tooLarge !== undefined) this.#problems.push(application.positions.problem([...path, 'properties'], tooLarge));
    const admitted = 'applies' in rendering ? this.#request.render.admit(rendering.applies, true) : rendering;
    if ('object' in admitted) {
      const whose = typeof component === 'string' ? `task ${task}` : `its own task ${task}`;
      return { name, type, task, message: `step ${name} starts a run of ${whose} as part of the workflow` };
    }
    this.#refused(application, path, admitted.refusals);
    return undefined;
  }

  async #namesIn(namespace: string): Promise<Names> {
    const known = this.#names.get(namespace);
    if (known) return known;
    const { runs, jobs, templates, tasks, nodes } = (await this.#request.surroundings?.(namespace)) ?? nothing;
    const names = {
      runs: new Map(runs),
      jobs: new Map(jobs),
      templates: new Map(templates),
      tasks: new Map(tasks),
      nodes,
    };
    this.#names.set(namespace, names);
    return names;
  }
}

/** Why a run that somebody asked for now could never start, in a sentence with the remedy. */
function problemOfNext(state: TaskState): string | undefined {
  const { task, cluster } = state;
  const run = nextRun(task, cluster.templates);
  // What a template says that is not there nobody knows.
  if (templateNames(task.spec).some((name) => !cluster.templates.has(name))) return templatesProblem(run);
  const view = classify(withCluster(state, { runs: [run] }));
  return view.runs.map((next) => startProblem(next, view)?.message).find((message) => message !== undefined);
}

/** Whether the trait is evaluated. */
function isOurs({ traitTypes }: Render, trait: unknown): boolean {
  const { type } = fieldsOf(trait);
  return typeof type === 'string' && traitTypes.includes(type);
}

const nothing = { runs: [], jobs: [], templates: [], tasks: [], nodes: () => Promise.resolve([]) };

function concernsNodes({ spec }: RenderedObject): boolean {
  return spec.nodes !== undefined || spec.globals?.nodeName !== undefined;
}

function takenByOthers({ runs, jobs }: Names, task: string): OthersNames {
  const others = (names: ReadonlyMap<string, string>) =>
    new Set([...names].filter(([, owner]) => owner !== task).map(([name]) => name));
  return { runs: others(runs), jobs: others(jobs) };
}

function note({ runs, jobs }: Names, task: string, states: readonly TaskState[]): void {
  for (const state of states) {
    for (const { metadata } of state.cluster.runs) runs.set(metadata.name, task);
    for (const { metadata } of state.cluster.jobs) jobs.set(metadata.name, task);
  }
}

/** The components that have a Task. */
function removedComponents({ name, components }: Application, before: Deployed | undefined): readonly ComponentPlan[] {
  const gone = componentsOf(before?.spec).filter((old) => !components.some((one) => one.name === old['name']));
  const withTask = gone.filter((old) => before?.tasks.has(taskName(name, String(old['name']), before.joinedBy)));
  return withTask.map((old) => ({ name: String(old['name']), type: String(old['type']), message: removed }));
}

/** Whether a run starts at once. */
export function startsRuns({ applications }: Plan): boolean {
  return applications.some(({ components }) =>
    components.some(({ task }) => task?.runs.some(({ decision, isNew }) => isNew && decision === 'Starts') ?? false),
  );
}

/** What KubeVela applies it writes into an annotation of the object as well, which Kubernetes limits to this. */
const mostAppliedBytes = 256 * 1024;

/** Why KubeVela could not apply the Task of a component or a step, if so. */
export function sizeProblem(task: object, whose: 'component' | 'step' = 'component'): string | undefined {
  const bytes = bytesOf(JSON.stringify(task));
  return bytes <= mostAppliedBytes
    ? undefined
    : `the Task has ${bytes} bytes, and KubeVela applies ${mostAppliedBytes} at most: put long scripts and texts into a ConfigMap, write a matrix instead of items, or split the ${whose}`;
}
