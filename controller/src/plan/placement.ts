/** Where an Application's policies put its components, and which of them a plan does not evaluate. */
import { fieldsOf, isFields, type Fields } from '../domain/lang/fields.ts';
import type { Application } from './application.ts';

export interface Placement {
  /** The namespace of the Tasks. */
  readonly namespace: string;
  /** Sentences about what the plan leaves out. */
  readonly remarks: readonly string[];
}

/** @param namespace the Application's, where components are unless a topology policy names another namespace */
export function placementOf(application: Application, namespace: string): Placement {
  const policies = usedPolicies(application);
  const topologies = policies.filter(({ type }) => type === 'topology');
  const namespaces = [...new Set(topologies.map(({ properties }) => textOf(properties['namespace']) ?? namespace))];
  const [first = namespace] = namespaces;
  const of = `of Application ${application.name}`;
  const remarks = [
    namespaces.length > 1 &&
      `topology policies put the components ${of} into the namespaces ${namespaces.join(', ')}: the plan shows those in ${first}`,
    topologies.some(isElsewhere) &&
      `the topology policy ${nameOf(topologies.find(isElsewhere))} ${of} puts components into other clusters, of which the plan knows nothing`,
    policies.some(isOverride) &&
      `the policy ${nameOf(policies.find(isOverride))} (override) ${of} is not evaluated: the plan shows components as they are written`,
    ...missingPolicies(application).map(
      (name) =>
        `the workflow ${of} deploys with the policy ${name}, which the Application does not have: it has to be a Policy in its namespace`,
    ),
  ];
  return { namespace: first, remarks: remarks.filter((remark) => remark !== false) };
}

interface Policy {
  readonly name: string;
  readonly type: string;
  readonly properties: Fields;
}

/** Those that steps of type deploy name; without a workflow KubeVela deploys with all of them. */
function usedPolicies({ spec, steps }: Application): readonly Policy[] {
  const all = policiesOf(spec);
  if (steps.length === 0) return all;
  return deployedWith(steps).flatMap((name) => all.find((policy) => policy.name === name) ?? []);
}

/** Those that steps of type deploy name, and that are not written in the Application: others may be objects. */
function missingPolicies({ spec, steps }: Application): readonly string[] {
  const known = new Set(policiesOf(spec).map(({ name }) => name));
  return [...new Set(deployedWith(steps))].filter((name) => !known.has(name));
}

function policiesOf({ policies }: Fields): readonly Policy[] {
  return (Array.isArray(policies) ? policies : []).filter(isFields).map(policyOf);
}

function deployedWith(steps: Application['steps']): readonly string[] {
  const lists = steps.filter(({ type }) => type === 'deploy').map(({ properties }) => properties['policies']);
  return lists
    .flatMap((list): readonly unknown[] => (Array.isArray(list) ? list : []))
    .flatMap((name) => textOf(name) ?? []);
}

function policyOf({ name, type, properties }: Fields): Policy {
  return { name: textOf(name) ?? '', type: textOf(type) ?? '', properties: fieldsOf(properties) };
}

const isOverride = ({ type }: Policy): boolean => type === 'override';

function isElsewhere({ properties }: Policy): boolean {
  const { clusters, clusterLabelSelector, clusterSelector } = properties;
  if (clusterLabelSelector !== undefined || clusterSelector !== undefined) return true;
  return Array.isArray(clusters) && clusters.some((cluster) => cluster !== 'local');
}

function nameOf(policy: Policy | undefined): string {
  return policy?.name ?? '';
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
