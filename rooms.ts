/**
 * The rooms of the code: what is in each, and what each may import. `npm run borders` checks it, type imports counted,
 * and the table in docs/architecture.md is made of it.
 */

/** A folder of the repository; files in a room inside it belong to that room alone. */
export interface Room {
  /** From the top of the repository, with a slash at the end. */
  readonly folder: string;
  /** What is in it, in Markdown. */
  readonly holds: string;
  /**
   * Folders (with what is below them) and files that it may import beside its own; left out where it has no TypeScript,
   * `everything` where it has no border.
   */
  readonly imports?: readonly string[];
  /** Folders and files of which it may import types, by `import type`. */
  readonly types?: readonly string[];
  /** Packages of npm and modules of Node (`node:crypto`; `node:*` for all of them). */
  readonly packages?: readonly string[];
  /** What its tests and its testing/ may import beside that, any testing/, Node and {@link testPackages}. */
  readonly tests?: readonly string[];
}

export const everything = '*';

/** What tests may import in every room. */
export const testPackages = ['ajv', 'fast-check', 'vitest', 'yaml'];

const cluster = 'controller/src/cluster/';
const domain = 'controller/src/domain/';
const http = 'controller/src/http/';
const kube = 'controller/src/kube/';
const logs = 'controller/src/logs/';
const records = 'controller/src/records/';
const requests = 'controller/src/requests/';
const resources = 'controller/src/resources/';
const vela = 'controller/src/vela/';

/** Folders of the domain, and the resources. */
const inDomain = (...folders: readonly string[]): readonly string[] => [
  ...folders.map((folder) => `${domain}${folder}/`),
  resources,
];

