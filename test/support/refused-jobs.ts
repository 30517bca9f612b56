/**
 * Tasks whose Job the API server refuses, though no field of them is unknown and none has the wrong type. A plan says
 * so before anybody deploys them, with the property that it comes from, and test/api/bad-input.test.ts holds each
 * against a real API server.
 */
export interface RefusedJob {
  /** The parameters of a component `main` of type `task`, beside its image. */
  readonly properties: object;
  /** What a plan says, from the property's name on. */
  readonly says: string;
  /** What the API server says of the Job; undefined where it takes the Job, whose pods then never start. */
  readonly refusal: RegExp | undefined;
}

const own = (container: object) => ({ podSpec: { containers: [container] } });
const beside = (container: object) => ({ podSpec: { containers: [{}, container] } });
const initial = (container: object) => ({ podSpec: { initContainers: [container] } });
const sidecar = { name: 'side', image: 'busybox' };
const pod = (podSpec: object) => ({ podSpec });
const volume = (one: object) => pod({ volumes: [one] });
const mounted = (mount: object) => ({
  podSpec: { volumes: [{ name: 'v', emptyDir: {} }], containers: [{ volumeMounts: [{ name: 'v', ...mount }] }] },
});
const failure = (rule: object) => ({ podFailurePolicy: { rules: [rule] } });
const indexed = (job: object) => ({ completionMode: 'Indexed', count: 5, job });

type Row = readonly [what: string, properties: object, says: string, refusal: RegExp | undefined];

