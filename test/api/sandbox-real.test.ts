import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { defaultKubernetes } from '../../sandbox/src/kubernetes-releases.ts';
import { providePrograms } from '../../sandbox/src/build/programs.ts';
import { cgroupName } from '../../sandbox/src/machine/node-host.ts';
import { ownedProcesses } from '../../sandbox/src/machine/processes.ts';
import { progressTo, silent } from '../../sandbox/src/progress.ts';
import { startSandbox, type Sandbox } from '../../sandbox/src/sandbox.ts';
import { layoutOf } from '../../sandbox/src/settings.ts';
import { killParts } from '../support/kill-parts.ts';

const run = promisify(execFile);
let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'sandbox-real-'));
});

afterAll(() => rm(scratch, { recursive: true, force: true }));

/** @returns a kubectl of the sandbox, as cluster admin */
const kubectlOf =
  (sandbox: Sandbox) =>
  async (...args: string[]): Promise<string> =>
    (await run(sandbox.kubectl, ['--kubeconfig', sandbox.kubeconfig, ...args])).stdout;

describe.skipIf(process.getuid?.() !== 0)('a sandbox with a real node (needs root)', () => {
  const dir = (): string => join(scratch, 'node');
  let sandbox: Sandbox;
  let kubectl: (...args: string[]) => Promise<string>;

  beforeAll(async () => {
    sandbox = await startSandbox({ dir: dir(), nodes: 'real', progress: progressTo(process.stderr) });
    kubectl = kubectlOf(sandbox);
  });

  afterAll(() => sandbox.stop());

  /** A container status' field of the only pod with this name. */
  const containerStatus = (pod: string, field: string): Promise<string> =>
    kubectl('get', 'pod', pod, '-o', `jsonpath={.status.containerStatuses[0]${field}}`);

  it.each(['busybox:1.36', 'ubuntu:22.04'])('runs %s, and its log is read', async (image) => {
    const name = image.replace(/[:.]/g, '-');
    await kubectl('run', name, `--image=${image}`, '--restart=Never', '--', 'sh', '-c', 'echo out of the pod');
    await kubectl('wait', '--for=jsonpath={.status.phase}=Succeeded', `pod/${name}`, '--timeout=60s');
    expect(await kubectl('logs', name)).toBe('out of the pod\n');
  });

  it('runs a pod as a restricted namespace demands', async () => {
    await kubectl('create', 'namespace', 'strict');
    await kubectl('label', 'namespace', 'strict', 'pod-security.kubernetes.io/enforce=restricted');
    const file = join(scratch, 'restricted.yaml');
    await writeFile(file, restrictedPod);
    await vi.waitFor(() => kubectl('apply', '-f', file), { timeout: 10_000, interval: 100 });
    await kubectl(
      'wait',
      '--for=jsonpath={.status.phase}=Succeeded',
      'pod/restricted',
      '-n',
      'strict',
      '--timeout=60s',
    );
    expect(await kubectl('logs', 'restricted', '-n', 'strict')).toBe('1000\n');
  });

  it('kills a container that takes more memory than its limit', async () => {
    const limits = JSON.stringify({
      spec: {
        containers: [
          {
            name: 'eater',
            image: 'busybox:1.36',
            command: ['tail', '/dev/zero'],
            resources: { limits: { memory: '32Mi' } },
          },
        ],
      },
    });
    await kubectl('run', 'eater', '--image=busybox:1.36', '--restart=Never', `--overrides=${limits}`);
    await kubectl('wait', '--for=jsonpath={.status.phase}=Failed', 'pod/eater', '--timeout=60s');
    expect(await containerStatus('eater', '.state.terminated.reason')).toBe('OOMKilled');
  });

  it('says within seconds that an image cannot be had', async () => {
    await kubectl('run', 'missing', '--image=example.com/no/such:1', '--restart=Never');
    await vi.waitFor(
      async () =>
        expect(await containerStatus('missing', '.state.waiting.reason')).toMatch(/^(ErrImagePull|ImagePullBackOff)$/),
      {
        timeout: 15_000,
        interval: 200,
      },
    );
  });

  it('leads a pod to Services by their names: with an address, without one, and of the API server', async () => {
    const file = join(scratch, 'web.yaml');
    await writeFile(file, webServer);
    await kubectl('apply', '-f', file);
    await kubectl('wait', '--for=condition=Ready', 'pod/web', '--timeout=60s');
    const script = [
      'wget -qO- http://web/',
      'wget -qO- http://web.default.svc.cluster.local/',
      'wget -qO- http://direct:8080/',
      'nslookup kubernetes.default.svc.cluster.local >/dev/null && echo kubernetes',
      'nslookup missing.default.svc.cluster.local | grep -o NXDOMAIN | head -n 1',
      // A Service whose pods are all gone refuses, instead of leaving its clients waiting.
      'wget -qO- http://empty/ 2>&1 | grep -o "Connection refused"',
    ].join('; ');
    await kubectl('run', 'caller', '--image=busybox:1.36', '--restart=Never', '--', 'sh', '-c', script);
    await kubectl('wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/caller', '--timeout=90s');
    expect(await kubectl('logs', 'caller')).toBe(
      'it serves\n'.repeat(3) + 'kubernetes\nNXDOMAIN\nConnection refused\n',
    );
  });

  it('has its rules in the network of the node alone', async () => {
    // Where pods and Services had addresses of this machine, sandboxes beside each other had the same ones.
    expect(await readFile('/proc/net/fib_trie', 'utf8')).not.toMatch(/10\.(244|9[56])\./);
    const { nft = '' } = await providePrograms({ kubernetes: defaultKubernetes(), nodes: 'real' }, silent);
    const environment = { env: { ...process.env, LD_LIBRARY_PATH: nft } };
    expect((await run(join(nft, 'nft'), ['list', 'tables'], environment)).stdout).not.toContain('kube-proxy');
  });

  it("keeps a pod running through kill -9 of the node's programs, and leads to Services again", async () => {
    await kubectl('run', 'lasting', '--image=busybox:1.36', '--restart=Never', '--', 'sleep', '1000');
    await kubectl('wait', '--for=condition=Ready', 'pod/lasting', '--timeout=60s');
    const container = await containerStatus('lasting', '.containerID');
    for (const name of ['containerd', 'kubelet', 'kube-proxy', 'cluster-dns', 'node-network'])
      await killParts(sandbox, name);
    await kubectl('run', 'afterwards', '--image=busybox:1.36', '--restart=Never', '--', 'wget', '-qO-', 'http://web/');
    await kubectl('wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/afterwards', '--timeout=60s');
    expect(await containerStatus('lasting', '.containerID')).toBe(container);
    expect(await containerStatus('lasting', '.restartCount')).toBe('0');
  });

  it('leaves no process, mount or cgroup, though a pod was running', async () => {
    await sandbox.stop();
    expect(await ownedProcesses(dir())).toEqual([]);
    expect(await readFile('/proc/self/mounts', 'utf8')).not.toContain(dir());
    const { stdout } = await run('find', ['/sys/fs/cgroup', '-name', cgroupName(layoutOf(dir()))]);
    expect(stdout).toBe('');
  });
});

