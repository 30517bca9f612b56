/** Fields of manifests that must be lists: what a cluster never checked may have anything in their place. */
import { UsageError } from '../errors.ts';
import { asText } from './text.ts';
import { isFields, type Fields } from '../../domain/lang/fields.ts';

const objectLists: ReadonlySet<string> = new Set([
  'artifacts',
  'containers',
  'env',
  'flows',
  'imagePullSecrets',
  'initContainers',
  'parameters',
  'params',
  'results',
  'sidecars',
  'steps',
  'tasks',
  'templates',
  'volumeClaimTemplates',
  'volumeMounts',
  'volumes',
  'workspaces',
]);
/** The API server takes no number in quotes for these, as Argo does for `activeDeadlineSeconds`. */
const wholeNumbers: ReadonlySet<string> = new Set([
  'backoffLimit',
  'backoffLimitPerIndex',
  'completions',
  'failedJobsHistoryLimit',
  'maxFailedIndexes',
  'parallelism',
  'startingDeadlineSeconds',
  'successfulJobsHistoryLimit',
  'terminationGracePeriodSeconds',
  'ttlSecondsAfterFinished',
]);
const texts: ReadonlySet<string> = new Set(['depends']);
const textLists: ReadonlySet<string> = new Set(['args', 'command', 'dependencies', 'targets']);
/** Their values are texts: `version: 1.0` is a number, and `inject: false` a boolean. */
const textMaps: ReadonlySet<string> = new Set(['annotations', 'labels', 'matchLabels', 'nodeSelector']);
/** Their fields have names and values of people's own. */
const free: ReadonlySet<string> = new Set([
  'annotations',
  'default',
  'labels',
  'matchLabels',
  'nodeSelector',
  'plugin',
  'properties',
  'value',
  'withItems',
]);

/** @throws UsageError naming the first field, as in `spec.templates[0].steps`, that has another form */
export function checkShapes(fields: Fields, path: string): void {
  for (const [name, value] of Object.entries(fields)) checkField(name, value, `${path}.${name}`);
}

function checkField(name: string, value: unknown, path: string): void {
  if (name === 'withItems' && !Array.isArray(value)) refuse(path, value, 'a list');
  if (objectLists.has(name)) checkNamed(value, path);
  checkText(name, value, path);
  checkValues(name, value, path);
  if (!free.has(name)) checkInside(value, path);
}

function checkText(name: string, value: unknown, path: string): void {
  const isText = (one: unknown) => typeof one === 'string';
  if (texts.has(name) && !isText(value)) refuse(path, value, 'a text');
  if (name === 'script') checkScript(value, path);
  if (textLists.has(name) && !(Array.isArray(value) && value.every(isText))) refuse(path, value, 'a list of texts');
}

/** Tekton's is a text, and Argo's has fields. */
function checkScript(script: unknown, path: string): void {
  if (typeof script === 'string') return;
  if (!isFields(script) || !('source' in script)) refuse(path, script, 'a text');
  if (typeof script['source'] !== 'string') refuse(`${path}.source`, script['source'], 'a text');
}

function checkValues(name: string, value: unknown, path: string): void {
  if (name === 'env') checkEnv(value, path);
  if (textMaps.has(name)) checkTexts(value, path);
  if (wholeNumbers.has(name)) checkWholeNumber(value, path);
}

/** `value: 8080` is a number, and `value: yes` a boolean: the API server takes texts alone. */
function checkEnv(env: unknown, path: string): void {
  if (!Array.isArray(env)) return;
  for (const [index, variable] of env.entries()) {
    const { value } = (isFields(variable) ? variable : {}) as { readonly value?: unknown };
    if (value !== undefined && typeof value !== 'string') refuse(`${path}[${index}].value`, value, 'a text in quotes');
  }
}

function checkTexts(map: unknown, path: string): void {
  for (const [key, value] of Object.entries(isFields(map) ? map : {}))
    if (typeof value !== 'string') refuse(`${path}[${key}]`, value, 'a text in quotes');
}

function checkWholeNumber(value: unknown, path: string): void {
  if (typeof value === 'string') refuse(path, JSON.stringify(value), 'a whole number without quotes');
}

function checkNamed(value: unknown, path: string): void {
  // The groups of an Argo template's steps are lists themselves.
  const list: readonly unknown[] = Array.isArray(value) ? value.flat() : [value];
  if (!Array.isArray(value) || !list.every(isFields)) refuse(path, value, 'a list of objects');
  const hasNames = /\.(params|parameters)$/.test(path);
  for (const { name } of list.filter(isFields)) {
    if (name === undefined && hasNames) throw new UsageError(`${path}[] has no name: give each one a name`);
    if (name !== undefined && typeof name !== 'string') refuse(`${path}[].name`, name, 'a text in quotes');
  }
}

function checkInside(value: unknown, path: string): void {
  if (Array.isArray(value)) value.forEach((element, index) => checkInside(element, `${path}[${index}]`));
  else if (isFields(value)) checkShapes(value, path);
}

function refuse(path: string, value: unknown, form: string): never {
  throw new UsageError(`${path} must be ${form}, and is ${asText(value).slice(0, 60)}`);
}