const rows: readonly Row[] = [
  // containers
  [
    'a container without an image',
    beside({ name: 'side' }),
    'podSpec.containers.1 lacks image: write it',
    /image: Required/,
  ],
  ['a container without a name', beside({ image: 'busybox' }), 'podSpec.containers.1 lacks name', /name: Required/],
  [
    'a name with a capital',
    beside({ ...sidecar, name: 'Side_Car' }),
    'podSpec.containers.1.name is "Side_Car": write lower-case',
    /RFC 1123 label/,
  ],
  [
    'two containers of one name',
    pod({ containers: [{}, sidecar, sidecar] }),
    'podSpec.containers.2.name is "side" a second time',
    /Duplicate value: "side"/,
  ],
  [
    'an init container named as a container',
    initial({ ...sidecar, name: 'main' }),
    'podSpec.initContainers.0.name is "main" a second time',
    /Duplicate value: "main"/,
  ],
  [
    'an unknown pull policy',
    beside({ ...sidecar, imagePullPolicy: 'Allways' }),
    'podSpec.containers.1.imagePullPolicy is "Allways": write one of Always, IfNotPresent, Never',
    /imagePullPolicy: Unsupported value/,
  ],
  [
    'an unknown terminationMessagePolicy',
    own({ terminationMessagePolicy: 'Logs' }),
    'terminationMessagePolicy is "Logs": write one of File, FallbackToLogsOnError',
    /terminationMessagePolicy: Unsupported value/,
  ],
  [
    'a probe of an init container',
    initial({ ...sidecar, livenessProbe: { exec: { command: ['a'] } } }),
    'podSpec.initContainers.0.livenessProbe is not for an init container',
    /may not be set for init containers/,
  ],
  [
    'a hook of an init container',
    initial({ ...sidecar, lifecycle: { preStop: { sleep: { seconds: 1 } } } }),
    'podSpec.initContainers.0.lifecycle is not for an init container',
    /may not be set for init containers/,
  ],
  [
    'a probe that does nothing',
    own({ startupProbe: { periodSeconds: 3 } }),
    'podSpec.containers.0.startupProbe does not say what to do: write one of exec',
    /must specify a handler type/,
  ],
  [
    'a probe that does two things',
    own({ startupProbe: { exec: { command: ['a'] }, tcpSocket: { port: 1 } } }),
    'startupProbe does several things, exec and tcpSocket',
    /may not specify more than 1 handler/,
  ],
  [
    'a probe of a port that cannot be',
    own({ startupProbe: { tcpSocket: { port: 70000 } } }),
    'startupProbe.tcpSocket.port is 70000: write 1 to 65535',
    /between 1 and 65535/,
  ],
  [
    'a probe of a quoted port',
    own({ startupProbe: { tcpSocket: { port: '8080' } } }),
    'port is "8080": write the number without quotes',
    /must contain at least one letter/,
  ],
  [
    'a livenessProbe with two successes',
    { livenessProbe: { exec: { command: ['a'] }, successThreshold: 2 } },
    'livenessProbe.successThreshold is 2: write 1',
    /must be 1/,
  ],
  [
    'a probe with a negative number',
    { livenessProbe: { exec: { command: ['a'] }, periodSeconds: -1 } },
    'livenessProbe.periodSeconds is -1: write 0 or more',
    /periodSeconds: Invalid value: -1/,
  ],
  // variables
  [
    'a variable with = in its name',
    { env: [{ name: 'A=B', value: '1' }] },
    'env.0.name is "A=B": write what is in front of =',
    /env\[0\]\.name: Invalid/,
  ],
  ['a variable without a name', { env: [{ name: '', value: '1' }] }, 'env.0 lacks name', /env\[0\]\.name: Required/],
  [
    'a variable with two sources',
    { env: [{ name: 'A', value: '1', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
    'env.0 has value and valueFrom',
    /may not be specified when `value` is not empty/,
  ],
  [
    'a variable with no source',
    { env: [{ name: 'A', valueFrom: {} }] },
    'env.0.valueFrom has no source',
    /must specify one of/,
  ],
  [
    'a variable of a field that pods do not have',
    { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.hostname' } } }] },
    'env.0.valueFrom.fieldRef.fieldPath is "spec.hostname": write metadata.labels',
    /fieldPath/,
  ],
  [
    'variables of nothing',
    own({ envFrom: [{ prefix: 'A_' }] }),
    'podSpec.containers.0.envFrom.0 has no source',
    /must specify one of/,
  ],
  // ports
  [
    'two ports of one name',
    own({
      ports: [
        { name: 'http', containerPort: 80 },
        { name: 'http', containerPort: 81 },
      ],
    }),
    'podSpec.containers.0.ports.1.name is "http" a second time',
    /Duplicate value: "http"/,
  ],
  [
    'a long name of a port',
    own({ ports: [{ name: 'prometheus-metrics', containerPort: 80 }] }),
    'ports.0.name is "prometheus-metrics": write at most 15',
    /no more than 15/,
  ],
  [
    'a port that cannot be',
    own({ ports: [{ containerPort: 65536 }] }),
    'ports.0.containerPort is 65536: write 1 to 65535',
    /between 1 and 65535/,
  ],
  [
    'an unknown protocol',
    own({ ports: [{ containerPort: 80, protocol: 'tcp' }] }),
    'protocol is "tcp": write one of TCP, UDP, SCTP',
    /protocol: Unsupported/,
  ],
  [
    'one port of the node twice',
    pod({
      containers: [
        { ports: [{ containerPort: 80, hostPort: 80 }] },
        { ...sidecar, ports: [{ containerPort: 81, hostPort: 80 }] },
      ],
    }),
    'podSpec.containers.1.ports.0.hostPort is 80 a second time',
    /hostPort: Duplicate/,
  ],
  [
    'another port of the node with hostNetwork',
    pod({ hostNetwork: true, containers: [{ ports: [{ containerPort: 80, hostPort: 8080 }] }] }),
    'ports.0.hostPort is 8080, and with hostNetwork',
    /must match `containerPort`/,
  ],
  // amounts
  ['a negative amount of cpu', { cpu: '-1' }, 'cpu is "-1": write 0 or more', /must be greater than or equal to 0/],
  [
    'a negative amount of memory',
    { memory: '-512Mi' },
    'memory is "-512Mi": write 0 or more',
    /must be greater than or equal to 0/,
  ],
  [
    'an amount with a wrong ending',
    { memory: '512mi' },
    'memory is "512mi": write an amount such as',
    /quantities must match|unable to parse quantity/,
  ],
  [
    'more requested than the limit',
    own({ resources: { requests: { memory: '1Gi' }, limits: { memory: '512Mi' } } }),
    'podSpec.containers.0.resources.requests.memory is "1Gi", and the limit of memory is "512Mi": write the limit or less',
    /must be less than or equal to memory limit/,
  ],
  [
    'more requested, in other units',
    own({ resources: { requests: { cpu: 2 }, limits: { cpu: '1500m' } } }),
    'requests.cpu is 2, and the limit of cpu is "1500m"',
    /must be less than or equal to cpu limit/,
  ],
  [
    'a resource without a domain',
    own({ resources: { limits: { gpu: 1 } } }),
    'podSpec.containers.0.resources.limits.gpu is not a resource of a container',
    /must be a standard resource/,
  ],
  [
    'a share of a device',
    own({ resources: { limits: { 'nvidia.com/gpu': '0.5' } } }),
    'is "0.5": write a whole number',
    /must be an integer/,
  ],
  [
    'a device that is requested alone',
    own({ resources: { requests: { 'nvidia.com/gpu': 1 } } }),
    'is 1, and there is no limit of nvidia.com/gpu',
    /Limit must be set/,
  ],
  [
    'other numbers of a device',
    own({ resources: { requests: { 'nvidia.com/gpu': 1 }, limits: { 'nvidia.com/gpu': 2 } } }),
    'and the limit of nvidia.com/gpu is 2: write the same in both',
    /must be equal to/,
  ],
  [
    'hugepages alone',
    own({ resources: { limits: { 'hugepages-2Mi': '4Mi' } } }),
    'podSpec.containers.0.resources has hugepages alone: write cpu or memory',
    /HugePages require cpu or memory/,
  ],
  ['thousandths of a byte', { memory: '512m' }, 'memory is "512m", which is 0.512 bytes: write 512Mi', undefined],
  // volumes and mounts
  [
    'a mount of a volume that is not there',
    own({ volumeMounts: [{ name: 'cache', mountPath: '/c' }] }),
    'podSpec.containers.0.volumeMounts.0.name is "cache", and the pod has no volumes: write that volume',
    /Not found: "cache"/,
  ],
  [
    'a mount of a volume with another name',
    mounted({ name: 'w', mountPath: '/c' }),
    'name is "w", and the pod has only v: write that volume',
    /Not found: "w"/,
  ],
  [
    'two mounts at one path',
    pod({
      volumes: [{ name: 'v', emptyDir: {} }],
      initContainers: [
        {
          ...sidecar,
          volumeMounts: [
            { name: 'v', mountPath: '/c' },
            { name: 'v', mountPath: '/c', subPath: 'd' },
          ],
        },
      ],
    }),
    'podSpec.initContainers.0.volumeMounts.1.mountPath is "/c" a second time',
    /must be unique/,
  ],
  [
    'a subPath out of the volume',
    mounted({ mountPath: '/c', subPath: '../etc' }),
    'subPath is "../etc": write it without ..',
    /must not contain/,
  ],
  [
    'an absolute subPath',
    mounted({ mountPath: '/c', subPath: '/etc' }),
    'subPath is "/etc": write a path in the volume, without / in front',
    /must be a relative path/,
  ],
  [
    'a mount that is passed on',
    mounted({ mountPath: '/c', mountPropagation: 'Bidirectional' }),
    'mountPropagation is "Bidirectional", which only privileged',
    /Bidirectional mount propagation/,
  ],
  [
    'a volume with two sources',
    volume({ name: 'v', emptyDir: {}, configMap: { name: 'c' } }),
    'podSpec.volumes.0 has several sources, emptyDir and configMap',
    /may not specify more than 1 volume type/,
  ],
  [
    'two volumes of one name',
    pod({
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'v', emptyDir: {} },
      ],
    }),
    'podSpec.volumes.1.name is "v" a second time',
    /Duplicate value: "v"/,
  ],
  [
    'a volume with _ in its name',
    volume({ name: 'my_data', emptyDir: {} }),
    'podSpec.volumes.0.name is "my_data": write lower-case',
    /RFC 1123 label/,
  ],
  [
    'a secret under the name of config maps',
    volume({ name: 'v', secret: { optional: true } }),
    'podSpec.volumes.0.secret lacks secretName',
    /secretName: Required/,
  ],
  [
    'a mode that cannot be',
    volume({ name: 'v', configMap: { name: 'c', defaultMode: 755 } }),
    'podSpec.volumes.0.configMap.defaultMode is 755: write 0 to 511',
    /between 0 and 0777/,
  ],
  [
    'a file outside of its volume',
    volume({ name: 'v', secret: { secretName: 's', items: [{ key: 'k', path: '../k' }] } }),
    'items.0.path is "../k": write a path below the mount',
    /must not contain|must not start with/,
  ],
  [
    'a claim without a size',
    volume({ name: 'v', ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } }),
    'volumeClaimTemplate.spec lacks resources.requests.storage',
    /storage\]?: Required/,
  ],
  [
    'a claim without access modes',
    volume({
      name: 'v',
      ephemeral: { volumeClaimTemplate: { spec: { resources: { requests: { storage: '1Gi' } } } } },
    }),
    'volumeClaimTemplate.spec lacks accessModes',
    /accessModes: Required/,
  ],
  [
    'a projection of two things at once',
    volume({ name: 'v', projected: { sources: [{ configMap: { name: 'a' }, secret: { name: 'b' } }] } }),
    'projected.sources.0 has several sources, configMap and secret',
    /may not specify more than 1 volume type/,
  ],
  [
    'a short token',
    volume({ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 60 } }] } }),
    'expirationSeconds is 60: write 600 to',
    /may not specify a duration less than 10 minutes/,
  ],
  // where the pods run
  [
    'a toleration with a value',
    { tolerations: [{ key: 'gpu', operator: 'Exists', value: 'true' }] },
    'tolerations.0.value is "true", and operator Exists asks for no value',
    /value must be empty when `operator` is 'Exists'/,
  ],
  [
    'a toleration of everything',
    { tolerations: [{ effect: 'NoSchedule' }] },
    'tolerations.0 has no key: write it, or operator: Exists',
    /operator must be Exists when `key` is empty/,
  ],
  [
    'an unknown operator',
    { tolerations: [{ key: 'gpu', operator: 'Equals', value: 'a' }] },
    'tolerations.0.operator is "Equals": write one of Equal, Exists',
    /operator: Unsupported/,
  ],
  [
    'an unknown effect',
    { tolerations: [{ operator: 'Exists', effect: 'Noschedule' }] },
    'tolerations.0.effect is "Noschedule": write one of NoSchedule',
    /effect: Unsupported/,
  ],
  [
    'a toleration for a time',
    { tolerations: [{ operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 5 }] },
    'tolerations.0 has tolerationSeconds, which are for effect: NoExecute',
    /effect must be 'NoExecute'/,
  ],
  [
    'a node selector that no node can have',
    { nodeSelector: { disk: 'fast ssd' } },
    'nodeSelector.disk is "fast ssd": write letters',
    /nodeSelector: Invalid/,
  ],
  [
    'a key of a node selector',
    { nodeSelector: { 'a/b/c': 'x' } },
    'has the key "a/b/c": write letters',
    /nodeSelector: Invalid/,
  ],
  [
    'a label with spaces in its key',
    { labels: { 'my label': 'x' } },
    'has the key "my label": write letters',
    /labels: Invalid/,
  ],
  ['a label with spaces', { labels: { a: 'x y' } }, 'labels.a is "x y"', /labels: Invalid/],
  [
    'an annotation without a name',
    { annotations: { 'example.com/': 'x' } },
    'has the key "example.com/": write letters',
    /annotations: Invalid/,
  ],
  [
    'a spread without skew',
    pod({ topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'z', whenUnsatisfiable: 'DoNotSchedule' }] }),
    'topologySpreadConstraints.0.maxSkew is 0: write 1 or more',
    /must be greater than zero/,
  ],
  [
    'a spread that is always satisfied',
    pod({ topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'z', whenUnsatisfiable: 'Never' }] }),
    'whenUnsatisfiable is "Never": write one of DoNotSchedule, ScheduleAnyway',
    /whenUnsatisfiable: Unsupported/,
  ],
  [
    'an affinity to nothing',
    pod({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } } }),
    'lacks nodeSelectorTerms',
    /must have at least one node selector term/,
  ],
  [
    'an affinity to no value',
    pod({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In' }] }],
          },
        },
      },
    }),
    'has 0 values for operator In: write at least one',
    /must be specified when `operator` is 'In'/,
  ],
  [
    'a weight that is too large',
    pod({
      affinity: {
        nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1000, preference: {} }] },
      },
    }),
    'weight is 1000: write 1 to 100',
    /range 1-100/,
  ],
  // the pod
  [
    'an account with a capital',
    { serviceAccountName: 'Runner' },
    'serviceAccountName is "Runner": write the name of an object',
    /serviceAccountName: Invalid/,
  ],
  [
    'a DNS policy without servers',
    pod({ dnsPolicy: 'None' }),
    'podSpec.dnsPolicy is "None", and there is no name server',
    /must provide `dnsConfig`/,
  ],
  [
    'a host name for an address',
    { hostAliases: [{ ip: 'db.local', hostnames: ['db'] }] },
    'hostAliases.0.ip is "db.local": write an IP address',
    /must be a valid IP address/,
  ],
  [
    'processes that are shared twice',
    pod({ hostPID: true, shareProcessNamespace: true }),
    'podSpec.shareProcessNamespace cannot be true beside hostPID',
    /cannot both be enabled/,
  ],
  [
    'a privileged container that may not escalate',
    own({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
    'securityContext has privileged: true and allowPrivilegeEscalation: false',
    /cannot set `allowPrivilegeEscalation` to false and `privileged` to true/,
  ],
  [
    'a negative user',
    pod({ securityContext: { runAsUser: -1 } }),
    'podSpec.securityContext.runAsUser is -1: write 0',
    /runAsUser: Invalid/,
  ],
  // the Job
  [
    'a rule without a reason',
    failure({ action: 'Ignore' }),
    'podFailurePolicy.rules.0 does not say when it applies',
    /specifying one of OnExitCodes and OnPodConditions is required/,
  ],
  [
    'an unknown action',
    failure({ action: 'Fail', onExitCodes: { operator: 'In', values: [1] } }),
    'podFailurePolicy.rules.0.action is "Fail": write one of FailJob',
    /action: Unsupported/,
  ],
  [
    'an index of a Job that has none',
    failure({ action: 'FailIndex', onExitCodes: { operator: 'In', values: [1] } }),
    'podFailurePolicy.rules.0.action is "FailIndex", which needs backoffLimitPerIndex',
    /requires the backoffLimitPerIndex/,
  ],
  [
    'exit codes out of order',
    failure({ action: 'FailJob', onExitCodes: { operator: 'In', values: [3, 1] } }),
    'onExitCodes.values is [3,1]: write them in order',
    /must be ordered/,
  ],
  [
    'exit code 0',
    failure({ action: 'FailJob', onExitCodes: { operator: 'In', values: [0, 1] } }),
    'onExitCodes.values is [0,1]: take out 0',
    /must not be 0 for the In operator/,
  ],
  [
    'no exit code',
    failure({ action: 'FailJob', onExitCodes: { operator: 'In', values: [] } }),
    'onExitCodes has no values',
    /at least one value is required/,
  ],
  [
    'the exit code of another container',
    failure({ action: 'FailJob', onExitCodes: { operator: 'In', values: [1], containerName: 'app' } }),
    `onExitCodes.containerName is "app", and the pod's containers are "main"`,
    /must be one of the container or initContainer names/,
  ],
  [
    'a failure policy of pods that restart',
    { restart: 'OnFailure', ...failure({ action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } }) },
    'podFailurePolicy looks at pods that ended, and with restart policy OnFailure',
    /only "Never" is supported/,
  ],
  [
    'a failure policy beside a replacement',
    {
      ...failure({ action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } }),
      job: { podReplacementPolicy: 'TerminatingOrFailed' },
    },
    'podReplacementPolicy can only be Failed beside podFailurePolicy',
    /podReplacementPolicy: Unsupported/,
  ],
  [
    'success of an index that is not there',
    indexed({ successPolicy: { rules: [{ succeededIndexes: '0,7' }] } }),
    'succeededIndexes is "0,7": write rising indexes from 0 to 4',
    /error parsing succeededIndexes/,
  ],
  [
    'more successes than indexes',
    indexed({ successPolicy: { rules: [{ succeededCount: 6 }] } }),
    'succeededCount is 6, more than the 5 indexes',
    /must be less than or equal to 5/,
  ],
  [
    'success without a rule',
    indexed({ successPolicy: { rules: [] } }),
    'successPolicy has no rules',
    /at least one rules must be specified/,
  ],
  [
    'more failed indexes than there are',
    indexed({ backoffLimitPerIndex: 1, maxFailedIndexes: 6 }),
    'maxFailedIndexes is more than there are indexes',
    /must be less than or equal to completions/,
  ],
  [
    'too many indexes for a limit each',
    { completionMode: 'Indexed', parallelism: 10, completions: 100_001, job: { backoffLimitPerIndex: 1 } },
    'above 100000 completions',
    /must be specified when completions is above 100000/,
  ],
  [
    'too many pods at once for a limit each',
    {
      completionMode: 'Indexed',
      parallelism: 10_001,
      completions: 100_001,
      job: { backoffLimitPerIndex: 1, maxFailedIndexes: 5 },
    },
    'above 100000 completions',
    /must be less than or equal to 10000/,
  ],
  ['a controller without a domain', { job: { managedBy: 'kueue' } }, 'managedBy is DOMAIN/NAME', /managedBy: Invalid/],
];

