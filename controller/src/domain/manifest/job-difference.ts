/**
 * What tells a Job that somebody else made from the one that a run wants. Webhooks may add to what the controller
 * created: sidecars, variables, volumes, labels, limits, a digest after an image. They may not make another program.
 */
import type { JobManifest } from '../model/actions.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A Job as the API server returns it. */
export interface FoundJob {
  readonly spec?: object | undefined;
}

/**
 * @returns in which respect the Job runs something else than was wanted, such as `container main has another image`;
 * undefined where it runs the same
 */
export function jobDifference(wanted: JobManifest, found: FoundJob): string | undefined {
  const [ours, theirs] = [podSpecOf(wanted), podSpecOf(found)];
  if (listIn(ours, 'containers').length === 0) return 'nothing is known of what it should run';
  const account = (spec: Fields) => spec['serviceAccountName'] ?? spec['serviceAccount'] ?? 'default';
  if (account(ours) !== account(theirs)) return 'another service account';
  return (
    firstOf(listIn(ours, 'volumes'), (volume) =>
      isSameSource(volume, named(listIn(theirs, 'volumes'), volume), ['emptyDir'])
        ? undefined
        : `another volume ${text(volume['name'])}`,
    ) ??
    firstOf(['initContainers', 'containers'], (kind) =>
      firstOf(listIn(ours, kind), (container) =>
        containerDifference(container, named(listIn(theirs, kind), container)),
      ),
    )
  );
}

function containerDifference(wanted: Fields, found: Fields | undefined): string | undefined {
  const name = text(wanted['name']);
  if (!found) return `no container ${name}`;
  const image = text(wanted['image']);
  const isSameImage = found['image'] === image || text(found['image']).startsWith(`${image}@`);
  if (!isSameImage) return `container ${name} has another image`;
  for (const field of ['command', 'args', 'workingDir', 'lifecycle'])
    if (isEmpty(wanted[field]) ? !isEmpty(found[field]) : !contains(found[field], wanted[field]))
      return `container ${name} has another ${field}`;
  // Of two variables with one name the last one counts.
  const variables = new Map(listIn(found, 'env').map((variable) => [variable['name'], variable]));
  return (
    firstOf([...new Map(listIn(wanted, 'env').map((variable) => [variable['name'], variable])).values()], (variable) =>
      isSameSource(variable, variables.get(variable['name']), [])
        ? undefined
        : `container ${name} has another value of ${text(variable['name'])}`,
    ) ??
    firstOf(['envFrom', 'volumeMounts'], (field) =>
      listIn(wanted, field).every((one) => listIn(found, field).some((other) => contains(other, one)))
        ? undefined
        : `container ${name} has other ${field}`,
    )
  );
}

/** A volume, or a variable: where its content comes from is one of its fields. */
function isSameSource(wanted: Fields, found: Fields | undefined, defaults: readonly string[]): boolean {
  if (!found) return false;
  const hasSource = Object.keys(wanted).some((key) => key !== 'name' && !isEmpty(wanted[key]));
  const allowed = new Set([...Object.keys(wanted), ...(hasSource ? [] : defaults)]);
  return contains(found, wanted) && Object.keys(found).every((key) => allowed.has(key) || isEmpty(found[key]));
}

/** Quantities: the API server writes 1024Mi as 1Gi. */
const rewritten = new Set(['sizeLimit', 'divisor', 'resources']);

/** Whether everything that was wanted is there; the API server adds defaults and leaves out what is empty. */
function contains(found: unknown, wanted: unknown): boolean {
  if (isEmpty(wanted)) return isEmpty(found) || isFields(found);
  if (Array.isArray(wanted))
    return (
      Array.isArray(found) &&
      found.length === wanted.length &&
      wanted.every((item, index) => isSameItem(found[index], item))
    );
  if (!isFields(wanted)) return found === wanted;
  return isFields(found) && Object.keys(wanted).every((key) => rewritten.has(key) || contains(found[key], wanted[key]));
}

/** In a list what is empty has its place: two arguments, one of them '', are not one. */
function isSameItem(found: unknown, wanted: unknown): boolean {
  return isFields(wanted) ? contains(found, wanted) : found === wanted;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function podSpecOf({ spec }: FoundJob): Fields {
  const { template } = (spec ?? {}) as { readonly template?: { readonly spec?: Fields } };
  return template?.spec ?? {};
}

function listIn(fields: Fields, key: string): readonly Fields[] {
  const list = fields[key];
  return Array.isArray(list) ? list.filter(isFields) : [];
}

function named(list: readonly Fields[], { name }: Fields): Fields | undefined {
  return list.find((one) => one['name'] === name);
}

function firstOf<T>(list: readonly T[], of: (item: T) => string | undefined): string | undefined {
  for (const item of list) {
    const found = of(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
