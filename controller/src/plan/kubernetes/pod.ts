/**
 * What Kubernetes' schema does not say of a pod template, and its API server refuses in a Job all the same: names that
 * meet, mounts of volumes that do not exist, amounts that contradict each other.
 */
import type { SchemaProblem } from '../schema.ts';
import { containerProblems } from './containers.ts';
import { keyProblem, keyProblems, labelValueProblems, objectNameProblems } from './names.ts';
import type { Place } from './place.ts';
import { volumeProblems } from './volumes.ts';

/** What a pod gets from elsewhere. */
export interface Beside {
  /** Volumes that every pod of the flow gets. */
  readonly volumes: readonly string[];
  /** Whether nothing else is added, as traits add volumes and limits. */
  readonly isWhole: boolean;
}

export function podTemplateProblems(template: Place, { volumes, isWhole }: Beside): readonly SchemaProblem[] {
  const [metadata, spec] = [template.at('metadata'), template.at('spec')];
  const own = spec.at('volumes').items.flatMap((volume) => volume.at('name').value);
  const isKnown = isWhole && own.every((name) => typeof name === 'string' && !name.includes('$('));
  const names = isKnown ? new Set([...(own as string[]), ...volumes]) : undefined;
  return [
    ...keyProblems(metadata.at('labels')),
    ...keyProblems(metadata.at('annotations')),
    ...volumeProblems(spec.at('volumes')),
    ...containerProblems(spec, { volumes: names, hostNetwork: spec.at('hostNetwork').value === true }),
    ...schedulingProblems(spec),
    ...networkProblems(spec),
    ...spec.at('hostAliases').items.flatMap((alias) => alias.lacks('ip')),
    ...['serviceAccountName', 'priorityClassName', 'runtimeClassName', 'nodeName'].flatMap((name) =>
      objectNameProblems(spec.at(name)),
    ),
    ...namespaceProblems(spec),
  ];
}

function schedulingProblems(spec: Place): readonly SchemaProblem[] {
  const selector = spec.at('nodeSelector');
  return [
    ...keyProblems(selector),
    ...selector.names.flatMap((name) => labelValueProblems(selector.at(name))),
    ...spec.at('tolerations').items.flatMap(ofToleration),
    ...spec.at('topologySpreadConstraints').items.flatMap(ofSpread),
    ...nodeAffinityProblems(spec.at('affinity', 'nodeAffinity')),
  ];
}

function ofToleration(toleration: Place): readonly SchemaProblem[] {
  return [
    ...keyProblem(toleration.at('key')),
    ...ofOperator(toleration),
    ...(toleration.at('tolerationSeconds').isThere && toleration.at('effect').value !== 'NoExecute'
      ? [toleration.problem('has tolerationSeconds, which are for effect: NoExecute: write that, or leave them out')]
      : []),
  ];
}

function ofOperator(toleration: Place): readonly SchemaProblem[] {
  const [key, operator, value] = [toleration.at('key'), toleration.at('operator'), toleration.at('value')];
  if (operator.value === 'Exists')
    return value.isEmpty
      ? []
      : [value.is(', and operator Exists asks for no value: leave it out, or write operator: Equal')];
  const isCompared = operator.value === 'Lt' || operator.value === 'Gt';
  return [
    ...(key.isEmpty
      ? [toleration.problem('has no key: write it, or operator: Exists, which tolerates every taint')]
      : []),
    ...(isCompared ? [] : labelValueProblems(value)),
  ];
}

function ofSpread(constraint: Place): readonly SchemaProblem[] {
  const skew = constraint.at('maxSkew');
  return [
    ...constraint.lacks('maxSkew', 'topologyKey', 'whenUnsatisfiable'),
    ...(skew.number !== undefined && skew.number < 1 ? [skew.is(': write 1 or more')] : []),
    ...(constraint.at('minDomains').isThere && constraint.at('whenUnsatisfiable').value !== 'DoNotSchedule'
      ? [
          constraint.problem(
            'has minDomains, which are for whenUnsatisfiable: DoNotSchedule: write that, or leave them out',
          ),
        ]
      : []),
  ];
}

function nodeAffinityProblems(affinity: Place): readonly SchemaProblem[] {
  const required = affinity.at('requiredDuringSchedulingIgnoredDuringExecution');
  const preferred = affinity.at('preferredDuringSchedulingIgnoredDuringExecution').items;
  const terms = [...required.at('nodeSelectorTerms').items, ...preferred.map((one) => one.at('preference'))];
  return [
    ...(required.isThere && required.at('nodeSelectorTerms').items.length === 0
      ? [required.problem('lacks nodeSelectorTerms: write one, or leave it out')]
      : []),
    ...preferred.flatMap((one) => one.lacks('weight')),
    ...terms.flatMap((term) => term.at('matchExpressions').items.flatMap(ofExpression)),
  ];
}

function ofExpression(expression: Place): readonly SchemaProblem[] {
  const values = expression.at('values');
  const count = values.items.length;
  const { value: operator } = expression.at('operator');
  const wrong: Readonly<Record<string, string | undefined>> = {
    In: count === 0 ? 'write at least one' : undefined,
    NotIn: count === 0 ? 'write at least one' : undefined,
    Exists: count > 0 ? 'leave them out' : undefined,
    DoesNotExist: count > 0 ? 'leave them out' : undefined,
    Gt: count === 1 ? undefined : 'write one number',
    Lt: count === 1 ? undefined : 'write one number',
  };
  const message = typeof operator === 'string' ? wrong[operator] : undefined;
  return [
    ...expression.lacks('key', 'operator'),
    ...keyProblem(expression.at('key')),
    ...(message === undefined
      ? []
      : [expression.problem(`has ${count} values for operator ${String(operator)}: ${message}`)]),
  ];
}

const mostNameServers = 3;

function networkProblems(spec: Place): readonly SchemaProblem[] {
  const servers = spec.at('dnsConfig', 'nameservers');
  const isNone = spec.at('dnsPolicy').value === 'None';
  return [
    ...(isNone && servers.items.length === 0
      ? [spec.at('dnsPolicy').is(', and there is no name server: write dnsConfig.nameservers')]
      : []),
    ...(servers.items.length > mostNameServers
      ? [servers.problem(`has ${servers.items.length} elements: write ${mostNameServers} or less`)]
      : []),
    ...[...servers.items, ...spec.at('hostAliases').items.map((alias) => alias.at('ip'))].flatMap(addressProblems),
  ];
}

/** An IPv4 address, and roughly what an IPv6 address looks like. */
const address = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$|^(?=[^:]*:[^:]*:)[0-9A-Fa-f:.]+$/;

function addressProblems(place: Place): readonly SchemaProblem[] {
  const { text } = place;
  return text === undefined || address.test(text) ? [] : [place.is(': write an IP address')];
}

function namespaceProblems(spec: Place): readonly SchemaProblem[] {
  const shared = spec.at('shareProcessNamespace');
  return shared.value === true && spec.at('hostPID').value === true
    ? [shared.problem('cannot be true beside hostPID: true: write one of them')]
    : [];
}
