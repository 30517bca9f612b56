/** The containers of a pod. */
import type { SchemaProblem } from '../schema.ts';
import { imageProblems } from './images.ts';
import { labelNameProblems } from './names.ts';
import { twice, type Place } from './place.ts';
import { resourceProblems } from './resources.ts';
import { mountProblems } from './volumes.ts';

/** What is known about the pod around a container. */
export interface Surroundings {
  /** The names of its volumes; undefined where something else may add some. */
  readonly volumes: ReadonlySet<string> | undefined;
  readonly hostNetwork: boolean;
}

export function containerProblems(spec: Place, around: Surroundings): readonly SchemaProblem[] {
  const own = spec.at('containers').items;
  const initial = spec.at('initContainers').items;
  const names = [...own, ...initial].map((container) => container.at('name'));
  return [
    ...[...own, ...initial].flatMap((container) => ofContainer(container, around)),
    ...own.flatMap(hookProblems),
    ...initial.flatMap((container) => (isSidecar(container) ? hookProblems(container) : ofInit(container))),
    ...names.flatMap(labelNameProblems),
    ...twice(names, ' a second time: give each container a name of its own'),
    ...[own, ...initial.map((container) => [container])].flatMap(sharedHostPorts),
  ];
}

function ofContainer(container: Place, { volumes, hostNetwork }: Surroundings): readonly SchemaProblem[] {
  return [
    ...container.lacks('name', 'image'),
    ...imageProblems(container.at('image')),
    ...container.at('env').items.flatMap(ofVariable),
    ...container.at('envFrom').items.flatMap(ofVariables),
    ...ofPorts(container.at('ports'), hostNetwork),
    ...mountProblems(container, volumes),
    ...resourceProblems(container.at('resources'), volumes !== undefined),
    ...ofSecurity(container.at('securityContext')),
  ];
}

function isSidecar(container: Place): boolean {
  return container.at('restartPolicy').value === 'Always';
}

/** Kubernetes runs an init container to its end, before there is anything to ask. */
function ofInit(container: Place): readonly SchemaProblem[] {
  return ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle']
    .filter((name) => container.at(name).isThere)
    .map((name) =>
      container
        .at(name)
        .problem('is not for an init container: take it out, or write restartPolicy: Always for a sidecar'),
    );
}

/** Older clusters take letters, digits, -, _ and . alone. */
const variable = /^[ -<>-~]+$/;

function ofVariable(one: Place): readonly SchemaProblem[] {
  const name = one.at('name');
  return [
    ...one.lacks('name'),
    ...(name.text === undefined || name.text === '' || variable.test(name.text)
      ? []
      : [
          name.is(
            name.text.includes('=')
              ? ': write what is in front of =, and the rest as value'
              : ': write plain letters, digits and _',
          ),
        ]),
    ...ofSource(one),
  ];
}

function ofSource(one: Place): readonly SchemaProblem[] {
  const from = one.at('valueFrom');
  if (!from.isThere) return [];
  const { value } = one.at('value');
  if (value !== undefined && value !== null && value !== '')
    return [one.problem('has value and valueFrom: write one of them')];
  const kinds = from.names;
  if (kinds.length > 1) return [from.problem(`has several sources, ${kinds.join(' and ')}: write one of them`)];
  if (kinds.length === 0) return [from.problem('has no source: write secretKeyRef, configMapKeyRef or fieldRef')];
  return [
    ...from.at('secretKeyRef').lacks('name', 'key'),
    ...from.at('configMapKeyRef').lacks('name', 'key'),
    ...from.at('fieldRef').lacks('fieldPath'),
    ...from.at('resourceFieldRef').lacks('resource'),
    ...ofField(from.at('fieldRef', 'fieldPath')),
  ];
}

/** What a variable can be of its pod. */
const podFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'spec.host',
  'spec.serviceAccount',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

function ofField(path: Place): readonly SchemaProblem[] {
  const { text = '' } = path;
  const isKnown = text === '' || podFields.includes(text) || /^metadata\.(labels|annotations)\['.+'\]$/.test(text);
  if (isKnown) return [];
  const listed = podFields.filter((field) => field !== 'spec.host' && field !== 'spec.serviceAccount').join(', ');
  return [path.is(`: write metadata.labels['KEY'], metadata.annotations['KEY'] or one of ${listed}`)];
}

function ofVariables(one: Place): readonly SchemaProblem[] {
  const kinds = one.names.filter((name) => name !== 'prefix');
  if (kinds.length === 0) return [one.problem('has no source: write secretRef or configMapRef')];
  if (kinds.length > 1)
    return [one.problem(`has several sources, ${kinds.join(' and ')}: write each as an element of its own`)];
  return [...one.at('secretRef').lacks('name'), ...one.at('configMapRef').lacks('name')];
}

