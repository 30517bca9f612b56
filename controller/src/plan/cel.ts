/**
 * The part of CEL that the rules of our CRDs use (x-kubernetes-validations): has, type, string, contains, matches,
 * exists, in, comparisons, and, or, not, and the conditional. The language is https://github.com/google/cel-spec;
 * precedence is the same.
 */
import { isFields } from '../vela/fields.ts';

type Value = unknown;
/** The names that a rule can use: self, and the variables of macros. */
type Names = Readonly<Record<string, Value>>;
type Expression = (names: Names) => Value;

/** A rule that uses more of CEL than this file supports. */
class Unknown extends Error {}

const known = new Map<string, Expression | undefined>();
const mostKnown = 500;

/** @returns whether the value satisfies the rule; undefined if only the API server can say */
export function celHolds(rule: string, self: Value): boolean | undefined {
  const expression = known.has(rule) ? known.get(rule) : compile(rule);
  if (known.size < mostKnown) known.set(rule, expression);
  const holds = expression?.({ self });
  return typeof holds === 'boolean' ? holds : undefined;
}

function compile(rule: string): Expression | undefined {
  try {
    const parser = new Parser(tokens(rule));
    const expression = parser.conditional();
    return parser.isAtEnd ? expression : undefined;
  } catch (error) {
    if (error instanceof Unknown) return undefined;
    throw error;
  }
}

const token = /\s*('(?:[^'\\]|\\.)*'|\d+|[A-Za-z_]\w*|\|\||&&|==|!=|>=|[!?:().,])/y;

function tokens(rule: string): readonly string[] {
  const found: string[] = [];
  const text = rule.trim();
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const [, word] = token.exec(text) ?? [];
    if (word === undefined) throw new Unknown(rule);
    found.push(word);
  }
  return found;
}

const comparisons: Readonly<Record<string, (a: Value, b: Value) => Value>> = {
  '==': (a, b) => JSON.stringify(a) === JSON.stringify(b),
  '!=': (a, b) => JSON.stringify(a) !== JSON.stringify(b),
  '>=': (a, b) => Number(a) >= Number(b),
  in: (a, b) => Array.isArray(b) && b.includes(a),
};

const functions: Readonly<Record<string, (value: Value) => Value>> = {
  has: (value) => value !== undefined,
  type: (value) => (Number.isInteger(value) ? 'int' : typeof value),
  string: (value) => String(value),
};

const methods: Readonly<Record<string, (value: Value, argument: Value) => Value>> = {
  contains: (value, argument) => String(value).includes(String(argument)),
  matches: (value, argument) => new RegExp(String(argument)).test(String(value)),
};

class Parser {
  readonly #words: readonly string[];
  #at = 0;
  #names: readonly string[] = ['self'];

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#words.length;
  }

  conditional(): Expression {
    const condition = this.#or();
    if (!this.#takes('?')) return condition;
    const then = this.#or();
    this.#need(':');
    const otherwise = this.conditional();
    return (names) => (condition(names) === true ? then(names) : otherwise(names));
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#takes('||')) {
      const [before, right] = [left, this.#and()];
      left = (names) => before(names) === true || right(names) === true;
    }
    return left;
  }

  #and(): Expression {
    let left = this.#comparison();
    while (this.#takes('&&')) {
      const [before, right] = [left, this.#comparison()];
      left = (names) => before(names) === true && right(names) === true;
    }
    return left;
  }

  #comparison(): Expression {
    const left = this.#not();
    const compare = comparisons[this.#words[this.#at] ?? ''];
    if (!compare) return left;
    this.#at += 1;
    const right = this.#not();
    return (names) => compare(left(names), right(names));
  }

  #not(): Expression {
    if (!this.#takes('!')) return this.#member();
    const value = this.#not();
    return (names) => value(names) !== true;
  }

  #member(): Expression {
    let value = this.#primary();
    while (this.#takes('.')) {
      const [before, name] = [value, this.#next()];
      value = this.#takes('(') ? this.#called(before, name) : (names) => fieldOf(before(names), name);
    }
    return value;
  }

  #called(before: Expression, name: string): Expression {
    if (name === 'exists') return this.#exists(before);
    const method = methods[name];
    if (!method) throw new Unknown(name);
    const argument = this.#argument();
    return (names) => method(before(names), argument(names));
  }

  /** list.exists(variable, condition), the macro. */
  #exists(list: Expression): Expression {
    const [variable, outside] = [this.#next(), this.#names];
    this.#need(',');
    this.#names = [...outside, variable];
    const condition = this.#argument();
    this.#names = outside;
    return (names) => asList(list(names)).some((element) => condition({ ...names, [variable]: element }) === true);
  }

  #primary(): Expression {
    const word = this.#next();
    if (word === '(') return this.#argument();
    if (this.#names.includes(word)) return (names) => names[word];
    if (word === 'int') return () => 'int';
    if (word.startsWith("'")) return () => word.slice(1, -1).replace(/\\(.)/g, '$1');
    if (/^\d+$/.test(word)) return () => Number(word);
    const call = functions[word];
    if (!call) throw new Unknown(word);
    this.#need('(');
    const argument = this.#argument();
    return (names) => call(argument(names));
  }

  #argument(): Expression {
    const value = this.conditional();
    this.#need(')');
    return value;
  }

  #takes(word: string): boolean {
    if (this.#words[this.#at] !== word) return false;
    this.#at += 1;
    return true;
  }

  #need(word: string): void {
    if (!this.#takes(word)) throw new Unknown(word);
  }

  #next(): string {
    const word = this.#words[this.#at];
    if (word === undefined) throw new Unknown('the end');
    this.#at += 1;
    return word;
  }
}

function asList(value: Value): readonly Value[] {
  return Array.isArray(value) ? value : [];
}

function fieldOf(value: Value, name: string): Value {
  return isFields(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
