/**
 * Labels and annotations by which KubeVela knows its objects, and those that it puts on what an Application applies. As
 * in pkg/oam/labels.go and pkg/appfile/appfile.go of KubeVela 1.10.
 */
import { velaLabels } from '../resources/index.ts';

export type Labels = Readonly<Record<string, string>>;

/** The part of an Application's metadata that KubeVela's rules read. */
export interface ApplicationMeta {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly labels?: Labels;
  readonly annotations?: Labels;
}

export const coreApiVersion = 'core.oam.dev/v1beta1';

/** Labels on what an Application applies, beside {@link velaLabels}. */
export const objectLabels = {
  revision: 'app.oam.dev/appRevision',
  componentRevision: 'app.oam.dev/revision',
  cluster: 'app.oam.dev/cluster',
  resourceType: 'app.oam.dev/resourceType',
  componentType: 'workload.oam.dev/type',
  traitType: 'trait.oam.dev/type',
  traitResource: 'trait.oam.dev/resource',
  renderHash: 'oam.dev/render-hash',
} as const;

export const velaAnnotations = {
  publishVersion: 'app.oam.dev/publishVersion',
  workflowName: 'app.oam.dev/workflowName',
  /** KubeVela's copy of what it applied, for the next three-way merge; `-` where it keeps none. */
  lastApplied: 'app.oam.dev/last-applied-configuration',
  lastAppliedTime: 'app.oam.dev/last-applied-time',
  sharedBy: 'app.oam.dev/shared-by',
  filterLabels: 'filter.oam.dev/label-keys',
  filterAnnotations: 'filter.oam.dev/annotation-keys',
  inplaceUpgrade: 'app.oam.dev/inplace-upgrade',
} as const;

const kubectlLastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
/** Annotations of an Application that nothing it applies gets. */
const keptBack: readonly string[] = [
  velaAnnotations.inplaceUpgrade,
  velaAnnotations.filterLabels,
  velaAnnotations.filterAnnotations,
  kubectlLastApplied,
];

/** The labels by which KubeVela finds what an Application applied. */
export function ownerLabels({ name, namespace = '' }: ApplicationMeta): Labels {
  return { [velaLabels.application]: name, [velaLabels.applicationNamespace]: namespace };
}

/**
 * The labels that each object of a component gets: the Application's own, and where the object comes from. Keys that
 * the Application's annotation `filter.oam.dev/label-keys` names are left out.
 */
export function componentLabels(application: ApplicationMeta, component: string, revisionName: string): Labels {
  const labels = {
    ...application.labels,
    ...ownerLabels(application),
    [velaLabels.component]: component,
    [objectLabels.revision]: revisionName,
  };
  return without(labels, namedIn(application, velaAnnotations.filterLabels));
}

/** An object's annotations with those of its Application, which win. */
export function componentAnnotations(application: ApplicationMeta, own: Labels = {}): Labels {
  const all = { ...own, ...application.annotations };
  return without(all, [...keptBack, ...namedIn(application, velaAnnotations.filterAnnotations)]);
}

/** The annotations of an Application that its revisions keep. */
export function revisionAnnotations({ annotations = {} }: ApplicationMeta): Labels {
  return without(annotations, [kubectlLastApplied]);
}

function namedIn({ annotations }: ApplicationMeta, filter: string): readonly string[] {
  return (annotations?.[filter] ?? '').split(',').map((key) => key.trim());
}

function without(all: Labels, keys: readonly string[]): Labels {
  return Object.fromEntries(Object.entries(all).filter(([key]) => !keys.includes(key)));
}
