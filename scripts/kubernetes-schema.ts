/**
 * The schemas of what a Task hands on to Kubernetes, made of client-node's models, which are generated from Kubernetes'
 * own OpenAPI. A plan refuses fields that they do not have, as the API server does when the Job is created.
 */
import * as client from '@kubernetes/client-node';
import { labelValuePattern, quantityPattern } from '../controller/src/plan/remedies.ts';
import type { Schema } from '../controller/src/plan/schema.ts';

interface Model {
  readonly attributeTypeMap?: readonly { readonly baseName: string; readonly type: string }[];
}

const models = client as unknown as Readonly<Record<string, Model>>;

/** The models call quantities strings, and Kubernetes takes numbers for them, too. Its own expression for texts. */
const quantity: Schema = { pattern: quantityPattern };
const quantities = new Set(['limits', 'requests', 'overhead', 'sizeLimit', 'divisor', 'capacity']);

/** @param type as the models write it, such as `Array<V1Container>` */
function schemaOf(type: string): Schema {
  const [, element] = /^Array<(.*)>$/.exec(type) ?? [];
  if (element !== undefined) return { type: 'array', nullable: true, items: schemaOf(element) };
  const [, value] = /^\{ \[key: string\]: (.*); \}$/.exec(type) ?? [];
  if (value !== undefined) return { type: 'object', nullable: true, additionalProperties: schemaOf(value) };
  const fields = models[type]?.attributeTypeMap;
  return fields ? limited(type, objectOf(fields)) : (leaves[type] ?? {});
}

/** A text with a placeholder is checked once it is filled in. */
const labels: Schema = {
  additionalProperties: { 'x-most-characters': 63, pattern: labelValuePattern },
};
const annotations: Schema = { 'x-most-bytes': 256 * 1024 };
const name: Schema = { 'x-most-characters': 63 };

const port: Schema = { minimum: 1, maximum: 65_535 };
const fileMode: Schema = { minimum: 0, maximum: 0o777 };
const least = (minimum: number): Schema => ({ minimum });
const id: Schema = { minimum: 0, maximum: 2 ** 31 - 1 };
/** An empty text counts as left out. */
const oneOf = (...values: readonly string[]): Schema => ({ enum: [...values, ''] });

/** Limits of Kubernetes that its models do not have, by the field of a model. */
const limits: Readonly<Record<string, Readonly<Record<string, Schema>>>> = {
  V1ConfigMapVolumeSource: { defaultMode: fileMode },
  V1Container: {
    name,
    imagePullPolicy: oneOf('Always', 'IfNotPresent', 'Never'),
    terminationMessagePolicy: oneOf('File', 'FallbackToLogsOnError'),
  },
  V1ContainerPort: {
    containerPort: port,
    // 0 counts as left out.
    hostPort: { minimum: 0, maximum: 65_535 },
    protocol: oneOf('TCP', 'UDP', 'SCTP'),
  },
  V1DownwardAPIVolumeFile: { mode: fileMode },
  V1DownwardAPIVolumeSource: { defaultMode: fileMode },
  V1HTTPGetAction: { scheme: oneOf('HTTP', 'HTTPS') },
  V1HostPathVolumeSource: {
    type: oneOf('DirectoryOrCreate', 'Directory', 'FileOrCreate', 'File', 'Socket', 'CharDevice', 'BlockDevice'),
  },
  V1KeyToPath: { mode: fileMode },
  V1NodeSelectorRequirement: { operator: oneOf('In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt') },
  V1ObjectMeta: { labels, annotations },
  V1PodFailurePolicyOnExitCodesRequirement: { operator: oneOf('In', 'NotIn') },
  V1PodFailurePolicyOnPodConditionsPattern: { status: oneOf('True', 'False', 'Unknown') },
  V1PodFailurePolicyRule: { action: oneOf('FailJob', 'FailIndex', 'Ignore', 'Count') },
  V1PodOS: { name: oneOf('linux', 'windows') },
  V1PodSecurityContext: {
    fsGroup: id,
    fsGroupChangePolicy: oneOf('OnRootMismatch', 'Always'),
    runAsGroup: id,
    runAsUser: id,
  },
  V1PodSpec: {
    activeDeadlineSeconds: { minimum: 1, maximum: 2 ** 31 - 1 },
    dnsPolicy: oneOf('ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'),
    hostname: name,
    preemptionPolicy: oneOf('PreemptLowerPriority', 'Never'),
    subdomain: name,
  },
  V1PreferredSchedulingTerm: { weight: { minimum: 1, maximum: 100 } },
  V1Probe: {
    failureThreshold: least(0),
    initialDelaySeconds: least(0),
    periodSeconds: least(0),
    successThreshold: least(0),
    terminationGracePeriodSeconds: least(1),
    timeoutSeconds: least(0),
  },
  V1ProjectedVolumeSource: { defaultMode: fileMode },
  V1SecretVolumeSource: { defaultMode: fileMode },
  V1SecurityContext: { runAsGroup: id, runAsUser: id },
  V1ServiceAccountTokenProjection: { expirationSeconds: { minimum: 600, maximum: 2 ** 32 } },
  V1SuccessPolicyRule: { succeededCount: least(0) },
  V1Toleration: {
    effect: oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute'),
    operator: oneOf('Equal', 'Exists', 'Gt', 'Lt'),
  },
  V1TopologySpreadConstraint: { whenUnsatisfiable: oneOf('DoNotSchedule', 'ScheduleAnyway') },
  V1Volume: { name },
  V1VolumeMount: { mountPropagation: oneOf('None', 'HostToContainer', 'Bidirectional') },
  V1WeightedPodAffinityTerm: { weight: { minimum: 1, maximum: 100 } },
};

