/**
 * One controller process, put together: client, caches, leader election, the task controller, the archive and the endpoints.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { People } from './api/person.ts';
import { createApi, serveApi, type Serving } from './api/server.ts';
import { Service } from './api/service.ts';
import { Archive } from './archive/archive.ts';
import type { Archiver } from './archive/archiver.ts';
import { archiveFinished, createArchiver } from './archiving.ts';
import { allInformers, createCaches, type Caches } from './controllers/caches.ts';
import { TaskController } from './controllers/task-controller.ts';
import { createClient, type Client } from './kube/client.ts';
import { EventRecorder } from './kube/event-recorder.ts';
import { LeaderElector } from './kube/leader-election.ts';
import type { ControllerOptions } from './options.ts';
import { cachesSynced, watchesMove } from './server/checks.ts';
import { healthPages, metricsPages, parseAddress, servePages } from './server/http-server.ts';
import { createMetrics } from './server/metrics.ts';
import { createObservers } from './server/observers.ts';

const program = 'task-runs';

export interface Manager {
  /** The port of /healthz, /readyz and /metrics. */
  readonly port: number;
  /** The port of the REST API, where it is served. */
  readonly apiPort: number | undefined;
  /** Finish what is under way, give the Lease back, close. */
  stop(): Promise<void>;
}

/**
 * Start a controller. Caches fill at once, also in a replica that does not lead, so that it takes over without delay.
 *
 * @param onLost is called when the Lease is lost: the process must end, for another one acts now
 * @throws Error when the kubeconfig or the certificate cannot be read or an address cannot be listened on
 */
export async function startManager(options: ControllerOptions, log: Logger, version: string, onLost: (reason: string) => void): Promise<Manager> {
  const identity = `${hostname()}_${randomUUID()}`;
  const metrics = createMetrics();
  const observers = createObservers(metrics, log);
  const client = createClient({ kubeconfigPath: options.kubeconfig, userAgent: program, onRequest: observers.calls });
  const caches = createCaches({ client, namespaces: options.namespace, observer: observers.informers });
  const informers = allInformers(caches);
  const recorder = new EventRecorder({ client, component: program, instance: identity, ...observers.events });
  const archive = options.archive === undefined ? undefined : new Archive(options.archive);
  const archiver: Archiver | undefined = archive && createArchiver(options, { client, archive, log, observer: observers.archive, onReleased: ({ uid }) => controller.lookAgain(uid) });
  const held = archiver && { has: (uid: string) => archiver.holds(uid) };
  const controller = new TaskController({ client, caches, recorder, log, held, workers: options.workers, observer: observers.queues, scheduleDelay: (seconds) => metrics.scheduleDelay.observe(seconds) });
  const checks = { alive: { watches: watchesMove(informers) }, ready: { caches: cachesSynced(informers) } };
  const server = await servePages(options.address, { ...healthPages(checks), ...metricsPages(metrics.registry) });
  const api = await startApi(options, { client, caches, archive, log, version });
  const synced = Promise.all(informers.map((informer) => informer.start()));

  const lead = (): void => {
    void synced.then(() => {
      metrics.leader.set(1);
      log.info({ identity }, 'leading');
      if (archiver) archiveFinished(caches, archiver);
      controller.start();
    });
  };
  const elector = options.leaderElect
    ? new LeaderElector({
        client,
        namespace: options.leaderElectionNamespace,
        name: program,
        identity,
        onStartedLeading: lead,
        onStoppedLeading: onLost,
        onNewLeader: (leader) => log.info({ leader }, 'new leader'),
        onError: (error) => log.warn({ err: error }, 'the lease could not be read or renewed'),
      })
    : undefined;
  if (elector) void elector.run();
  else lead();

  return {
    port: server.port,
    apiPort: api?.port,
    async stop() {
      await controller.stop();
      await archiver?.stop();
      await recorder.stop();
      await elector?.stop(); // only now may another act
      await Promise.all(informers.map((informer) => informer.stop()));
      await api?.close();
      await archive?.close();
      await client.close();
      await server.close();
    },
  };
}

interface ApiParts {
  readonly client: Client;
  readonly caches: Caches;
  readonly archive: Archive | undefined;
  readonly log: Logger;
  readonly version: string;
}

async function startApi(options: ControllerOptions, { client, caches, archive, log, version }: ApiParts): Promise<Serving | undefined> {
  const { apiAddress, apiRequestsPerMinute: all, tlsCertFile, tlsPrivateKeyFile } = options;
  if (apiAddress === undefined) return undefined;
  if ((tlsCertFile === undefined) !== (tlsPrivateKeyFile === undefined)) throw new Error('--tls-cert-file and --tls-private-key-file go together: give both, or neither for plain HTTP');
  const tls = tlsCertFile !== undefined && tlsPrivateKeyFile !== undefined ? { cert: await readFile(tlsCertFile), key: await readFile(tlsPrivateKeyFile) } : undefined;
  const app = createApi({ service: new Service({ caches, archive }), people: new People(client), log, version, console: consoleFiles(), requestLimits: { all, changes: Math.ceil(all / 10) } });
  return serveApi(app, parseAddress(apiAddress), tls);
}

/** In the image the console is beside the program, in a checkout beside its folder. */
function consoleFiles(): string | undefined {
  return ['./console', '../console'].map((path) => fileURLToPath(new URL(path, import.meta.url))).find((path) => existsSync(`${path}/index.html`));
}
