/** Names of images as nodes take them. The API server takes any text; a pod with another waits for ever. */
import type { SchemaProblem } from '../schema.ts';
import type { Place } from './place.ts';

const domain =
  /^(?:[A-Za-z0-9](?:[-A-Za-z0-9]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[-A-Za-z0-9]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?$/;
const part = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const tag = /^\w[\w.-]{0,127}$/;
const digest = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}$/;

const mostOfName = 255;
const form = 'write registry/name:tag or registry/name@sha256:digest';

/** @param image of a container; a template's parameter in it is filled in later, as `${...}` of other tools is */
export function imageProblems(image: Place): readonly SchemaProblem[] {
  const text = typeof image.value === 'string' ? image.value : '';
  const isOpen = text === '' || text.includes('${') || text.includes('$(params.');
  const wrong = isOpen ? undefined : (placeIn(text) ?? wrongWith(text));
  return wrong === undefined ? [] : [image.is(`, which no node can pull: ${wrong}`)];
}

function placeIn(text: string): string | undefined {
  const place = /\$\([^()]*\)/.exec(text)?.[0];
  return place && `write the image itself; nothing takes the place of ${place} here`;
}

/** What to write instead; undefined where it is right. */
function wrongWith(text: string): string | undefined {
  const scheme = /^[a-z]+:\/\//.exec(text)?.[0];
  if (scheme !== undefined) return `leave out ${scheme}`;
  const at = text.indexOf('@');
  const [named, digested] = at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
  if (digested !== undefined && !digest.test(digested))
    return digest.test(`sha256:${digested}`)
      ? `write @sha256:${digested}`
      : `${form}; what follows @ is a digest, and a tag follows :`;
  const colon = named.lastIndexOf(':');
  if (colon <= named.lastIndexOf('/')) return wrongWithName(named);
  return tag.test(named.slice(colon + 1))
    ? wrongWithName(named.slice(0, colon))
    : `${form}; a tag has letters, digits, -, _ and ., at most 128`;
}

function wrongWithName(name: string): string | undefined {
  const parts = name.split('/');
  const path = parts.length > 1 && isDomain(parts[0] ?? '') ? parts.slice(1) : parts;
  if (name.length > mostOfName) return `its name has ${name.length} characters, and may have ${mostOfName}`;
  if (path.length < parts.length && !domain.test(parts[0] ?? '')) return form;
  if (path.every((one) => part.test(one))) return undefined;
  return path.every((one) => part.test(one.toLowerCase())) ? 'write its name in lower case' : form;
}

/** As every runtime tells a registry from the first part of a name. */
function isDomain(first: string): boolean {
  return /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
}