const portName = /^(?=.*[a-z])[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const mostOfPortName = 15;

function ofPorts(ports: Place, hostNetwork: boolean): readonly SchemaProblem[] {
  const names = ports.items.map((port) => port.at('name'));
  return [
    ...ports.items.flatMap((port) => [...port.lacks('containerPort'), ...ofHostPort(port, hostNetwork)]),
    ...names.flatMap(ofPortName),
    ...twice(names, ' a second time: give each port a name of its own'),
  ];
}

function ofPortName(name: Place): readonly SchemaProblem[] {
  const { text = '' } = name;
  return text === '' || (portName.test(text) && text.length <= mostOfPortName && !text.includes('--'))
    ? []
    : [name.is(`: write at most ${mostOfPortName} lower-case letters, digits and -, one letter at least`)];
}

function ofHostPort(port: Place, hostNetwork: boolean): readonly SchemaProblem[] {
  const host = port.at('hostPort');
  if (!hostNetwork || host.number === undefined || host.number === 0) return [];
  const inside = port.at('containerPort').number;
  return host.number === inside
    ? []
    : [
        host.is(
          `, and with hostNetwork it is the container's own: write ${inside ?? 'containerPort'}, or leave it out`,
        ),
      ];
}

/** Containers that run at once cannot have one port of the node. */
function sharedHostPorts(containers: readonly Place[]): readonly SchemaProblem[] {
  const seen = new Set<string>();
  const ports = containers.flatMap((container) => container.at('ports').items);
  return ports.flatMap((port) => {
    const host = port.at('hostPort');
    if (host.number === undefined || host.number === 0) return [];
    const identity = [port.at('protocol').text ?? 'TCP', port.at('hostIP').text ?? '', host.number].join('/');
    if (seen.has(identity)) return [host.is(' a second time: the containers of a pod share the ports of its node')];
    seen.add(identity);
    return [];
  });
}

function ofSecurity(security: Place): readonly SchemaProblem[] {
  const denies = security.at('allowPrivilegeEscalation').value === false;
  if (!denies) return [];
  if (security.at('privileged').value === true)
    return [security.problem('has privileged: true and allowPrivilegeEscalation: false: write one of them')];
  const adds = security.at('capabilities', 'add').items.some(({ value }) => value === 'CAP_SYS_ADMIN');
  return adds
    ? [security.problem('adds CAP_SYS_ADMIN and has allowPrivilegeEscalation: false: write one of them')]
    : [];
}

const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;

/** Probes and hooks of a container that runs beside others. */
function hookProblems(container: Place): readonly SchemaProblem[] {
  const ofProbes = probes.flatMap((name) => {
    const probe = container.at(name);
    return probe.isThere ? [...handlerProblems(probe, probeHandlers), ...thresholdProblems(name, probe)] : [];
  });
  const ofHooks = ['postStart', 'preStop'].flatMap((name) => {
    const hook = container.at('lifecycle', name);
    return hook.isThere ? handlerProblems(hook, [...probeHandlers, 'sleep']) : [];
  });
  return [...ofProbes, ...ofHooks];
}

const probeHandlers = ['exec', 'httpGet', 'tcpSocket', 'grpc'];

function handlerProblems(place: Place, allowed: readonly string[]): readonly SchemaProblem[] {
  const kinds = place.names.filter((name) => allowed.includes(name));
  const [kind] = kinds;
  if (kind === undefined) return [place.problem(`does not say what to do: write one of ${allowed.join(', ')}`)];
  if (kinds.length > 1) return [place.problem(`does several things, ${kinds.join(' and ')}: write one of them`)];
  const handler = place.at(kind);
  return [
    ...(kind === 'exec' && handler.at('command').items.length === 0
      ? [handler.problem('lacks command: write it')]
      : []),
    ...(kind === 'exec' || kind === 'sleep' ? [] : portProblems(handler)),
  ];
}

const mostPort = 65_535;

function portProblems(handler: Place): readonly SchemaProblem[] {
  const port = handler.at('port');
  if (!port.isThere) return [handler.problem('lacks port: write it')];
  const { number } = port;
  if (number !== undefined) return number >= 1 && number <= mostPort ? [] : [port.is(`: write 1 to ${mostPort}`)];
  return /^\d+$/.test(port.text ?? '') ? [port.is(': write the number without quotes')] : ofPortName(port);
}

function thresholdProblems(name: (typeof probes)[number], probe: Place): readonly SchemaProblem[] {
  const threshold = probe.at('successThreshold');
  const isWrong = name !== 'readinessProbe' && (threshold.number ?? 0) > 1;
  return isWrong ? [threshold.is(': write 1')] : [];
}
