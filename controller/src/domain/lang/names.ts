/**
 * Names of runs and Jobs. A name is derived from the Task's UID and generation alone, so that whoever computes it again
 * after a crash gets the same one: creating an object under it is the lock that makes one trigger one run.
 */
import { hexHash } from './canonical-json.ts';

/** A Job's name goes into the label batch.kubernetes.io/job-name, and labels end at 63. */
export const maxNameLength = 63;
const hashLength = 5;
/** A letter, a dash and a hash. */
const shortestPrefix = hashLength + 2;

/**
 * A valid name of at most `most` characters made of a prefix and a suffix. A prefix that is too long is cut and gets a
 * hash of the whole, so that long names which differ only at their end stay apart; the suffix stays readable, unless it
 * leaves the prefix no room.
 */
export function joinName(prefix: string, suffix: string, most = maxNameLength): string {
  const base = toLabel(prefix);
  const tail = suffix === '' ? '' : `-${suffix}`;
  const room = most - tail.length;
  if (base.length <= room) return `${base}${tail}`;
  // A step's name may take all the room there is.
  if (room < shortestPrefix) return joinName(`${base}${tail}`, hexHash(`${prefix}${tail}`, hashLength), most);
  const cut = trimDashes(base.slice(0, room - hashLength - 1));
  return `${cut}-${hexHash(prefix, hashLength)}${tail}`;
}

/** As many as one reconcile can try. Somebody who takes all of them is seen: the Task's condition names one. */
const mostNames = 20;

/**
 * The names that an object may take, the wanted one first. Whoever may create TaskRuns can compute them, and take some;
 * `identity` makes them the same at every attempt.
 */
export function namesOf(name: string, identity: string, most = maxNameLength): readonly string[] {
  const further = Array.from({ length: mostNames - 1 }, (_, nth) =>
    nameWithHash(name, nth === 0 ? identity : `${identity}/${nth + 1}`, most),
  );
  return [name, ...further];
}

/**
 * The first of an object's names that is not taken.
 * @param most how long the name may be
 * @returns the last one where all are taken: it is retried, in case it is free again
 */
export function freeName(wanted: string, identity: string, taken: ReadonlySet<string>, most = maxNameLength): string {
  if (!taken.has(wanted)) return wanted;
  const names = namesOf(wanted, identity, most);
  return names.find((name) => !taken.has(name)) ?? names.at(-1) ?? wanted;
}

/** The name to fall back to where `name` is taken; `identity` makes it the same at every attempt. */
export function nameWithHash(name: string, identity: string, most = maxNameLength): string {
  return joinName(name, hexHash(identity, hashLength), most);
}

/** A label's value for an object's name: itself where it fits, else cut and hashed. */
export function labelValue(name: string): string {
  if (name.length <= maxNameLength) return name;
  return `${trimDashes(name.slice(0, maxNameLength - hashLength - 1))}-${hexHash(name, hashLength)}`;
}

/** As a DNS label: lower case letters, digits and dashes, a letter or digit at both ends. */
function toLabel(text: string): string {
  return trimDashes(text.toLowerCase().replace(/[^a-z0-9-]+/g, '-')) || 'task';
}

function trimDashes(text: string): string {
  return text.replace(/^[-._]+|[-._]+$/g, '');
}
