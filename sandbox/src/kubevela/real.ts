import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { promisify } from 'node:util';
import type { Context } from '../context.ts';
import type { KubeClient, KubeObject } from '../kube-client.ts';
import type { Program } from '../machine/process.ts';
import { answers } from '../machine/readiness.ts';
import { clusterGateway, hasClusterGateway } from './cluster-gateway.ts';

const run = promisify(execFile);
const systemNamespace = 'vela-system';
const definitionFolders = ['defwithtemplate', 'velaql'];

/** The KubeVela of KUBEVELA_HOME, with its cluster-gateway where it has one. */
export function kubevelaReal(context: Context): Program[] {
  const home = context.settings.kubevelaHome ?? '';
  return hasClusterGateway(home) ? [clusterGateway(context), velaCore(context, true)] : [velaCore(context, false)];
}

/**
 * vela-core of KUBEVELA_HOME, with what the Helm chart would have applied. Webhooks and leader election are off by
 * vela-core's own defaults; the two short periods are for tests.
 */
function velaCore({ layout, settings, client }: Context, otherClusters: boolean): Program {
  const home = settings.kubevelaHome ?? '';
  const { velaHealth, velaMetrics, clusterGateway: gatewayPort } = settings.ports;
  return {
    name: 'vela-core',
    command: join(home, 'bin/vela-core'),
    args: [
      `--health-addr=127.0.0.1:${velaHealth}`,
      `--metrics-addr=127.0.0.1:${velaMetrics}`,
      '--application-re-sync-period=10s',
      '--max-workflow-wait-backoff-time=2',
      '--system-definition-namespace=vela-system',
      ...(otherClusters
        ? [
            '--enable-cluster-gateway',
            `--cluster-gateway-url=localhost:${gatewayPort}`,
            `--cluster-gateway-ca-file=${join(layout.pki, 'kubernetes-ca.crt')}`,
          ]
        : []),
    ],
    // It has no flag for it.
    env: { KUBECONFIG: join(layout.pki, 'vela.kubeconfig') },
    prepare: () => applyChartOnce(client, home, join(layout.config, 'kubevela-chart')),
    ready: () => answers(`http://127.0.0.1:${velaHealth}/readyz`),
    startWithinMs: 60_000,
    stopWithinMs: 10_000,
  };
}

/**
 * Once in a sandbox's life, as Helm would: applied again after a restart it would take back what an addon has
 * overridden.
 * @param record the file that says which chart was applied
 */
async function applyChartOnce(client: KubeClient, home: string, record: string): Promise<void> {
  const chart = join(home, 'charts/vela-core');
  const applied = await readFile(record, 'utf8').catch(() => undefined);
  if (applied === chart) return;
  await applyChart(client, chart);
  await client.apply([deploymentOf(await versionOf(join(home, 'bin/vela')))]);
  await mkdir(dirname(record), { recursive: true });
  await writeFile(record, chart);
}

async function versionOf(vela: string): Promise<string> {
  const { stdout } = await run(vela, ['version']);
  const version = /CLI Version: (v\d\S*)/.exec(stdout)?.[1];
  if (version === undefined) throw new Error(`${vela} version names no version: ${stdout.trim()}`);
  return version;
}

/**
 * What vela looks at to tell whether, and in which version, KubeVela is there: it enables no addon without. Nothing
 * runs in it.
 */
function deploymentOf(version: string): KubeObject {
  const labels = { 'controller.oam.dev/name': 'vela-core' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'kubevela-vela-core', namespace: systemNamespace, labels },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'kubevela', image: `oamdev/vela-core:${version}` }] },
      },
    },
  };
}

async function applyChart(client: KubeClient, chart: string): Promise<void> {
  const crds = await readObjects(join(chart, 'crds'));
  await client.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: systemNamespace } }, ...crds]);
  const definitions = await Promise.all(
    definitionFolders.map((folder) => readObjects(join(chart, 'templates', folder))),
  );
  await client.apply(definitions.flat().map(inSystemNamespace));
}

async function readObjects(directory: string): Promise<KubeObject[]> {
  const files = (await readdir(directory).catch(() => [])).filter((file) => file.endsWith('.yaml'));
  const texts = await Promise.all(files.map((file) => readFile(join(directory, file), 'utf8')));
  return texts.flatMap(objectsOf);
}

/**
 * The objects of a chart's template. Of Helm's language the definitions use only the namespace; a file with anything
 * else is refused rather than applied half rendered.
 * @throws Error quoting the first other template expression
 */
export function objectsOf(text: string): KubeObject[] {
  const rendered = text.replaceAll('{{ include "systemDefinitionNamespace" . }}', systemNamespace);
  const other = /\{\{.*/.exec(rendered)?.[0];
  if (other !== undefined)
    throw new Error(`the chart's templates use ${other}, which the sandbox does not know how to render`);
  return parseAllDocuments(rendered)
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null);
}

function inSystemNamespace(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, namespace: object.metadata.namespace ?? systemNamespace } };
}
