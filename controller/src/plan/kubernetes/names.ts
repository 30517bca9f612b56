/** Names, keys and values as Kubernetes takes them. Its own expressions. */
import type { SchemaProblem } from '../schema.ts';
import { shown } from '../shown.ts';
import type { Place } from './place.ts';

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const keyName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

const mostOfLabel = 63;
const mostOfSubdomain = 253;

const keyForm = `write letters, digits, -, _ and ., with a letter or digit at both ends, ${mostOfLabel} characters at most`;

/** The name of a container or of a volume. One that is too long the schema refuses. */
export function labelNameProblems(place: Place): readonly SchemaProblem[] {
  const { text = '' } = place;
  return text === '' || label.test(text)
    ? []
    : [place.is(': write lower-case letters, digits and -, with a letter or digit at both ends')];
}

/** The name of an object that the pods refer to. */
export function objectNameProblems(place: Place): readonly SchemaProblem[] {
  const { text = '' } = place;
  return text === '' || (text.length <= mostOfSubdomain && subdomain.test(text))
    ? []
    : [place.is(': write the name of an object, in lower-case letters, digits, - and .')];
}

/** The keys of labels, annotations or a node selector. */
export function keyProblems(place: Place): readonly SchemaProblem[] {
  return place.names
    .filter((key) => !key.includes('$(') && !isKey(key))
    .map((key) => place.at(key).problem(badKey(key)));
}

/** A key that is written as a value. */
export function keyProblem(place: Place): readonly SchemaProblem[] {
  const { text = '' } = place;
  return text === '' || isKey(text) ? [] : [place.problem(badKey(text))];
}

/** A value of a label. */
export function labelValueProblems(place: Place): readonly SchemaProblem[] {
  const { text = '' } = place;
  return labelValue.test(text) && text.length <= mostOfLabel ? [] : [place.is(`: ${keyForm}`)];
}

function badKey(key: string): string {
  return `has the key ${shown(key)}: ${keyForm}, after a domain and / if there is one`;
}

function isKey(key: string): boolean {
  const [name = '', domain, ...more] = key.split('/').reverse();
  if (more.length > 0 || name.length > mostOfLabel || !keyName.test(name)) return false;
  return domain === undefined || (domain.length <= mostOfSubdomain && subdomain.test(domain.toLowerCase()));
}
