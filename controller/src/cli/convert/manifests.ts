/**
 * The manifests in a file as people have it: several documents, empty ones among them, Lists as `kubectl get -o yaml`
 * prints them, and what a cluster, Helm or Argo CD wrote into their metadata.
 */
import { readAll } from '../../plan/kubectl-yaml.ts';
import { longArguments } from '../../plan/long-arguments.ts';
import { queueLabels } from '../../resources/index.ts';
import { UsageError } from '../errors.ts';
import { converterFor, knownKinds, type Component, type Converter } from './kinds.ts';
import { componentName, withoutClashes } from './names.ts';
import { withoutServerFields } from './server-fields.ts';
import { checkLimits } from './limits.ts';
import { checkPodTemplates, checkProperties, type Schemas } from './pod-fields.ts';
import { checkShapes } from './shapes.ts';
import { toFillIn, unreadable, whyUnread, withSeparators } from './source.ts';
import { asText, withoutNulls } from './text.ts';
import { isFields, type Fields } from '../../domain/lang/fields.ts';

export interface Manifest {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly converted: Component;
  /** A sentence for everything in it that has no place in an Application. */
  readonly warnings: readonly string[];
}

interface Metadata extends Fields {
  readonly name?: unknown;
  readonly generateName?: unknown;
  readonly namespace?: string;
  readonly labels?: Fields;
  readonly annotations?: Fields;
  readonly resourceVersion?: unknown;
}

export interface Manifests {
  readonly manifests: readonly Manifest[];
  /** A sentence for each manifest of another kind. */
  readonly others: readonly string[];
}

/** An object of a kind that stays as it is, such as a ConfigMap beside a Job. */
interface Other {
  readonly where: string;
  readonly fields: Fields;
}

/**
 * What a file has, such as the output of `helm template`.
 * @throws UsageError naming the document, and the item of a List, that cannot be converted; also if there is none
 */
export function readManifests(text: string, filename: string, schemas: Schemas): Manifests {
  if (text.includes('\0'))
    throw new UsageError(`${filename} is not text in UTF-8: save it as such (PowerShell's > writes UTF-16)`);
  const found = readAll(withSeparators(text)).flatMap(({ value, error }, index) => {
    const where = `${filename}, document ${index + 1}`;
    if (error !== undefined) throw new UsageError(`${where}: ${whyUnread(error, text)}`);
    return value === undefined ? [] : readValue(value, where, schemas);
  });
  const manifests = found.flatMap((one) => ('converted' in one ? [one] : []));
  const others = found.flatMap((one) => ('converted' in one ? [] : [one]));
  const [first] = others;
  if (manifests.length === 0 && first)
    throw new UsageError(`${first.where} is of kind ${kindOf(first.fields)}: ${insteadOf(first.fields)}`);
  if (manifests.length === 0) throw new UsageError(`${filename} contains no manifest`);
  return { manifests, others: others.map(stays) };
}

function stays({ where, fields }: Other): string {
  const { name, generateName } = (fields['metadata'] ?? {}) as Metadata;
  const named = name ?? generateName;
  const what = named === undefined ? kindOf(fields) : `${kindOf(fields)} ${asText(named)}`;
  return `${where}: ${what} is not converted: apply it as it is`;
}

function readValue(read: unknown, where: string, schemas: Schemas): readonly (Manifest | Other)[] {
  if (Array.isArray(read))
    throw new UsageError(`${where} is a list: put its elements into items of an object of kind List`);
  const fields = withoutNulls((typeof read === 'object' && read !== null ? read : {}) as Fields);
  const { kind = 'nothing', items } = fields as { readonly kind?: unknown; readonly items?: unknown };
  if (typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items))
    return items.flatMap((item: unknown, index) =>
      readValue(ofList(item, fields), `${where}, item ${index + 1}`, schemas),
    );
  const convert = typeof kind === 'string' ? converterFor(fields['apiVersion'], kind) : undefined;
  if (!convert) return [{ where, fields }];
  return [readManifest({ kind: String(kind), fields, where }, convert, schemas)];
}

/** The API answers with a JobList or a CronJobList, whose items do not say their kind again. */
function ofList(item: unknown, { apiVersion, kind }: Fields): unknown {
  if (!isFields(item) || 'kind' in item || kind === 'List') return item;
  return { apiVersion, kind: String(kind).replace(/List$/, ''), ...item };
}

/** With its API group where that is what is wrong, as in `Job (batch.example.com/v1)`. */
function kindOf({ kind = 'nothing', apiVersion }: Fields): string {
  return knownKinds.includes(String(kind)) ? `${String(kind)} (${String(apiVersion)})` : String(kind);
}

/** Jobs and CronJobs had other API groups once, and files have them still. */
const formerGroup = /^(extensions|apps)\//;

