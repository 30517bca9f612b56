import { stringify } from 'yaml';

/**
 * Annotations by which a pod on a simulated node says what shall become of it. A pod of a Job without any of them runs
 * for a second and succeeds; another pod runs until it is deleted.
 */
export const podAnnotations = {
  /** How long it runs, such as `5s` or `100ms`. */
  duration: 'sandbox.task.oam.dev/duration',
  /** With which code its containers exit; other than 0 the pod fails. */
  exitCode: 'sandbox.task.oam.dev/exit-code',
  /** The reason in its containers' terminated state, such as `OOMKilled`. */
  reason: 'sandbox.task.oam.dev/reason',
  /** What its containers leave as termination message. */
  message: 'sandbox.task.oam.dev/message',
  /** The reason for which its containers do not start, such as `ImagePullBackOff`; removed, they start. */
  waiting: 'sandbox.task.oam.dev/waiting',
} as const;

interface Expression {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

const annotation = (name: string): string => `.metadata.annotations["${name}"]`;
const valueOf = (name: string, otherwise: string): string =>
  `{{ index (.metadata.annotations | default dict) "${name}" | default "${otherwise}" }}`;

const stripped = (expression: string): string => expression.replace(/^\{\{ /, '').replace(/ \}\}$/, '');

const alive: Expression = { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' };
const isPhase = (phase: string): Expression => ({ key: '.status.phase', operator: 'In', values: [phase] });

function stage(name: string, when: readonly Expression[], then: object, delay?: object): object {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: {
      resourceRef: { apiGroup: 'v1', kind: 'Pod' },
      selector: { matchExpressions: when },
      ...(delay === undefined ? {} : { delay }),
      next: then,
    },
  };
}

const status = (template: string): object => ({ patches: [{ subresource: 'status', root: 'status', template }] });

/** A container status for every container, with the state given. `started` is when the pod started. */
const containerStatuses = (field: string, list: string, ready: boolean, state: string): string => `
{{ $now := Now }}
{{ $started := .status.startTime | default $now }}
{{ if ${list} }}
${field}:
{{ range ${list} }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  restartCount: 0
  ready: ${ready}
  state: ${state}
{{ end }}
{{ end }}`;

const conditions = (ready: 'True' | 'False', reason: string): string => `
conditions:
{{ $time := Now }}
- {type: Initialized, status: "True", lastTransitionTime: {{ $time | Quote }}}
- {type: Ready, status: "${ready}", reason: "${reason}", lastTransitionTime: {{ $time | Quote }}}
- {type: ContainersReady, status: "${ready}", reason: "${reason}", lastTransitionTime: {{ $time | Quote }}}`;

const addresses = `
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
podIP: {{ PodIPWith .spec.nodeName (or .spec.hostNetwork false) (or .metadata.uid "") (or .metadata.name "") (or .metadata.namespace "") | Quote }}`;

const waits = stage(
  'pod-waits',
  [
    alive,
    { key: annotation(podAnnotations.waiting), operator: 'Exists' },
    { key: '.status.containerStatuses', operator: 'DoesNotExist' },
  ],
  {
    ...status(`
{{ $reason := index .metadata.annotations "${podAnnotations.waiting}" }}
phase: Pending
startTime: {{ Now | Quote }}
${conditions('False', 'ContainersNotReady')}
${containerStatuses('containerStatuses', '.spec.containers', false, '{waiting: {reason: {{ $reason | Quote }}, message: "simulated by an annotation of the pod"}}')}`),
    event: { type: 'Warning', reason: 'Failed', message: 'does not start: simulated by an annotation of the pod' },
  },
);

const starts = stage(
  'pod-starts',
  [
    alive,
    { key: annotation(podAnnotations.waiting), operator: 'DoesNotExist' },
    { key: '.status.podIP', operator: 'DoesNotExist' },
  ],
  {
    ...status(`
phase: Running
startTime: {{ Now | Quote }}
${addresses}
${conditions('True', '')}
${containerStatuses('initContainerStatuses', '.spec.initContainers', true, '{terminated: {exitCode: 0, reason: Completed, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}}')}
${containerStatuses('containerStatuses', '.spec.containers', true, '{running: {startedAt: {{ $now | Quote }}}}')}`),
    event: { type: 'Normal', reason: 'Started', message: 'Started the containers (simulated)' },
  },
);

const finishesWith = (phase: 'Succeeded' | 'Failed', exitCode: string, reason: string): object =>
  status(`
phase: ${phase}
{{ $code := ${exitCode} }}
{{ $reason := ${reason} }}
{{ $message := ${stripped(valueOf(podAnnotations.message, ''))} }}
${conditions('False', phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed')}
${containerStatuses('containerStatuses', '.spec.containers', false, '{terminated: {exitCode: {{ $code }}, reason: {{ $reason | Quote }}, message: {{ $message | Quote }}, startedAt: {{ $started | Quote }}, finishedAt: {{ $now | Quote }}}}')}`);

const runsFor = { durationMilliseconds: 1000, durationFrom: { expressionFrom: annotation(podAnnotations.duration) } };

const ofAJob: Expression = { key: '.metadata.ownerReferences.[].kind', operator: 'In', values: ['Job'] };
const exitsWithZero = (yes: boolean): Expression => ({
  key: `${annotation(podAnnotations.exitCode)} // "0"`,
  operator: yes ? 'In' : 'NotIn',
  values: ['0'],
});

const succeeds = stage(
  'pod-succeeds',
  [alive, isPhase('Running'), ofAJob, exitsWithZero(true)],
  finishesWith('Succeeded', '0', stripped(valueOf(podAnnotations.reason, 'Completed'))),
  runsFor,
);

const fails = stage(
  'pod-fails',
  [alive, isPhase('Running'), ofAJob, exitsWithZero(false)],
  finishesWith(
    'Failed',
    stripped(valueOf(podAnnotations.exitCode, '1')),
    stripped(valueOf(podAnnotations.reason, 'Error')),
  ),
  runsFor,
);

/** Not before the Job controller has counted it: that is what the finalizer is for. */
const goes = stage(
  'pod-goes',
  [
    { key: '.metadata.deletionTimestamp', operator: 'Exists' },
    { key: '.metadata.finalizers', operator: 'DoesNotExist' },
  ],
  { delete: true },
);

/** KWOK's configuration: what happens to pods, as YAML documents. Nodes keep KWOK's own stages. */
export function stagesYaml(): string {
  return [waits, starts, succeeds, fails, goes].map((document) => stringify(document)).join('---\n');
}
