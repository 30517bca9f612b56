/**
 * YAML as kubectl reads it. kubectl takes YAML 1.1 (`yes` is a boolean, `0755` an octal number), without its
 * sexagesimal numbers and timestamps; most other programs take YAML 1.2. What is printed here means the same to both.
 */
import {
  Document,
  isAlias,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  parseDocument,
  visit,
  type Node,
  type ParseOptions,
  type ScalarTag,
  type Tags,
} from 'yaml';
import { messageOf } from '../domain/lang/words.ts';
import { indented } from './outdented.ts';

const timestamp = 'tag:yaml.org,2002:timestamp';

const float = 'tag:yaml.org,2002:float';

/** A number has a digit before its exponent: `.`, `-._` and `e5` are strings. */
const startsWithDigit = /(?=[-+]?[._]*[0-9])/.source;

type Tag = Exclude<Tags[number], string>;

const isTime = ({ tag, format }: Tag): boolean => tag === timestamp || format === 'TIME';

const binary = 'tag:yaml.org,2002:binary';

/** What kubectl reads as an ordinary list or map. */
const ordinary = new Set(['tag:yaml.org,2002:omap', 'tag:yaml.org,2002:pairs', 'tag:yaml.org,2002:set']);

/** Infinity and NaN are floats, too, and have no digits. */
function asKubectlReadsIt(tag: Tag): Tag[] {
  if (ordinary.has(tag.tag)) return [];
  if (tag.tag === binary) return [{ tag: binary, resolve: (text: string) => Buffer.from(text, 'base64').toString() }];
  if (tag.tag !== float || !isOfScalars(tag) || !tag.test || tag.test.test('.inf')) return [tag];
  return [
    {
      ...tag,
      test: new RegExp(startsWithDigit + tag.test.source),
      resolve: (text, ...rest) => numberOr(text, tag.resolve(text, ...rest)),
    },
  ];
}

const isOfScalars = (tag: Tag): tag is ScalarTag => 'test' in tag;

/** A number beyond what a float holds, such as 1e400, is text. */
function numberOr(text: string, resolved: unknown): unknown {
  const value: unknown = isScalar(resolved) ? resolved.value : resolved;
  return Number.isFinite(value) ? resolved : text;
}

/** YAML 1.2's form of an octal number, which kubectl takes beside that of YAML 1.1. */
const octal: Tag = {
  identify: () => false,
  default: true,
  tag: 'tag:yaml.org,2002:int',
  format: 'OCT',
  test: /^[-+]?0[oO][0-7_]+$/,
  resolve: (text: string, _onError, { intAsBigInt = false }) => {
    const digits = BigInt(text.replace(/^[-+]|_/g, '').toLowerCase());
    const value = text.startsWith('-') ? -digits : digits;
    return intAsBigInt ? value : Number(value);
  },
};

const kubectlTags = (tags: Tags): Tags => [
  octal,
  ...tags.flatMap((tag): Tags => (typeof tag === 'string' ? [tag] : isTime(tag) ? [] : asKubectlReadsIt(tag))),
];

/** The documents of a text as kubectl reads them, which need not be valid. */
export function documentsOf(text: string, options: ParseOptions): readonly Document.Parsed[] {
  return parseAllDocuments(indented(text), { version: '1.1', merge: true, customTags: kubectlTags, ...options });
}

/** A value that kubectl cannot send, because JSON does not have it. */
export interface Unsendable {
  /** Where it begins in the text. */
  readonly offset: number;
  /** Its path, the value and what to write. */
  readonly message: string;
}