export const refusedJobs: ReadonlyMap<string, RefusedJob> = new Map(
  rows.map(([what, properties, says, refusal]) => [what, { properties, says, refusal }]),
);

/** Tasks that look like these, and whose Jobs are right. */
export const goodJobs: ReadonlyMap<string, object> = new Map<string, object>([
  ['an empty policy for failures', { podFailurePolicy: { rules: [] } }],
  ['a projection of nothing', volume({ name: 'v', projected: { sources: [{}] } })],
  ['volumes from nowhere, which are empty folders', pod({ volumes: [{ name: 'v' }, { name: 'w', emptyDir: null }] })],
  [
    'a sidecar with probes and hooks',
    initial({
      ...sidecar,
      restartPolicy: 'Always',
      startupProbe: { exec: { command: ['a'] } },
      lifecycle: { preStop: { sleep: { seconds: 1 } } },
    }),
  ],
  [
    'equal amounts in other units',
    own({ resources: { requests: { cpu: 0.5, memory: '1Gi' }, limits: { cpu: '500m', memory: 1_073_741_824 } } }),
  ],
  [
    'amounts of every kind',
    own({
      resources: {
        limits: {
          cpu: '1e1',
          memory: '1.5Gi',
          'hugepages-2Mi': '4Mi',
          'ephemeral-storage': '1T',
          'nvidia.com/gpu': '2',
        },
      },
    }),
  ],
  [
    'one port of the node for two protocols',
    own({
      ports: [
        { containerPort: 53, hostPort: 53, name: 'dns' },
        { containerPort: 53, hostPort: 53, protocol: 'UDP', name: 'dns-udp' },
      ],
    }),
  ],
  [
    'the ports of the node',
    pod({ hostNetwork: true, containers: [{ ports: [{ containerPort: 80, hostPort: 80 }, { containerPort: 81 }] }] }),
  ],
  [
    'a volume in two places',
    pod({
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [
        {
          volumeMounts: [
            { name: 'v', mountPath: '/a' },
            { name: 'v', mountPath: '/b', subPath: 'a..b/c' },
          ],
        },
      ],
    }),
  ],
  [
    'all sources of a projection',
    volume({
      name: 'v',
      projected: {
        defaultMode: 0o400,
        sources: [
          { configMap: { name: 'a' } },
          { secret: { name: 'b', items: [{ key: 'k', path: 'd/k' }] } },
          { serviceAccountToken: { path: 't' } },
          { downwardAPI: { items: [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }] } },
        ],
      },
    }),
  ],
  [
    'a claim of its own',
    volume({
      name: 'v',
      ephemeral: {
        volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
      },
    }),
  ],
  [
    'an empty value beside a source',
    {
      env: [
        { name: 'A', value: '', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
        { name: 'a.b-c', value: '$(A)' },
      ],
    },
  ],
  [
    'tolerations of every kind',
    {
      tolerations: [
        { operator: 'Exists' },
        { key: 'a', value: 'b' },
        { key: 'example.com/a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 },
        { key: 'c', operator: 'Exists', value: '' },
      ],
    },
  ],
  [
    'empty words',
    own({ imagePullPolicy: '', terminationMessagePolicy: '', ports: [{ containerPort: 80, protocol: '', name: '' }] }),
  ],
  [
    'labels of every kind',
    {
      labels: { a: '', 'example.com/B_c.d': '1' },
      annotations: { 'Example.com/x': 'any text, {}' },
      nodeSelector: { 'kubernetes.io/os': 'linux' },
    },
  ],
  [
    'addresses',
    {
      hostAliases: [
        { ip: '10.0.0.1', hostnames: ['db'] },
        { ip: '::1', hostnames: ['x'] },
        { ip: 'fe80::1:2', hostnames: ['y'] },
      ],
      podSpec: { dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1'] } },
    },
  ],
  [
    'an affinity',
    pod({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              {
                matchExpressions: [
                  { key: 'a', operator: 'Gt', values: ['5'] },
                  { key: 'b', operator: 'Exists' },
                ],
              },
            ],
          },
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, preference: { matchExpressions: [{ key: 'c', operator: 'In', values: ['x'] }] } },
          ],
        },
      },
    }),
  ],
  [
    'rules for failures',
    {
      podFailurePolicy: {
        rules: [
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] },
          { action: 'FailJob', onExitCodes: { containerName: 'main', operator: 'NotIn', values: [0, 3] } },
        ],
      },
      job: { podReplacementPolicy: 'Failed' },
    },
  ],
  [
    'rules for success',
    indexed({
      backoffLimitPerIndex: 2,
      maxFailedIndexes: 5,
      successPolicy: { rules: [{ succeededIndexes: '0,2-4', succeededCount: 4 }] },
    }),
  ],
  [
    'very many indexes',
    {
      completionMode: 'Indexed',
      parallelism: 10_000,
      completions: 200_000,
      job: { backoffLimitPerIndex: 1, maxFailedIndexes: 10_000 },
    },
  ],
  ['a domain of a controller', { job: { managedBy: 'kueue.x-k8s.io/multikueue' } }],
]);