describe.skipIf(process.env['KUBEVELA_HOME'] === undefined)(
  'a sandbox with a real KubeVela (needs KUBEVELA_HOME)',
  () => {
    let sandbox: Sandbox;

    beforeAll(async () => {
      sandbox = await startSandbox({
        dir: join(scratch, 'vela'),
        nodes: 'simulated',
        kubevela: 'real',
        progress: progressTo(process.stderr),
      });
    });

    afterAll(() => sandbox.stop());

    it('carries out an Application', async () => {
      const kubectl = kubectlOf(sandbox);
      const file = join(scratch, 'application.yaml');
      await writeFile(file, application);
      await kubectl('apply', '-f', file);
      await kubectl('wait', '--for=jsonpath={.status.status}=running', 'application/demo', '--timeout=60s');
      expect(await kubectl('get', 'deployments', '-o', 'name')).toBe('deployment.apps/web\n');
    });

    it('leaves a definition that was changed as it is when vela-core is killed', async () => {
      const kubectl = kubectlOf(sandbox);
      const definition = ['componentdefinition', 'task', '-n', 'vela-system'];
      await kubectl(
        'patch',
        ...definition,
        '--type=merge',
        '-p',
        '{"metadata": {"annotations": {"definition.oam.dev/description": "changed"}}}',
      );
      await killParts(sandbox, 'vela-core');
      const description = 'jsonpath={.metadata.annotations.definition\\.oam\\.dev/description}';
      expect(await kubectl('get', ...definition, '-o', description)).toBe('changed');
    });
  },
);

const restrictedPod = `apiVersion: v1
kind: Pod
metadata: {name: restricted, namespace: strict}
spec:
  restartPolicy: Never
  securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: main
      image: busybox:1.36
      command: [id, -u]
      securityContext: {readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
`;

/** A pod that serves, a Service with an address, one without, and one that leads nowhere. */
const webServer = `apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers:
    - name: main
      image: busybox:1.36
      command: [sh, -c, 'mkdir /www; echo it serves > /www/index.html; exec httpd -f -p 8080 -h /www']
      readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: direct}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: empty}
spec: {selector: {app: missing}, ports: [{port: 80}]}
`;

const application = `apiVersion: core.oam.dev/v1beta1
kind: Application
metadata: {name: demo, namespace: default}
spec:
  components:
    - {name: web, type: webservice, properties: {image: "busybox:1.36"}}
`;
