/** What runs while the pictures of the console are taken: a small shop, with a task for each phase that is shown. */

interface Application {
  readonly apiVersion: 'core.oam.dev/v1beta1';
  readonly kind: 'Application';
  readonly metadata: { readonly name: string };
  readonly spec: { readonly components: readonly [Component] };
}

interface Component {
  readonly name: string;
  readonly type: 'task' | 'task-flow';
  readonly properties: Readonly<Record<string, unknown>>;
}

function applicationOf(name: string, component: Component): Application {
  return {
    apiVersion: 'core.oam.dev/v1beta1',
    kind: 'Application',
    metadata: { name },
    spec: { components: [component] },
  };
}

const task = (name: string, properties: Component['properties']): Application =>
  applicationOf(name, { name, type: 'task', properties: { image: 'busybox:1.36', ...properties } });

const shell = (script: string): readonly string[] => ['sh', '-c', script];

/** Deployed one after the other, each when the run before has ended. */
export const deployments: readonly Application[] = [
  workerWith({ image: 'ubuntu:22.04', cmd: shell('echo "the first deployment"; sleep 2'), count: 1 }),
  workerWith({ image: 'busybox:1.36', cmd: shell('echo "the second deployment"; sleep 4'), count: 1 }),
  workerWith({ image: 'busybox:1.36', cmd: shell('echo "the third deployment"; sleep 3'), count: 2 }),
];

function workerWith(properties: Component['properties']): Application {
  const executionPolicy = { keepLast: 3 };
  return applicationOf('app-worker', {
    name: 'mytask',
    type: 'task',
    properties: { ...properties, executionPolicy },
  });
}

const batches = 'i=1; while [ $i -le 40 ]; do echo "batch $i of 40: 250 rows migrated"; i=$((i + 1)); sleep 0.1; done';

/** Deployed at once. */
export const applications: readonly Application[] = [
  task('backup', {
    // Fails in every second minute.
    cmd: shell('echo "backing up"; [ $(($(date +%s) / 60 % 2)) = 0 ] || { echo "disk full" >&2; exit 3; }'),
    schedule: { cron: '* * * * *' },
    backoffLimit: 0,
    executionPolicy: { keepLast: 5, keepLastFailed: 5 },
  }),
  task('migrate', { cmd: shell(batches) }),
  task('reindex', { cmd: shell('echo "reading 12 tables"; sleep 1200') }),
  task('report', { image: 'registry.example.com/report:2.1', cmd: ['report'] }),
  task('housekeeping', { cmd: ['true'], schedule: { cron: '0 3 * * *', timeZone: 'Europe/Berlin' }, suspend: true }),
  applicationOf('etl', {
    name: 'nightly',
    type: 'task-flow',
    properties: {
      steps: [
        { name: 'extract', image: 'busybox:1.36', cmd: shell('echo "1,204 orders"; sleep 1') },
        ...['eu', 'us', 'asia'].map((region) => ({
          name: `load-${region}`,
          image: 'busybox:1.36',
          cmd: shell(region === 'us' ? 'echo "no connection" >&2; exit 3' : 'echo loaded; sleep 2'),
          dependsOn: ['extract'],
          backoffLimit: 0,
        })),
        { name: 'report', image: 'busybox:1.36', cmd: ['true'], dependsOn: ['load-eu', 'load-us', 'load-asia'] },
        { name: 'tell', image: 'busybox:1.36', cmd: ['echo', 'the night went wrong'], when: 'OnFailure' },
      ],
    },
  }),
];