/** The first value of a document that kubectl refuses: infinity, NaN, one within itself, a key that is not text. */
export function unsendableIn(document: Document.Parsed): Unsendable | undefined {
  let found: Unsendable | undefined;
  const find = (node: Node | null, message: string) => {
    found = { offset: node?.range?.[0] ?? 0, message };
    return visit.BREAK;
  };
  visit(document, {
    Alias(_key, alias, path) {
      const within = path.some((node) => isNode(node) && 'anchor' in node && node.anchor === alias.source);
      if (!within) return undefined;
      const place = pathOf([...path, alias]) || 'the document';
      return find(alias, `${place} is *${alias.source}, which stands within &${alias.source}: write the value itself`);
    },
    Pair(_key, { key }, path) {
      if (isAlias(key) || (isScalar(key) && key.value !== null)) return undefined;
      const place = pathOf(path) || 'the document';
      return find(key as Node | null, `a key of ${place} is not text: write a word, or put it in quotes`);
    },
    Scalar(key, node, path) {
      if (key === 'key' || typeof node.value !== 'number' || Number.isFinite(node.value)) return undefined;
      const place = pathOf([...path, node]);
      return find(
        node,
        `${place} is ${node.source ?? String(node.value)}, which JSON cannot hold: write a number, or put it in quotes`,
      );
    },
  });
  return found;
}

/** `spec.steps.0.name`, of the nodes from the document on. */
function pathOf(nodes: readonly unknown[]): string {
  const parts = nodes.flatMap((node, index): readonly string[] => {
    if (isPair(node)) return [String(isScalar(node.key) ? node.key.value : node.key)];
    const list = nodes[index - 1];
    return isSeq(list) ? [String(list.items.indexOf(node))] : [];
  });
  return parts.join('.');
}

export interface ReadDocument {
  /** Undefined where the document is empty. */
  readonly value: unknown;
  /** What is wrong with the YAML, and where. */
  readonly error?: string;
}

/** Every document of the text. A document that is empty, or has comments alone, counts and has no value. */
export function readAll(text: string): readonly ReadDocument[] {
  const lines = new LineCounter();
  return documentsOf(text, { intAsBigInt: true, lineCounter: lines }).map((document) => {
    const [error] = document.errors;
    if (error) return { value: undefined, error: error.message };
    const unsendable = unsendableIn(document);
    if (unsendable) {
      const { line, col } = lines.linePos(unsendable.offset);
      return { value: undefined, error: `${unsendable.message}, at line ${line}, column ${col}` };
    }
    try {
      return { value: (document.toJS({ reviver: wholeNumber }) as unknown) ?? undefined };
    } catch (error) {
      // Aliases are resolved only here: one without its anchor, or too many.
      return { value: undefined, error: messageOf(error) };
    }
  });
}

/** A whole number is read with all its digits, and is a number where a number can hold them. */
function wholeNumber(_key: unknown, value: unknown): unknown {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** Text of one document; strings that YAML 1.1 or 1.2 takes for something else are quoted. */
export function print(value: unknown): string {
  const document = new Document(value, { version: '1.2', aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string' && (unseen.test(node.value) || !isPlainString(node.value)))
        node.type ??= 'QUOTE_DOUBLE';
    },
  });
  return withEscapes(document.toString());
}

/** Text of a value as JSON. */
export function printJson(value: unknown): string {
  return `${withEscapes(JSON.stringify(value, undefined, 2))}\n`;
}

/** A stranger's text could move the cursor of a terminal with these, or turn what it shows around. */
// eslint-disable-next-line no-control-regex -- they are what is looked for
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

/** They are only in texts within quotes, where YAML and JSON have the same escapes. */
function withEscapes(text: string): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return text.replace(new RegExp(unseen, 'g'), escaped);
}

/** How a number, boolean, null, time or merge key begins, or all of it. Other strings need no closer look. */
const maybeNotAString = /^(?:[-+.\d~<=]|e\d|$|(?:y|n|yes|no|on|off|true|false|null)$)/i;

function isPlainString(text: string): boolean {
  return !maybeNotAString.test(text) || [readBy('1.1'), readBy('1.2')].every((read) => read(text) === text);
}

function readBy(version: '1.1' | '1.2'): (text: string) => unknown {
  return (text) => {
    const { contents, errors } = parseDocument(text, { version });
    return errors.length > 0 || !isScalar(contents) ? text : contents.value;
  };
}
