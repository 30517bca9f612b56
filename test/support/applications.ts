/** KubeVela's Applications, where KubeVela itself is not there. */
import type { Cluster } from './cluster.ts';

/** As much of the kind as the controller reads. */
const applicationCrd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'applications.core.oam.dev' },
  spec: {
    group: 'core.oam.dev',
    scope: 'Namespaced',
    names: { kind: 'Application', plural: 'applications', singular: 'application' },
    versions: [
      {
        name: 'v1beta1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

export async function installApplications({ kubectl }: Cluster): Promise<void> {
  await kubectl(['create', '-f', '-'], { input: applicationCrd });
  await kubectl(['wait', '--for=condition=Established', 'crd/applications.core.oam.dev']);
}
