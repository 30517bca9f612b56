import { startManager } from './manager.ts';
import { parseOptions } from './options.ts';
import { createLogger } from './server/log.ts';
import packageJson from '../../package.json' with { type: 'json' };

/** Longer than the work queue's grace period, shorter than a pod's terminationGracePeriodSeconds of 30. */
const stopMilliseconds = 25_000;

const options = parseOptions(process.argv, packageJson.version);
const log = createLogger({ level: options.logLevel });

function fail(message: string, error?: unknown): never {
  log.fatal({ err: error }, message);
  process.exit(1);
}

process.on('unhandledRejection', (error) => fail('unhandled promise rejection', error));

const manager = await startManager(options, log, (reason) => fail(`no longer leading: ${reason}`)).catch(
  (error: unknown) => fail('could not start', error),
);
log.info({ port: manager.port, apiPort: manager.apiPort, version: packageJson.version }, 'started');

let stopping = false;
const stop = (signal: string): void => {
  if (stopping) return;
  stopping = true;
  log.info({ signal }, 'stopping');
  setTimeout(() => fail(`did not stop within ${stopMilliseconds / 1000} s`), stopMilliseconds).unref();
  void manager.stop().then(
    () => process.exit(0),
    (error: unknown) => fail('could not stop cleanly', error),
  );
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
