/**
 * What KubeVela makes of a component that was rendered: a Task that is new, or the one that is there with its next
 * version. As in sandbox/src/kubevela, which was held against recordings of KubeVela 1.10.
 */
import { canonicalJson } from '../domain/lang/canonical-json.ts';
import { compact } from '../domain/lang/compact.ts';
import { rfc3339 } from '../domain/schedule/agenda.ts';
import type { Templates } from '../domain/shape/templates.ts';
import type { TaskState } from '../domain/model/state.ts';
import { velaLabels, type Task, type TaskSpec } from '../resources/index.ts';
import { fieldsOf, isFields, type Application, type Component, type Fields } from './application.ts';
import { unknownUid } from './forecast.ts';
import { newState } from './memory-cluster.ts';
import type { RenderedObject } from './render.ts';

/** An Application as it is deployed, with what belongs to it. */
export interface Deployed {
  readonly spec: Fields;
  readonly publishVersion: string | undefined;
  /** The number and name of its latest revision. */
  readonly revision: number;
  readonly revisionName: string;
  /** Those that KubeVela still has: a spec that was deployed before gets its old revision again. */
  readonly revisions?: readonly Revision[];
  /** By the Task's name. */
  readonly tasks: ReadonlyMap<string, DeployedTask>;
}

export interface Revision {
  readonly name: string;
  readonly spec: Fields;
  readonly publishVersion: string | undefined;
}

export interface DeployedTask {
  readonly state: TaskState;
  /** What KubeVela applied last; undefined where that is not known. */
  readonly applied: TaskSpec | undefined;
}

/** A version of an Application that is about to be deployed. */
export interface Release {
  readonly application: Application;
  readonly namespace: string;
  readonly revisionName: string;
  readonly changed: boolean;
  readonly before: Deployed | undefined;
  readonly templates: Templates;
  readonly now: Date;
}

const publishVersion = 'app.oam.dev/publishVersion';

export function publishVersionOf({ annotations }: Pick<Application, 'annotations'>): string | undefined {
  return annotations[publishVersion] || undefined;
}

/**
 * Whether KubeVela makes another revision: of what changed, or, where the Application names its versions, by that name
 * alone.
 */
export function isChanged(application: Application, before: Deployed | undefined): boolean {
  const version = publishVersionOf(application);
  if (!before || version !== before.publishVersion) return true;
  return version === undefined && canonicalJson(application.spec) !== canonicalJson(before.spec);
}

/** The revision that had this spec before. */
export function earlierRevision(application: Application, { revisions = [] }: Deployed): string | undefined {
  const [version, spec] = [publishVersionOf(application), canonicalJson(application.spec)];
  return revisions.find((one) => one.publishVersion === version && canonicalJson(one.spec) === spec)?.name;
}

/** The number at the end of a revision's name. */
export function revisionNumber(name: string): number {
  return Number(/-v(\d+)$/.exec(name)?.[1] ?? 0);
}

/** KubeVela's `context` for a component's template. */
export function contextOf(
  { application, namespace, revisionName }: Pick<Release, 'application' | 'namespace' | 'revisionName'>,
  component: Component,
): Fields {
  const { name, labels, annotations, spec } = application;
  return {
    name: component.name,
    namespace,
    appName: name,
    appRevision: revisionName,
    appRevisionNum: revisionNumber(revisionName),
    components: spec['components'],
    appLabels: labels,
    appAnnotations: annotations,
    replicaKey: '',
    cluster: 'local',
    workflowName: '',
    publishVersion: publishVersionOf(application) ?? '',
  };
}

/** The Task and all that belongs to it, right after KubeVela applied it. */
export function stateAfter(release: Release, component: Component, rendered: RenderedObject): TaskState {
  const { before, changed, templates, now } = release;
  const deployed = before?.tasks.get(rendered.metadata.name);
  if (!deployed) return { ...newState(newTask(release, component, rendered), now), templates };
  if (!changed) return { ...deployed.state, templates };
  const { task } = deployed.state;
  const spec = specAfter(deployed, component, rendered.spec, before?.spec);
  const generation = (task.metadata.generation ?? 0) + (canonicalJson(spec) === canonicalJson(task.spec) ? 0 : 1);
  // The revision's hash is KubeVela's, and not known yet.
  const { [velaLabels.revisionHash]: _hash, ...labels } = task.metadata.labels ?? {};
  const next: Task = compact({ metadata: { ...task.metadata, generation, labels }, spec, status: task.status });
  const seenAt = new Map([...deployed.state.seenAt, [generation, now.getTime()]]);
  return { ...deployed.state, task: next, templates, seenAt };
}

function newTask(
  { application, namespace, now }: Release,
  component: Component,
  { metadata, spec }: RenderedObject,
): Task {
  const labels = {
    ...application.labels,
    [velaLabels.application]: application.name,
    [velaLabels.applicationNamespace]: namespace,
    [velaLabels.component]: component.name,
  };
  return {
    metadata: {
      name: metadata.name,
      namespace,
      uid: unknownUid,
      generation: 1,
      creationTimestamp: rfc3339(now),
      labels,
    },
    spec,
  };
}

/**
 * Where nothing of the component changed, what its traits made of the Task stays, of which not all are evaluated here.
 */
function specAfter(
  { state: { task }, applied }: DeployedTask,
  component: Component,
  rendered: TaskSpec,
  before: Fields | undefined,
): TaskSpec {
  const old = componentsOf(before).find(({ name }) => name === component.name);
  const { type, properties, traits } = component;
  const isSame =
    old !== undefined &&
    canonicalJson([old['type'], old['properties'] ?? {}, old['traits'] ?? []]) ===
      canonicalJson([type, properties, traits]);
  const { trigger } = rendered;
  return isSame
    ? { ...task.spec, ...(trigger && { trigger }) }
    : merged(fieldsOf(applied), rendered as Fields, task.spec as Fields);
}

export function componentsOf(spec: Fields | undefined): readonly Fields[] {
  const { components } = spec ?? {};
  return Array.isArray(components) ? components.map(fieldsOf) : [];
}

/** As `kubectl apply`: what was applied and is no more goes, what somebody else set stays. */
function merged(applied: Fields, wanted: Fields, live: Fields): Fields {
  const kept = Object.entries(live).filter(([key]) => key in wanted || !(key in applied));
  const made = Object.entries(wanted).map(([key, value]) => {
    const there = live[key];
    return [key, isFields(value) && isFields(there) ? merged(fieldsOf(applied[key]), value, there) : value] as const;
  });
  return Object.fromEntries([...kept, ...made]);
}
