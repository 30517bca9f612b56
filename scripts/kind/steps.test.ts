import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isThere, needed, performAll, stepsOf } from './steps.ts';

const options = {
  cluster: 'task-runs',
  kubeconfig: '/tmp/kubeconfig',
  archive: 'dist/image/task-runs-0.1.0-linux-amd64.tar',
  addon: 'dist/task-runs',
};

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kind-'));
  for (const name of ['docker', 'kind', 'kubectl', 'vela']) await program(name, '');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** A program that writes down how it was called, and then does what its script says. */
async function program(name: string, script: string): Promise<void> {
  const file = join(directory, name);
  const write = `echo "${name} $*" >> "${directory}/calls"`;
  await writeFile(
    file,
    `#!/bin/sh\n${write}\ncase "$*" in "addon enable"*) echo "Addon enabled successfully";; esac\n${script}\n`,
  );
  await chmod(file, 0o755);
}

const environment = () => ({ PATH: `${directory}:/usr/bin:/bin` });
const calls = async () => (await readFile(join(directory, 'calls'), 'utf8')).trim().split('\n');

describe('make kind', () => {
  it('looks for what it needs, and then makes the cluster, KubeVela, the image and the addon in this order', async () => {
    const said: string[] = [];
    const there = await isThere('task-runs', environment());
    await performAll([...needed, ...stepsOf(options, there)], environment(), (line) => said.push(line));
    expect(await calls()).toEqual([
      'kind get clusters',
      'docker info',
      'kind version',
      'kubectl version --client',
      'vela version',
      'kind create cluster --name task-runs --wait 180s --kubeconfig /tmp/kubeconfig',
      'kind export kubeconfig --name task-runs --kubeconfig /tmp/kubeconfig',
      'vela install --yes',
      'kind load image-archive dist/image/task-runs-0.1.0-linux-amd64.tar --name task-runs',
      'vela addon enable dist/task-runs',
      'kubectl -n vela-system rollout status deployment/task-runs --timeout=180s',
    ]);
    expect(said).toEqual([
      'looking for Docker',
      'looking for kind',
      'looking for kubectl',
      'looking for vela',
      'making the cluster task-runs',
      'taking its kubeconfig',
      'installing KubeVela',
      "loading the controller's image into the nodes",
      'enabling the addon',
      'waiting for the controller',
    ]);
  });

  it('goes on with a cluster that is there, and takes the versions that are asked for', async () => {
    await program('kind', 'echo other; echo task-runs');
    expect(await isThere('task-runs', environment())).toBe(true);
    const wanted = { ...options, node: 'kindest/node:v1.30.13', kubevela: '1.9.13' };
    expect(stepsOf(wanted, true).map(({ what }) => what)).not.toContain('making the cluster task-runs');
    expect(stepsOf(wanted, false)[0]?.args).toContain('kindest/node:v1.30.13');
    expect(stepsOf(wanted, true)[1]?.args).toEqual(['install', '--yes', '--version', 'v1.9.13']);
  });

  it('says what to do when Docker does not run', async () => {
    await program('docker', 'echo "Cannot connect to the Docker daemon" >&2; exit 1');
    await expect(performAll(needed, environment(), () => undefined)).rejects.toThrow(
      'looking for Docker failed (exit status 1).\nCannot connect to the Docker daemon\nStart it (`systemctl start docker`, or Docker Desktop), and see that you may use it (`docker info`). Without Docker, `make demo` runs the same on Linux.',
    );
  });

  it('says what to do when a program is missing', async () => {
    await rm(join(directory, 'kind'));
    await expect(performAll(needed, { PATH: directory }, () => undefined)).rejects.toThrow(
      'looking for kind failed (there is no kind on the PATH).\nInstall it: `go install sigs.k8s.io/kind@latest`, or see kind.sigs.k8s.io.',
    );
  });

  it('stops where vela says that it failed, though it exits with 0', async () => {
    const { length } = stepsOf(options, true);
    const enable = stepsOf(options, true).findIndex(({ what }) => what === 'enabling the addon');
    expect(enable).toBe(length - 2);
    await writeFile(join(directory, 'vela'), '#!/bin/sh\necho "Error: conflict"\n');
    const [step] = stepsOf(options, true).slice(enable);
    await expect(performAll(step === undefined ? [] : [step], environment(), () => undefined)).rejects.toThrow(
      'enabling the addon failed (it did not print "enabled successfully").\nError: conflict\n`vela status addon-task-runs -n vela-system` says which object was refused, and why.',
    );
  });
});
