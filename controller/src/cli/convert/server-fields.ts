/** What the API server and the Job controller write into a Job's spec. A copy that carries it is refused, or noise. */
import type { Fields } from '../../domain/lang/fields.ts';
import { present, without } from './fields.ts';

/** Labels that bind a pod template to one Job: a Job that carries another Job's is refused (kubernetes#89657). */
const identityLabels = [
  'controller-uid',
  'job-name',
  'batch.kubernetes.io/controller-uid',
  'batch.kubernetes.io/job-name',
];

/** Defaults of core/v1's PodSpec and Container that say nothing. */
const podDefaults: Fields = {
  dnsPolicy: 'ClusterFirst',
  schedulerName: 'default-scheduler',
  terminationGracePeriodSeconds: 30,
};
const containerDefaults: Fields = {
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
};

/**
 * A spec without what the cluster added to it, and what was left out.
 * @param isStored whether the manifest comes from a cluster, so that it has every default written out
 */
export function withoutServerFields(
  spec: Fields,
  isStored: boolean,
): { readonly spec: Fields; readonly warnings: readonly string[] } {
  const { jobTemplate, template } = spec as { readonly jobTemplate?: Fields; readonly template?: Fields };
  if (jobTemplate !== undefined) {
    const inner = withoutServerFields((jobTemplate['spec'] ?? {}) as Fields, isStored);
    return { spec: { ...spec, jobTemplate: { ...jobTemplate, spec: inner.spec } }, warnings: inner.warnings };
  }
  if (template === undefined) return { spec, warnings: [] };
  const labels = ((template['metadata'] as Fields | undefined)?.['labels'] ?? {}) as Fields;
  const identities = identityLabels.filter((label) => Object.hasOwn(labels, label));
  if (identities.length === 0 && !isStored) return { spec, warnings: [] };
  return {
    spec: { ...without(spec, ['selector', 'manualSelector']), template: cleanTemplate(template) },
    warnings: [
      ...(identities.length > 0 ? [`the labels ${identities.join(', ')} are left out: they name the old Job`] : []),
      'fields with the defaults that the API server fills in are left out',
    ],
  };
}

function cleanTemplate({ metadata = {}, spec = {} }: { readonly metadata?: Fields; readonly spec?: Fields }): Fields {
  const labels = without((metadata['labels'] ?? {}) as Fields, identityLabels);
  return {
    metadata: present({ ...without(metadata, ['creationTimestamp']), labels: isEmpty(labels) ? undefined : labels }),
    spec: cleanPod(spec),
  };
}

function cleanPod(pod: Fields): Fields {
  const { serviceAccount, securityContext, ...others } = notDefault(pod, podDefaults);
  const clean = (containers: unknown) =>
    Array.isArray(containers) ? containers.map((container) => cleanContainer(container as Fields)) : containers;
  return present({
    ...others,
    // The old name of serviceAccountName, which the API server fills in beside it.
    serviceAccount: serviceAccount === pod['serviceAccountName'] ? undefined : serviceAccount,
    securityContext: isEmpty(securityContext) ? undefined : securityContext,
    containers: clean(pod['containers']),
    initContainers: clean(pod['initContainers']),
  });
}

function cleanContainer(container: Fields): Fields {
  const { resources, ...others } = notDefault(container, containerDefaults);
  return present({ ...others, resources: isEmpty(resources) ? undefined : resources });
}

function notDefault(fields: Fields, defaults: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => defaults[name] !== value));
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
