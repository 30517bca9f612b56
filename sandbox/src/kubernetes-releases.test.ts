import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { defaultKubernetes, kubernetesReleases, kubernetesVersions } from './kubernetes-releases.ts';
import { repository } from './settings.ts';

afterEach(() => vi.unstubAllEnvs());

describe('a release of Kubernetes', () => {
  it.each(kubernetesReleases)('%s is built from a module that has its version, and no other', async (release) => {
    const module = await readFile(join(repository, `sandbox/go/kubernetes-${release}/go.mod`), 'utf8');
    const version = kubernetesVersions[release];
    expect(version.startsWith(`${release}.`)).toBe(true);
    expect(module.match(/k8s\.io\/kubernetes v\S+/g)).toEqual([`k8s.io/kubernetes v${version}`]);
    const replaced = new Set(module.match(/(?<= => k8s\.io\/\S+ v)\S+/g));
    expect([...replaced]).toEqual([version.replace(/^1/, '0')]);
  });

  it('is that of SANDBOX_KUBERNETES where nobody asks for one', () => {
    vi.stubEnv('SANDBOX_KUBERNETES', '1.33');
    expect(defaultKubernetes()).toBe('1.33');
  });

  it('that is not known is refused, with those that are', () => {
    vi.stubEnv('SANDBOX_KUBERNETES', '1.20');
    expect(() => defaultKubernetes()).toThrow('SANDBOX_KUBERNETES is 1.20: it must be one of 1.32, 1.33,');
  });
});
