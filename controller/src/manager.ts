/**
 * One controller process, put together: client, caches, leader election, the task controller, the archive and the
 * endpoints.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { archiveTrouble } from './archive/remedy.ts';
import { openArchiving } from './archiving.ts';
import { allInformers, createCaches } from './cluster/caches.ts';
import { KueueWatch } from './cluster/kueue-watch.ts';
import { RunCensus } from './controllers/run-census.ts';
import type { RunObserver } from './controllers/run-observer.ts';
import { TaskController } from './controllers/task-controller.ts';
import { eventReasons } from './domain/model/events.ts';
import { createClient } from './kube/client.ts';
import { EventRecorder } from './kube/event-recorder.ts';
import { LeaderElector } from './kube/leader-election.ts';
import { pods } from './kube/resources.ts';
import type { ControllerOptions } from './options.ts';
import { cachesSynced, watchesMove } from './server/checks.ts';
import { healthPages, metricsPages, servePages } from './server/pages.ts';
import { createMetrics, type Metrics } from './server/metrics.ts';
import { createObservers } from './server/observers.ts';
import { traceOf } from './tracing/run-trace.ts';
import type { TraceExporter } from './tracing/exporter.ts';
import { createTraceExporter, tracesConfigured } from './tracing/trace-exporter.ts';
import packageJson from '../../package.json' with { type: 'json' };

const program = 'task-runs';

export interface Manager {
  /** The port of /healthz, /readyz and /metrics. */
  readonly port: number;
  /** The port of the REST API, if it is served. */
  readonly apiPort: number | undefined;
  /** Finish current work, release the Lease, close. */
  stop(): Promise<void>;
}

/**
 * Start a controller. Caches fill at once, also in a standby replica, so that it takes over without delay.
 *
 * @param onLost is called when the Lease is lost: the process must end, because another one acts now
 * @throws Error when the kubeconfig or the certificate cannot be read or an address cannot be listened on
 */
export async function startManager(
  options: ControllerOptions,
  log: Logger,
  onLost: (reason: string) => void,
): Promise<Manager> {
  const predecessors = options.podUid && `${hostname()}_${options.podUid}_`;
  const identity = `${predecessors ?? `${hostname()}_`}${randomUUID()}`;
  const metrics = createMetrics();
  const observers = createObservers(metrics, log);
  const connection = { kubeconfigPath: options.kubeconfig, userAgent: program, onRequest: observers.calls };
  const client = createClient(connection);
  // Renewals of the Lease wait behind no other call.
  const leaseClient = createClient(connection);
  const caches = createCaches({ client, namespaces: options.namespace, observer: observers.informers });
  const informers = allInformers(caches);
  const isNeeded = (): boolean => caches.jobs.cache.by('queued', 'all').length > 0;
  const kueue = new KueueWatch({ client, namespaces: options.namespace, observer: observers.informers, isNeeded });
  const recorder = new EventRecorder({ client, component: program, instance: identity, ...observers.events });
  const archiving = await openArchiving(options, {
    client,
    log,
    observer: { ...observers.archive, archiveFailed: tellOf(recorder, options) },
    onReleased: ({ uid }) => controller.lookAgain(uid),
  });
  const census = new RunCensus(caches.runs, observers.census);
  const traces = tracesConfigured(process.env) ? await startTraces(metrics, log) : undefined;
  const runObserver: RunObserver = {
    ...observers.runs,
    finished: (run, status, jobs) => traces?.send(traceOf(run, status, jobs)),
  };
  const controller = new TaskController({
    client,
    caches,
    kueue,
    recorder,
    log,
    held: archiving,
    workers: options.workers,
    observer: observers.queues,
    runObserver,
    archived: archiving && ((task) => archiving.lastDeployment(task)),
  });
  const checks = { alive: { watches: watchesMove(informers) }, ready: { caches: cachesSynced(informers) } };
  const server = await servePages(options.address, {
    ...healthPages(checks),
    ...metricsPages(metrics.registry, () => observeOldest(metrics, census)),
  });
  // Objects that are not needed are not read, to save memory.
  const api =
    options.apiAddress === undefined
      ? undefined
      : await (
          await import('./serving.ts')
        ).startApi(options, options.apiAddress, {
          client,
          caches,
          archive: archiving?.archive,
          log,
          version: packageJson.version,
        });
  const synced = Promise.all(informers.map((informer) => informer.start()));

  const startedAt = new Date();
  let isSynced = false;
  void synced.then(() => (isSynced = true));
  /** A watch may have fallen silent while another controller led: what that one did would be done again. */
  const upToDate = () => (isSynced ? Promise.all(informers.map((informer) => informer.refresh())) : synced);
  const lead = (leaderBefore: Date | undefined): void => {
    void upToDate().then(() => {
      metrics.leader.set(1);
      log.info({ identity }, 'leading');
      archiving?.start(caches);
      census.start();
      controller.start(leaderBefore?.getTime() ?? 0);
    });
  };
  const elector = options.leaderElect
    ? new LeaderElector({
        client: leaseClient,
        namespace: options.leaderElectionNamespace,
        name: program,
        identity,
        predecessors,
        onStartedLeading: lead,
        onStoppedLeading: onLost,
        onNewLeader: (leader) => log.info({ leader }, 'new leader'),
        onError: (error) => log.warn({ err: error }, 'the lease could not be read or renewed'),
      })
    : undefined;
  if (elector) void elector.run();
  else lead(startedAt);

  return {
    port: server.port,
    apiPort: api?.port,
    async stop() {
      await controller.stop();
      await archiving?.stop();
      await recorder.stop();
      await elector?.stop(); // from here on another process may act
      await Promise.all([kueue.stop(), ...informers.map((informer) => informer.stop())]);
      await api?.close();
      await archiving?.close();
      await traces?.stop();
      await Promise.all([client.close(), leaseClient.close()]);
      await server.close();
    },
  };
}

/** Computed at each scrape, because ages grow. */
function observeOldest(metrics: Metrics, census: RunCensus): void {
  for (const [phase, seconds] of Object.entries(census.oldestWaiting(Date.now())))
    metrics.oldestWaiting.set({ phase }, seconds);
}

/** A controller without traces is better than no controller. */
async function startTraces(metrics: Metrics, log: Logger): Promise<TraceExporter | undefined> {
  const onDropped = (spans: number, error: Error | undefined): void => {
    metrics.spansDropped.inc(spans);
    log.warn({ spans, err: error }, 'the collector did not accept spans');
  };
  try {
    return await createTraceExporter({ service: program, version: packageJson.version, onDropped });
  } catch (error) {
    log.error({ err: error }, 'no traces are sent');
    return undefined;
  }
}

/** Says on the controller's own pod what keeps runs from being archived; outside a pod only the log says it. */
function tellOf(recorder: EventRecorder, options: ControllerOptions): ((error: unknown) => void) | undefined {
  const { podUid: uid, leaderElectionNamespace: namespace } = options;
  if (uid === undefined) return undefined;
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: hostname(), namespace, uid } } as const;
  return (error) =>
    recorder.record(pods, pod, {
      type: 'Warning',
      reason: eventReasons.archiveUnavailable,
      message: archiveTrouble(error),
    });
}
