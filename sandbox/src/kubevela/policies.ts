import { velaLabels } from '../../../controller/src/resources/index.ts';
import { objectLabels } from '../../../controller/src/vela/labels.ts';
import type { Component, PolicyUse } from './application.ts';
import type { JsonObject, KubeObject } from './objects.ts';

interface Selector {
  componentNames?: string[];
  componentTypes?: string[];
  oamTypes?: string[];
  traitTypes?: string[];
  resourceTypes?: string[];
  resourceNames?: string[];
}

interface Rule {
  selector: Selector;
  strategy?: 'never' | 'onAppDelete' | 'onAppUpdate';
  propagation?: 'orphan' | 'cascading';
}

/** What an Application's policies say about the objects it applies. */
export interface Policies {
  /** never: not ours to delete; onAppDelete: only with the Application. */
  strategyOf(manifest: KubeObject): 'never' | 'onAppDelete' | 'onAppUpdate';
  /** Whether the object stays when we let go of it. */
  orphans(manifest: KubeObject): boolean;
  keepLegacyResource: boolean;
  canTakeOver(manifest: KubeObject): boolean;
  isShared(manifest: KubeObject): boolean;
  isReadOnly(manifest: KubeObject): boolean;
  /** Nothing is put right after it was applied. */
  applyOnce: boolean;
}

/**
 * Reads garbage-collect, take-over, shared-resource, read-only and apply-once. topology and override act through deploy
 * steps.
 */
export function readPolicies(policies: readonly PolicyUse[] = []): Policies {
  const rulesOf = (type: string): Rule[] =>
    policies
      .filter((policy) => policy.type === type)
      .flatMap(({ properties }) => (properties?.['rules'] ?? []) as Rule[]);
  const selects = (type: string) => {
    const rules = rulesOf(type);
    return (manifest: KubeObject) => rules.some(({ selector }) => matches(selector, manifest));
  };
  const collect = policies.find(({ type }) => type === 'garbage-collect')?.properties ?? {};
  const collectRules = rulesOf('garbage-collect');
  const once = policies.find(({ type }) => type === 'apply-once')?.properties ?? {};
  return {
    strategyOf: (manifest) =>
      collectRules.find(({ selector, strategy }) => strategy !== undefined && matches(selector, manifest))?.strategy ??
      'onAppUpdate',
    orphans: (manifest) =>
      collectRules.find(({ selector, propagation }) => propagation !== undefined && matches(selector, manifest))
        ?.propagation === 'orphan',
    keepLegacyResource: collect['keepLegacyResource'] === true,
    canTakeOver: selects('take-over'),
    isShared: selects('shared-resource'),
    isReadOnly: selects('read-only'),
    applyOnce: once['enable'] === true && once['rules'] === undefined,
  };
}

function matches(selector: Selector, manifest: KubeObject): boolean {
  const labels = manifest.metadata.labels ?? {};
  const tests: [string[] | undefined, string | undefined][] = [
    [selector.componentNames, labels[velaLabels.component]],
    [selector.componentTypes, labels[objectLabels.componentType]],
    [selector.oamTypes, labels[objectLabels.resourceType]],
    [selector.traitTypes, labels[objectLabels.traitType]],
    [selector.resourceTypes, manifest.kind],
    [selector.resourceNames, manifest.metadata.name],
  ];
  const given = tests.filter(([wanted]) => (wanted?.length ?? 0) > 0);
  return given.length > 0 && given.every(([wanted, found]) => found !== undefined && wanted?.includes(found));
}

/** The components that the override policies of a deploy step let through; all of them where none selects. */
export function selectedComponents(components: readonly Component[], policies: readonly PolicyUse[]): Component[] {
  const selectors = policies
    .filter(({ type }) => type === 'override')
    .map(({ properties }) => (properties?.['selector'] ?? []) as string[]);
  return components.filter(({ name }) =>
    selectors.every((selector) => selector.length === 0 || selector.includes(name)),
  );
}

/** The namespace that a deploy step's topology policy names, if any. There is but one cluster here, the local one. */
export function targetNamespace(policies: readonly PolicyUse[]): string | undefined {
  const properties: JsonObject = policies.find(({ type }) => type === 'topology')?.properties ?? {};
  return properties['namespace'] as string | undefined;
}