function limited(type: string, schema: Schema): Schema {
  const { properties = {} } = schema;
  const own = mapped(limits[type] ?? {}, (limit, field) => ({
    ...properties[field],
    ...limit,
    ...(limit.additionalProperties && {
      additionalProperties: { ...leaves['string'], ...limit.additionalProperties },
    }),
  }));
  return { ...schema, properties: { ...properties, ...own } };
}

function objectOf(fields: NonNullable<Model['attributeTypeMap']>): Schema {
  const properties = fields.map(({ baseName, type }): readonly [string, Schema] => [
    baseName,
    quantities.has(baseName) ? quantityOf(type) : schemaOf(type),
  ]);
  return { type: 'object', nullable: true, properties: Object.fromEntries(properties), additionalProperties: false };
}

/** One quantity, or those of each resource. */
function quantityOf(type: string): Schema {
  return type === 'string' ? quantity : { type: 'object', nullable: true, additionalProperties: quantity };
}

const leaves: Readonly<Record<string, Schema>> = {
  string: { type: 'string', nullable: true },
  number: { type: 'integer', nullable: true },
  boolean: { type: 'boolean', nullable: true },
};

/** In a TaskTemplate a parameter may stand for a number, a boolean, a quantity or one of several words. */
function withParameters(schema: Schema): Schema {
  const { enum: _enum, ...open } = schema;
  const { type, properties, items, additionalProperties, pattern: _pattern, ...rest } = open;
  if (type === 'integer' || type === 'boolean' || schema === quantity) return rest;
  return {
    ...open,
    ...(properties && { properties: mapped(properties, withParameters) }),
    ...(items && { items: withParameters(items) }),
    ...(additionalProperties && { additionalProperties: withParameters(additionalProperties) }),
  };
}

/** Where a schema of ours is open for what Kubernetes has there, by the path of its properties. */
const places: Readonly<Record<string, string>> = {
  'spec.template': 'V1PodTemplateSpec',
  'spec.job': 'V1JobSpec',
  'spec.job.podFailurePolicy': 'V1PodFailurePolicy',
  'spec.job.successPolicy': 'V1SuccessPolicy',
  'spec.templateRef.env[]': 'V1EnvVar',
  'spec.steps[].template': 'V1PodTemplateSpec',
  'spec.steps[].job.podFailurePolicy': 'V1PodFailurePolicy',
  'spec.steps[].job.successPolicy': 'V1SuccessPolicy',
  'spec.steps[].templateRef.env[]': 'V1EnvVar',
  'spec.globals.env[]': 'V1EnvVar',
  'spec.globals.volumes[]': 'V1Volume',
  'spec.globals.volumeMounts[]': 'V1VolumeMount',
};

/**
 * A CRD's schema that knows what Kubernetes takes where the CRD keeps everything as it is.
 * @param kind the CRD's
 */
export function withKubernetes(kind: string, schema: Schema): Schema {
  return at(schema, '', (type) => (kind === 'TaskTemplate' ? withParameters(schemaOf(type)) : schemaOf(type)));
}

function at(schema: Schema, path: string, schemaFor: (type: string) => Schema): Schema {
  const type = places[path];
  if (type !== undefined && schema['x-kubernetes-preserve-unknown-fields'] === true)
    return merged(schemaFor(type), schema);
  const { properties, items } = schema;
  return {
    ...schema,
    ...(properties && {
      properties: mapped(properties, (field, name) => at(field, path === '' ? name : `${path}.${name}`, schemaFor)),
    }),
    ...(items && { items: at(items, `${path}[]`, schemaFor) }),
  };
}

/** What both say: ours has limits and rules beside the fields that it names. */
function merged(theirs: Schema, ours: Schema): Schema {
  const { 'x-kubernetes-preserve-unknown-fields': _open, properties = {}, ...own } = ours;
  const both = mapped(properties, (field, name) => merged(theirs.properties?.[name] ?? {}, field));
  return { ...theirs, ...own, ...(theirs.properties && { properties: { ...theirs.properties, ...both } }) };
}

function mapped(
  properties: Readonly<Record<string, Schema>>,
  change: (schema: Schema, name: string) => Schema,
): Readonly<Record<string, Schema>> {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, change(schema, name)]));
}
