import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job } from 'kubernetes-types/batch/v1.js';
import type { ConfigMap } from 'kubernetes-types/core/v1.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  isAlreadyExists,
  isConflict,
  isForbidden,
  isInvalid,
  isNotFound,
  isTimeout,
  type ApiError,
} from '../../controller/src/kube/api-error.ts';
import { createClient, type Client, type Page } from '../../controller/src/kube/client.ts';
import { EventRecorder } from '../../controller/src/kube/event-recorder.ts';
import { Informer } from '../../controller/src/kube/informer.ts';
import { LeaderElector } from '../../controller/src/kube/leader-election.ts';
import { resourceType, type KubeObject, type Stored } from '../../controller/src/kube/objects.ts';
import { events, jobs, leases, namespaces } from '../../controller/src/kube/resources.ts';
import { startSandbox, type Sandbox } from '../../sandbox/src/sandbox.ts';
import { killParts } from '../support/kill-parts.ts';

const configMaps = resourceType<ConfigMap>({
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
});

let sandbox: Sandbox;
let client: Client;
let counter = 0;
let namespace: string;
const dir = mkdtempSync(join(tmpdir(), 'kube-test-'));

beforeAll(async () => {
  sandbox = await startSandbox({ dir, nodes: 'none' });
  client = createClient({ kubeconfigPath: sandbox.kubeconfig, userAgent: 'kube-test' });
});
afterAll(async () => {
  await client.close();
  await sandbox.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** A namespace of its own for each test. */
async function aNamespace(): Promise<string> {
  counter += 1;
  namespace = `kube-${counter}`;
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  return namespace;
}

const configMap = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});
const job = (name: string): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, namespace },
  spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox' }] } } },
});
const caught = (promise: Promise<unknown>): Promise<ApiError> =>
  promise.then(
    () => Promise.reject(new Error('it succeeded')),
    (error: unknown) => error as ApiError,
  );