/** In docs/architecture.md in this order. */
export const rooms: readonly Room[] = [
  {
    folder: 'addon/',
    holds: 'CRDs, RBAC, Deployment, admission policy, topology rules; what KubeVela deploys where',
  },
  {
    folder: 'definitions/',
    holds:
      'the CUE definitions, those of one kind on top of another ([decision 5](decisions/0005-a-definition-on-top-of-another.md))',
  },
  {
    folder: 'integrations/',
    holds: 'health of our resources for Argo CD (Lua) and Flux (CEL)',
    imports: [],
    tests: ['@marcbachmann/cel-js', 'wasmoon'],
  },
  { folder: 'observability/', holds: 'alerts for Prometheus, a dashboard for Grafana' },
  {
    folder: resources,
    holds: "the resources' types, generated from the CRDs, and their labels",
    imports: [],
  },
  {
    folder: `${domain}lang/`,
    holds: 'small things that know nothing of tasks: words, durations, names, hashes of JSON',
    imports: [],
    packages: ['node:crypto'],
    tests: [domain],
  },
  {
    folder: `${domain}model/`,
    holds:
      'types of what is decided on and decided, reasons and events among them, and functions that they always have',
    imports: [`${domain}lang/`, resources],
    tests: [domain],
  },
  {
    folder: `${domain}pods/`,
    holds: 'changes to a pod template',
    imports: inDomain('lang', 'model'),
    tests: [domain],
  },
  {
    folder: `${domain}shape/`,
    holds: 'what a run consists of: steps in their order, items, nodes, templates, outputs, a workspace',
    imports: inDomain('lang', 'model', 'pods'),
    tests: [domain],
  },
  {
    folder: `${domain}view/`,
    holds: 'a Task with its runs and Jobs, sorted once',
    imports: inDomain('lang', 'model', 'pods', 'shape'),
    tests: [domain],
  },
  {
    folder: `${domain}manifest/`,
    holds: 'the objects that we create: TaskRuns, Jobs, claims',
    imports: inDomain('lang', 'model', 'pods', 'shape'),
    tests: [domain],
  },
  {
    folder: `${domain}queue/`,
    holds: 'what a Job waits for in a queue of Kueue, and in which words',
    imports: inDomain('lang', 'model', 'pods', 'shape'),
    tests: [domain],
  },
  {
    folder: `${domain}schedule/`,
    holds: 'cron expressions, and which times are due',
    imports: inDomain('lang', 'model', 'pods', 'shape'),
    packages: ['croner'],
    tests: [domain],
  },
  {
    folder: `${domain}policies/`,
    holds:
      'one policy a file, named after its field where it has one, and what several of them ask: whether a run could start (first-job.ts), and whose place it takes (taking-over.ts)',
    imports: inDomain('lang', 'model', 'pods', 'shape', 'view', 'manifest', 'queue', 'schedule'),
    tests: [domain],
  },
  {
    folder: `${domain}status/`,
    holds: 'what statuses and events say of a Job, a run, a flow and a Task',
    imports: inDomain('lang', 'model', 'pods', 'shape', 'view', 'manifest', 'queue', 'schedule', 'policies'),
    tests: [domain],
  },
  {
    folder: `${domain}steps/`,
    holds: 'the steps of decide, one a file',
    imports: inDomain('lang', 'model', 'pods', 'shape', 'view', 'manifest', 'queue', 'schedule', 'policies', 'status'),
    tests: [domain],
  },
  {
    folder: domain,
    holds:
      'decide.ts: the list of steps, which says what to do about one Task; carry-out.ts: what that changes, in memory. No client, no clock, no I/O',
    imports: [domain, resources],
  },
  {
    folder: kube,
    holds: 'client, informer, queue, leader election, events: nothing that knows of tasks',
    imports: [],
    packages: ['@kubernetes/client-node', 'kubernetes-types', 'node:*', 'p-limit', 'socks', 'undici', 'yaml'],
  },
  {
    folder: http,
    holds: 'where a server listens, with which certificate, and how it stops',
    imports: [],
    packages: ['node:events', 'node:fs/promises', 'node:http', 'node:https', 'node:net', 'node:tls'],
  },
  {
    folder: records,
    holds: 'what the record of a run says, for whoever reads a TaskRun: archive, API, command line, traces',
    imports: [`${domain}lang/`, `${domain}model/`, resources],
  },
  {
    folder: vela,
    holds:
      'what KubeVela does with an Application: its context, revisions, labels and merges, and when a step is over; held against test/recordings',
    imports: [`${domain}lang/`, `${domain}model/`, resources],
    tests: ['node:*'],
  },
  {
    folder: cluster,
    holds: 'the kinds of objects that we read: their types, what the caches keep of them, what Kueue and KubeVela say',
    imports: [domain, kube, resources, vela],
    packages: ['kubernetes-types'],
  },
  {
    folder: 'controller/src/controllers/',
    holds: 'from watch events to reconciles, from actions to calls',
    imports: [cluster, domain, kube, records, resources],
    packages: ['kubernetes-types', 'pino'],
    // A cluster in memory takes what the CRDs' schemas let through.
    tests: ['controller/src/plan/', vela],
  },
  {
    folder: logs,
    holds: "a run's logs: which containers there are, merged by time, followed",
    imports: [cluster, domain, kube, resources],
    packages: ['kubernetes-types'],
    tests: ['node:*'],
  },
  {
    folder: requests,
    holds: 'what people ask for, as the API and the command line both write it: run, retry, cancel, prune',
    imports: [cluster, domain, kube, resources],
    packages: ['p-limit'],
  },
  {
    folder: 'controller/src/archive/',
    holds:
      'what stays of finished runs: SQLite or PostgreSQL, taking logs, retention ([decision 16](decisions/0016-an-archive-beside-the-cluster.md))',
    imports: [cluster, domain, kube, logs, records, resources],
    packages: ['kubernetes-types', 'kysely', 'node:*', 'p-limit', 'pg', 'pino'],
  },
  {
    folder: 'controller/src/api/',
    holds:
      'the REST API: routes, shapes, errors, who may what ([decision 17](decisions/0017-actions-carry-the-persons-token.md)); docs/reference/api.md is made of it',
    imports: ['controller/src/archive/', cluster, domain, http, kube, logs, records, requests, resources],
    packages: ['express', 'express-rate-limit', 'helmet', 'kubernetes-types', 'node:*', 'pino', 'zod', 'zod-openapi'],
  },
  {
    folder: 'controller/src/server/',
    holds: 'health, metrics, log',
    imports: [`${domain}model/`, http, kube],
    types: ['controller/src/archive/', 'controller/src/controllers/'],
    packages: ['node:*', 'pino', 'prom-client'],
    tests: ['undici'],
  },
  {
    folder: 'controller/src/tracing/',
    holds: "a finished run as a trace of OpenTelemetry's",
    imports: [records, resources],
    packages: [
      '@opentelemetry/api',
      '@opentelemetry/exporter-trace-otlp-http',
      '@opentelemetry/resources',
      '@opentelemetry/sdk-trace-node',
      'node:crypto',
    ],
  },
  {
    folder: 'controller/src/plan/',
    holds:
      'what a deployment would do: Applications read with their lines, `decide` carried out in memory, the plan in words. No I/O; CUE is behind the interface `Render`',
    imports: [domain, resources, vela],
    packages: ['@marcbachmann/cel-js', 'node:crypto', 'yaml'],
  },
  {
    folder: 'controller/src/cli/',
    holds:
      'the command line: one command a file (`commands/`), what they show (`views/`), printed logs (`logs/`); all of the process it touches is in io.ts',
    imports: [
      'controller/src/plan/',
      `${cluster}projections.ts`,
      `${cluster}resource-types.ts`,
      'cue/ts/',
      domain,
      kube,
      logs,
      'package.json',
      records,
      requests,
      resources,
      vela,
    ],
    types: ['controller/src/api/schemas.ts'],
    packages: ['commander', 'kubernetes-types', 'node:*', 'fast-string-width', 'yaml'],
  },
  {
    folder: 'controller/src/',
    holds:
      'the program: options, main.ts, manager.ts with archive (archiving.ts) and API (serving.ts) put together for a controller',
    imports: [
      'controller/src/api/',
      'controller/src/archive/',
      cluster,
      'controller/src/controllers/',
      domain,
      http,
      kube,
      'controller/src/server/',
      'controller/src/tracing/',
      'package.json',
      resources,
    ],
    packages: ['commander', 'node:*', 'pino'],
  },
  {
    folder: 'console/src/',
    holds: 'the console in the browser',
    imports: [`${domain}lang/duration.ts`, `${domain}model/phase.ts`],
    types: ['controller/src/api/schemas.ts'],
    packages: ['preact'],
  },
  { folder: 'cue/', holds: 'CUE as WebAssembly (`go/`) and its typed face (`ts/`)', imports: [], packages: ['node:*'] },
  {
    folder: 'sandbox/src/kubevela/',
    holds: "KubeVela's stand-in",
    imports: [
      'cue/ts/',
      `${domain}lang/`,
      kube,
      resources,
      'sandbox/src/',
      'scripts/addon-files.ts',
      'scripts/plain-task.ts',
      vela,
    ],
    packages: ['node:*', 'yaml'],
    tests: ['scripts/definition-files.ts'],
  },
  {
    folder: 'sandbox/src/',
    holds: 'Kubernetes on one machine: its programs, the machine they run on, how they are built',
    imports: ['sandbox/src/kubevela/'],
    packages: ['commander', 'node:*', 'p-limit', 'undici', 'yaml'],
  },
  { folder: 'scripts/', holds: 'how all is built, generated and shown', imports: [everything] },
  {
    folder: 'test/',
    holds:
      'tests against an API server (`api/`), end to end (`e2e/`), in a browser (`console/`), of the definitions (`definitions/`), of the archive (`archive/`), the judge of a campaign (`campaign/`), of an upgrade (`upgrade/`), and what the real KubeVela and Kueue answered (`recordings/`)',
    imports: [everything],
  },
  { folder: 'bench/', holds: 'measurements, each beside a peer or a raw limit', imports: [everything] },
];
