/**
 * YAML as kubectl reads it. kubectl takes YAML 1.1 (`yes` is a boolean, `0755` an octal number), without its
 * sexagesimal numbers and timestamps; most other programs take YAML 1.2. What is printed here means the same to both.
 */
import { Document, isScalar, parseAllDocuments, parseDocument, visit, type ParseOptions, type Tags } from 'yaml';
import { messageOf } from '../domain/lang/words.ts';
import { indented } from './outdented.ts';

const timestamp = 'tag:yaml.org,2002:timestamp';

const float = 'tag:yaml.org,2002:float';

/** A number has a digit before its exponent: `.`, `-._` and `e5` are strings. */
const startsWithDigit = /(?=[-+]?[._]*[0-9])/.source;

type Tag = Exclude<Tags[number], string>;

const isTime = ({ tag, format }: Tag): boolean => tag === timestamp || format === 'TIME';

/** Infinity and NaN are floats, too, and have no digits. */
function asKubectlReadsIt(tag: Tag): Tag {
  if (tag.tag !== float || !('test' in tag) || !tag.test || tag.test.test('.inf')) return tag;
  return { ...tag, test: new RegExp(startsWithDigit + tag.test.source) };
}

/** YAML 1.2's form of an octal number, which kubectl takes beside that of YAML 1.1. */
const octal: Tag = {
  identify: () => false,
  default: true,
  tag: 'tag:yaml.org,2002:int',
  format: 'OCT',
  test: /^[-+]?0[oO][0-7_]+$/,
  resolve: (text: string) => {
    const digits = text.replace(/^[-+]|_/g, '').toLowerCase();
    return text.startsWith('-') ? -BigInt(digits) : BigInt(digits);
  },
};

const kubectlTags = (tags: Tags): Tags => [
  octal,
  ...tags.flatMap((tag) => (typeof tag === 'string' ? tag : isTime(tag) ? [] : asKubectlReadsIt(tag))),
];

/** The documents of a text as kubectl reads them, which need not be valid. */
export function documentsOf(text: string, options: ParseOptions): readonly Document.Parsed[] {
  return parseAllDocuments(indented(text), { version: '1.1', merge: true, customTags: kubectlTags, ...options });
}

export interface ReadDocument {
  /** Undefined where the document is empty. */
  readonly value: unknown;
  /** What is wrong with the YAML, and where. */
  readonly error?: string;
}

/** Every document of the text. A document that is empty, or has comments alone, counts and has no value. */
export function readAll(text: string): readonly ReadDocument[] {
  return documentsOf(text, { intAsBigInt: true }).map((document) => {
    const [error] = document.errors;
    if (error) return { value: undefined, error: error.message };
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
      if (typeof node.value === 'string' && !isPlainString(node.value)) node.type ??= 'QUOTE_DOUBLE';
    },
  });
  return document.toString();
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
