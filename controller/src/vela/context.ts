/** KubeVela's `context`, with which the templates of definitions are filled in. As pkg/cue/process of KubeVela 1.10. */
import { canonicalJson, hexHash } from '../domain/lang/canonical-json.ts';
import type { Fields } from '../domain/lang/fields.ts';
import { velaAnnotations, type ApplicationMeta } from './labels.ts';
import { publishVersionOf, revisionNumber } from './revisions.ts';

/** An Application at one of its revisions. */
export interface Revised {
  readonly application: ApplicationMeta;
  /** Where the component's objects or the step's objects go. */
  readonly namespace: string;
  /** Empty before the first revision. */
  readonly revisionName: string;
}

interface WrittenComponent {
  readonly name: string;
  readonly type: string;
  readonly properties?: Fields;
  readonly traits?: readonly unknown[];
}

interface Step {
  readonly name: string;
  /** Changes whenever the workflow starts again. */
  readonly sessionId: string;
}

/** The hub's version: what a template sees if the cluster was not asked. */
const clusterVersion = { major: '1', minor: 34, gitVersion: 'v1.34', platform: 'linux/amd64' };
const hashLength = 16;

/**
 * The context of a component's template.
 * @param components all of the Application's, as written
 */
export function componentContext(revised: Revised, components: unknown, component: WrittenComponent): Fields {
  const { labels = {}, annotations = {} } = revised.application;
  const { name, type, properties = {}, traits = [] } = component;
  return {
    ...commonContext(revised),
    name,
    revision: hexHash(canonicalJson({ name, type, properties, traits }), hashLength),
    components,
    appLabels: labels,
    appAnnotations: annotations,
    cluster: 'local',
  };
}

/** The context of a workflow step's template: of the Application as a whole, without components. */
export function stepContext(revised: Revised, { name, sessionId }: Step): Fields {
  const { application } = revised;
  return {
    ...commonContext(revised),
    name: application.name,
    revision: '',
    components: null,
    appLabels: nullIfEmpty(application.labels),
    appAnnotations: nullIfEmpty(application.annotations),
    cluster: '',
    stepName: name,
    stepSessionID: sessionId,
    spanID: sessionId,
  };
}

function commonContext({ application, namespace, revisionName }: Revised): Fields {
  return {
    namespace,
    appName: application.name,
    appRevision: revisionName,
    appRevisionNum: revisionNumber(revisionName),
    replicaKey: '',
    clusterVersion,
    workflowName: application.annotations?.[velaAnnotations.workflowName] ?? '',
    publishVersion: publishVersionOf(application) ?? '',
  };
}

function nullIfEmpty(fields: Fields = {}): Fields | null {
  return Object.keys(fields).length > 0 ? fields : null;
}
