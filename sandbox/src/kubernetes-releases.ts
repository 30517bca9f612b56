/** The releases of Kubernetes that a sandbox can be, each with its newest patch that the module proxy had. */
export const kubernetesVersions = {
  '1.32': '1.32.9',
  '1.33': '1.33.13',
  '1.34': '1.34.4',
  '1.35': '1.35.4',
  '1.36': '1.36.3',
  '1.37': '1.37.2',
} as const;

export type KubernetesRelease = keyof typeof kubernetesVersions;

export const kubernetesReleases = Object.keys(kubernetesVersions) as KubernetesRelease[];

/** One that the Kubernetes project maintains, and that has been out for long enough to be what people run. */
export const projectsKubernetes: KubernetesRelease = '1.36';

/**
 * The release that a sandbox is when nobody asks for one: that of SANDBOX_KUBERNETES, by which all tests run on it.
 * @throws RangeError when SANDBOX_KUBERNETES names none of `kubernetesReleases`
 */
export function defaultKubernetes(): KubernetesRelease {
  const asked = process.env['SANDBOX_KUBERNETES'] || projectsKubernetes;
  const release = kubernetesReleases.find((known) => known === asked);
  if (release !== undefined) return release;
  throw new RangeError(`SANDBOX_KUBERNETES is ${asked}: it must be one of ${kubernetesReleases.join(', ')}.`);
}