function insteadOf({ kind, apiVersion }: Fields): string {
  if ((kind === 'Job' || kind === 'CronJob') && typeof apiVersion === 'string' && formerGroup.test(apiVersion))
    return `no cluster has that API any more: write apiVersion: batch/v1`;
  return `it must be one of ${knownKinds.join(', ')}`;
}

function readManifest(
  { kind, fields, where }: Other & { readonly kind: string },
  convert: Converter,
  schemas: Schemas,
): Manifest {
  const { apiVersion: _apiVersion, kind: _kind, metadata: said = {}, spec, status: _status, ...others } = fields;
  const metadata = said as Metadata;
  const name = nameOf(metadata, `${where}: ${kind}`);
  if (!isFields(spec)) throw new UsageError(`${where}: ${kind} ${name} needs a spec`);
  const isStored = metadata.resourceVersion !== undefined;
  const ownSpec = spec;
  const manifest = `${where}: ${kind} ${name}`;
  refusedAs(manifest, () => {
    checkShapes(ownSpec, 'spec');
    checkPodTemplates(ownSpec, schemas);
  });
  const cleaned = withoutServerFields(ownSpec, isStored);
  return {
    kind,
    name: componentName(name),
    namespace: metadata.namespace,
    converted: refusedAs(manifest, () =>
      checked(apart(convert(cleaned.spec, metadata.labels ?? {}, name), name), schemas),
    ),
    warnings: [
      ...(componentName(name) === name
        ? []
        : [
            `the name ${name} becomes ${componentName(name)}: a component's has lower-case letters, digits and dashes, and leaves room for the revision in a label`,
          ]),
      ...cleaned.warnings,
      ...lostMetadata(metadata),
      ...unreadable(ownSpec),
      ...Object.keys(others).map((field) => `${field} is left out: it is not a field of a ${kind}`),
    ],
  };
}

function apart({ type, properties, warnings }: Component, name: string): Component {
  const named = withoutClashes(properties, name);
  return { type, properties: named.properties, warnings: [...warnings, ...named.warnings] };
}

function checked(component: Component, schemas: Schemas): Component {
  checkLimits(component);
  checkProperties(component, schemas);
  return { ...component, warnings: [...component.warnings, ...longArguments(component.properties)] };
}

/** @throws UsageError that says which manifest cannot be converted */
function refusedAs<T>(manifest: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${manifest}: ${error.message}`);
    throw error;
  }
}

/** @throws UsageError if there is none, or none yet */
function nameOf({ name, generateName }: Metadata, what: string): string {
  if (name !== undefined && typeof name !== 'string')
    throw new UsageError(`${what}: metadata.name must be a text in quotes, and is ${asText(name)}`);
  const given = name ?? (typeof generateName === 'string' ? generateName.replace(/[-.]+$/, '') : '');
  if (given === '') throw new UsageError(`${what} needs metadata.name, or metadata.generateName`);
  if (/\{\{|\$[{(]/.test(given))
    throw new UsageError(`${what}: metadata.name is ${given}, which is not filled in: ${toFillIn}`);
  return given;
}

/** Metadata that the cluster writes, and that means nothing in another object. */
const serverAnnotations = /^(kubectl\.kubernetes\.io\/last-applied-configuration$|batch\.kubernetes\.io\/)/;
const carriedLabels: ReadonlySet<string> = new Set(Object.values(queueLabels));

function lostMetadata({ name, generateName, labels = {}, annotations = {} }: Metadata): readonly string[] {
  const hooks = Object.keys(annotations).filter((key) => isHook(key));
  const other = Object.keys(annotations).filter((key) => !isHook(key) && !serverAnnotations.test(key));
  const lost = Object.keys(labels).filter((key) => !carriedLabels.has(key));
  return [
    ...(name === undefined && typeof generateName === 'string'
      ? ['metadata.generateName becomes the name: each run gets a name of its own anyway']
      : []),
    ...(hooks.length > 0
      ? [
          `the hook is lost (${hooks.map((key) => `${key}: ${String(annotations[key])}`).join(', ')}): to run at that point, write a workflow step of type run-task before or after the step that deploys the rest`,
        ]
      : []),
    ...leftOut('metadata.labels', lost),
    ...leftOut('metadata.annotations', other),
  ];
}

function leftOut(field: string, keys: readonly string[]): readonly string[] {
  if (keys.length === 0) return [];
  return [`${field} ${keys.join(', ')}: left out; write them under the Application's metadata`];
}

/** When Helm or Argo CD runs the manifest, and in which order. */
function isHook(annotation: string): boolean {
  return /^(helm\.sh\/hook|argocd\.argoproj\.io\/(hook|sync-wave))/.test(annotation);
}
