/**
 * What KubeVela makes of a component that was rendered: a Task that is new, or the one that is there with its next
 * version. The rules are those of vela/, which the stand-in of the sandbox shares.
 */
import { canonicalJson } from '../domain/lang/canonical-json.ts';
import { compact } from '../domain/lang/compact.ts';
import { sameJson } from '../domain/lang/same-json.ts';
import { type TaskState, type Templates, withCluster, withMemory } from '../domain/model/state.ts';
import { velaLabels, type Task, type TaskSpec } from '../resources/index.ts';
import { componentContext } from '../vela/context.ts';
import { fieldsOf, type Fields } from '../domain/lang/fields.ts';
import { componentLabels, type Labels } from '../vela/labels.ts';
import { applyMergePatch, threeWayPatch } from '../vela/merge-patch.ts';
import { keepsRevision, publishVersionOf, samePublishVersion, type ApplicationVersion } from '../vela/revisions.ts';
import type { Application, Component } from './application.ts';
import { unknownUid } from './forecast.ts';
import { newState } from './memory-cluster.ts';
import type { RenderedObject } from './render.ts';
import { rfc3339 } from '../domain/lang/rfc3339.ts';

/** An Application as it is deployed, with its revisions and Tasks. */
export interface Deployed extends ApplicationVersion {
  /** As the latest revision has it: the Application's own may be newer, and not deployed. */
  readonly spec: Fields;
  /** The number and name of its latest revision. */
  readonly revision: number;
  readonly revisionName: string;
  /** The revisions that KubeVela still has: a spec that was deployed before gets its old revision again. */
  readonly revisions?: readonly Revision[];
  /** The Application's annotation task.oam.dev/joined-by, which its file does not have. */
  readonly joinedBy?: string | undefined;
  /** By the Task's name. */
  readonly tasks: ReadonlyMap<string, DeployedTask>;
}

export interface Revision extends ApplicationVersion {
  readonly name: string;
  readonly spec: Fields;
}

export interface DeployedTask {
  readonly state: TaskState;
  /** What KubeVela applied last; undefined if that is not known. */
  readonly applied: TaskSpec | undefined;
}

/** A version of an Application to deploy. */
export interface Release {
  readonly application: Application & { readonly namespace: string };
  /** Where its Tasks are. */
  readonly namespace: string;
  readonly revisionName: string;
  readonly changed: boolean;
  readonly before: Deployed | undefined;
  readonly templates: Templates;
  readonly now: Date;
}

/** Whether KubeVela makes another revision of it. */
export function isChanged(application: Application, before: Deployed | undefined): boolean {
  return !before || !keepsRevision(before, versionOf(application));
}

/** The revision that had this spec before. */
export function earlierRevision(application: Application, { revisions = [] }: Deployed): string | undefined {
  const wanted = versionOf(application);
  return revisions.find((one) => samePublishVersion(one, wanted) && sameJson(one.spec, wanted.spec))?.name;
}

function versionOf(application: Application): ApplicationVersion {
  return { spec: application.spec, publishVersion: publishVersionOf(application) };
}

/** KubeVela's `context` for a component's template. */
export function contextOf(
  release: Pick<Release, 'application' | 'namespace' | 'revisionName'>,
  component: Component,
): Fields {
  return componentContext(release, release.application.spec['components'], component);
}

/** The Task and everything that belongs to it, right after KubeVela applied it. */
export function stateAfter(release: Release, component: Component, rendered: RenderedObject): TaskState {
  const { before, changed, templates, now } = release;
  const deployed = before?.tasks.get(rendered.metadata.name);
  if (!deployed) return withCluster(newState(newTask(release, component, rendered), now), { templates });
  if (!changed) return withCluster(deployed.state, { templates });
  const { task } = deployed.state;
  const spec = specAfter(deployed, component, rendered.spec, before?.spec);
  const generation = (task.metadata.generation ?? 0) + (canonicalJson(spec) === canonicalJson(task.spec) ? 0 : 1);
  // KubeVela computes the revision's hash; it is not known yet.
  const { [velaLabels.revisionHash]: _hash, ...known } = task.metadata.labels ?? {};
  const labels = { ...known, ...labelsOf(release, component) };
  const next: Task = compact({ metadata: { ...task.metadata, generation, labels }, spec, status: task.status });
  const seenAt = new Map([...deployed.state.memory.seenAt, [generation, now.getTime()]]);
  return withMemory(withCluster({ ...deployed.state, task: next }, { templates }), { seenAt });
}

function newTask(release: Release, component: Component, { metadata, spec }: RenderedObject): Task {
  return {
    metadata: {
      name: metadata.name,
      namespace: release.namespace,
      uid: unknownUid,
      generation: 1,
      creationTimestamp: rfc3339(release.now),
      labels: labelsOf(release, component),
    },
    spec,
  };
}

function labelsOf({ application, revisionName }: Release, { name }: Component): Labels {
  return componentLabels(application, name, revisionName);
}

/** If the component did not change, the Task keeps what its traits set, because not all traits are evaluated here. */
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
    : (applyMergePatch(task.spec, threeWayPatch(fieldsOf(applied), { ...rendered }, { ...task.spec })) as TaskSpec);
}

export function componentsOf(spec: Fields | undefined): readonly Fields[] {
  const { components } = spec ?? {};
  return Array.isArray(components) ? components.map(fieldsOf) : [];
}