describe('the client, against a real API server', () => {
  it('creates, reads, patches in three ways, replaces and deletes', async () => {
    await aNamespace();
    const created = await client.create(configMaps, configMap('a', { one: '1' }));
    expect(created.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    const ref = { namespace, name: 'a' };
    await client.patch(configMaps, ref, { data: { two: '2' } });
    await client.patch(configMaps, ref, [{ op: 'remove', path: '/data/one' }], { type: 'json' });
    await client.patch(configMaps, ref, configMap('a', { three: '3' }), { type: 'apply', fieldManager: 'test' });
    const read = await client.get(configMaps, ref);
    expect(read.data).toEqual({ two: '2', three: '3' });
    const replaced = await client.replace(configMaps, { ...read, data: {} });
    expect(replaced.data).toBeUndefined();
    expect(await caught(client.replace(configMaps, { ...read, data: { late: '' } }))).toSatisfy(isConflict);
    await client.delete(configMaps, ref);
    expect(await caught(client.get(configMaps, ref))).toSatisfy(isNotFound);
  });

  it('writes a status apart from the spec', async () => {
    await aNamespace();
    const created = await client.create(jobs, job('a'));
    const ref = { namespace, name: 'a' };
    const patched = await client.patchStatus(jobs, ref, { status: { active: 3 } });
    expect(patched.status?.active).toBe(3);
    expect(await caught(client.replaceStatus(jobs, { ...created, status: { active: 4 } }))).toSatisfy(isConflict);
  });

  it('deletes only the very object that was meant', async () => {
    await aNamespace();
    const created = await client.create(configMaps, configMap('a'));
    const ref = { namespace, name: 'a' };
    expect(await caught(client.delete(configMaps, ref, { uid: '00000000-0000-0000-0000-000000000000' }))).toSatisfy(
      isConflict,
    );
    await client.delete(configMaps, ref, {
      uid: created.metadata.uid,
      resourceVersion: created.metadata.resourceVersion,
    });
  });

  it('returns a deleted object that its finalizers still hold', async () => {
    await aNamespace();
    const object = configMap('a');
    await client.create(configMaps, { ...object, metadata: { ...object.metadata, finalizers: ['example.com/hold'] } });
    const ref = { namespace, name: 'a' };
    expect((await client.delete(configMaps, ref))?.metadata.deletionTimestamp).toBeDefined();
    await client.patch(configMaps, ref, { metadata: { finalizers: null } });
    expect(await caught(client.get(configMaps, ref))).toSatisfy(isNotFound);
  });

  it('says what was refused and why', async () => {
    await aNamespace();
    await client.create(configMaps, configMap('a'));
    const taken = await caught(client.create(configMaps, configMap('a')));
    expect(taken).toSatisfy(isAlreadyExists);
    expect(taken.message).toBe(
      `the API server refused to create ConfigMap ${namespace}/a (409 AlreadyExists): configmaps "a" already exists`,
    );
    const invalid = await caught(client.create(jobs, { ...job('b'), spec: { template: {}, parallelism: -1 } }));
    expect(invalid).toSatisfy(isInvalid);
    expect(invalid.details.map(({ field }) => field)).toContain('spec.parallelism');
    const typo: ConfigMap & { dta: object } = { ...configMap('c'), dta: {} };
    const misspelt = await caught(client.create(configMaps, typo));
    expect(misspelt.message).toContain('unknown field "dta"');
    const stranger = createClient({
      server: new URL(await serverUrl()).origin,
      token: 'wrong',
      ca: await serverCa(),
      userAgent: 'test',
    });
    expect((await caught(stranger.get(configMaps, { namespace, name: 'a' }))).status).toBe(401);
    await stranger.close();
    const quota = resourceType<KubeObject & { spec: object }>({
      group: '',
      version: 'v1',
      plural: 'resourcequotas',
      kind: 'ResourceQuota',
      namespaced: true,
    });
    await client.create(quota, { metadata: { name: 'none', namespace }, spec: { hard: { 'count/jobs.batch': '0' } } });
    await vi.waitFor(async () => {
      expect(await caught(client.create(jobs, job('d'), { dryRun: true }))).toSatisfy(isForbidden);
    }, 20_000);
  });

  it('lists in pages that fit together', async () => {
    await aNamespace();
    await Promise.all(Array.from({ length: 25 }, (_, index) => client.create(configMaps, configMap(`c-${index}`))));
    const pages: Page<ConfigMap>[] = [];
    for await (const page of client.list(configMaps, {
      namespace,
      limit: 10,
      fieldSelector: 'metadata.name!=kube-root-ca.crt',
    }))
      pages.push(page);
    expect(pages.map((page) => page.items.length)).toEqual([10, 10, 5]);
    expect(new Set(pages.map((page) => page.resourceVersion)).size).toBe(1);
    expect(pages[0]?.items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
  });

  it('watches from a version', async () => {
    await aNamespace();
    const first = await client.create(configMaps, configMap('a'));
    await client.create(configMaps, configMap('b'));
    const seen: string[] = [];
    const from = {
      namespace,
      resourceVersion: first.metadata.resourceVersion,
      fieldSelector: 'metadata.name!=kube-root-ca.crt',
    };
    for await (const { type, object } of client.watch(configMaps, from)) {
      seen.push(`${type} ${object.metadata.name}`);
      if (seen.length === 1) await client.delete(configMaps, { namespace, name: 'a' });
      if (seen.length === 2) break;
    }
    expect(seen).toEqual(['ADDED b', 'DELETED a']);
  });

  it('hears nothing, not even bookmarks, from a version of the future: etcd may have been restored', async () => {
    await aNamespace();
    await expect(
      client.watch(configMaps, { namespace, resourceVersion: '999999999', idleMs: 1_000 }).next(),
    ).rejects.toSatisfy(isTimeout);
  });
});

async function kubeconfigCluster(): Promise<{
  server: string;
  'certificate-authority-data'?: string;
  'certificate-authority'?: string;
}> {
  const [{ parse }, { readFile }] = await Promise.all([import('yaml'), import('node:fs/promises')]);
  const config = parse(await readFile(sandbox.kubeconfig, 'utf8')) as { clusters: { cluster: { server: string } }[] };
  const cluster = config.clusters[0]?.cluster;
  if (cluster === undefined) throw new Error('the kubeconfig has no cluster');
  return cluster;
}
const serverUrl = async (): Promise<string> => (await kubeconfigCluster()).server;
async function serverCa(): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  const cluster = await kubeconfigCluster();
  const data = cluster['certificate-authority-data'];
  return data === undefined
    ? readFile(cluster['certificate-authority'] ?? '', 'utf8')
    : Buffer.from(data, 'base64').toString();
}

describe('the informer, against a real API server', () => {
  it('follows objects through list and watch, and shows own writes at once', async () => {
    await aNamespace();
    await client.create(configMaps, configMap('a', { n: '1' }));
    const told: string[] = [];
    const informer = new Informer({
      client,
      type: configMaps,
      namespaces: [namespace],
      fieldSelector: 'metadata.name!=kube-root-ca.crt',
      project: ({ metadata, data }: Stored<ConfigMap>) => ({ metadata, data }),
    });
    informer.onEvent(({ type, object }) => told.push(`${type} ${object.metadata.name} ${object.data?.['n'] ?? ''}`));
    await informer.start();
    const ref = { namespace, name: 'a' };
    informer.observe(await client.patch(configMaps, ref, { data: { n: '2' } }));
    expect(informer.cache.get(namespace, 'a')?.data).toEqual({ n: '2' });
    await client.patch(configMaps, ref, { data: { n: '3' } });
    await client.create(configMaps, configMap('b', { n: '1' }));
    await client.delete(configMaps, ref);
    await vi.waitFor(
      () => expect(told).toEqual(['added a 1', 'updated a 2', 'updated a 3', 'added b 1', 'deleted a 3']),
      10_000,
    );
    expect(informer.cache.get(namespace, 'b')).not.toHaveProperty('kind');
    expect(informer.cache.get(namespace, 'b')?.metadata.managedFields).toBeUndefined();
    await informer.stop();
  });

  it('comes back after the API server was killed, and knows what happened meanwhile', async () => {
    await aNamespace();
    await client.create(configMaps, configMap('a', { n: '1' }));
    const failures: unknown[] = [];
    const informer = new Informer({
      client,
      type: configMaps,
      namespaces: [namespace],
      project: (object) => object,
      observer: { failed: (_type, error) => failures.push(error) },
    });
    await informer.start();
    await killParts(sandbox, 'kube-apiserver');
    await vi.waitFor(() => expect(failures.length).toBeGreaterThan(0), 20_000);
    await client.patch(configMaps, { namespace, name: 'a' }, { data: { n: '2' } });
    await vi.waitFor(() => expect(informer.cache.get(namespace, 'a')?.data).toEqual({ n: '2' }), 30_000);
    await informer.stop();
  });
});

describe('leader election, against a real API server', () => {
  it('has one leader at a time, and the next one follows when it stops', async () => {
    await aNamespace();
    const told: string[] = [];
    const elector = (identity: string): LeaderElector =>
      new LeaderElector({
        client,
        namespace,
        name: 'test',
        identity,
        leaseDurationMs: 3_000,
        renewDeadlineMs: 2_000,
        retryPeriodMs: 200,
        onStartedLeading: () => told.push(`${identity} started`),
        onStoppedLeading: (reason) => told.push(`${identity} stopped: ${reason}`),
      });
    const [one, two] = [elector('one'), elector('two')];
    void one.run();
    await vi.waitFor(() => expect(one.isLeader).toBe(true), 10_000);
    void two.run();
    const lease = await client.get(leases, { namespace, name: 'test' });
    await vi.waitFor(
      async () =>
        expect((await client.get(leases, { namespace, name: 'test' })).spec?.renewTime).not.toBe(lease.spec?.renewTime),
      10_000,
    );
    expect([one.isLeader, two.isLeader]).toEqual([true, false]);
    await one.stop();
    await vi.waitFor(() => expect(two.isLeader).toBe(true), 2_500); // sooner than the lease would run out
    expect(told).toEqual(['one started', 'two started']);
    await client.patch(leases, { namespace, name: 'test' }, { spec: { holderIdentity: 'three' } });
    await vi.waitFor(() => expect(told[2]).toContain('was taken by three'), 10_000);
    await two.stop();
  });
});

describe('the event recorder, against a real API server', () => {
  it('leaves one event that counts', async () => {
    await aNamespace();
    const object = await client.create(configMaps, configMap('a'));
    const errors: unknown[] = [];
    const recorder = new EventRecorder({
      client,
      component: 'kube-test',
      instance: 'one',
      onError: (error) => errors.push(error),
    });
    recorder.record(configMaps, object, { type: 'Warning', reason: 'Tried', message: 'it was tried' });
    const list = async (): Promise<Stored[]> => {
      for await (const page of client.list(events, {
        namespace,
        fieldSelector: `involvedObject.uid=${object.metadata.uid}`,
      }))
        return page.items;
      return [];
    };
    await vi.waitFor(async () => expect(await list()).toHaveLength(1), 10_000);
    recorder.record(configMaps, object, { type: 'Warning', reason: 'Tried', message: 'it was tried' });
    await recorder.stop();
    expect(errors).toEqual([]);
    expect(await list()).toMatchObject([
      { type: 'Warning', reason: 'Tried', message: 'it was tried', count: 2, source: { component: 'kube-test' } },
    ]);
  });
});
