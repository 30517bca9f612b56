/**
 * `$(item.file)`, `$(steps.build.outputs.image)`, `$(params.size)`: places in texts that values take. Kubernetes reads
 * the same texts afterwards, and puts a container's variables into its command, args, env and a few more: `$(NAME)` is
 * a variable, `$$` a plain `$` (k8s.io/kubernetes/third_party/forked/golang/expansion). So a value that comes from
 * outside, as what a program printed does, must not be read a second time.
 */

/** The value of a place by the name in its parentheses; undefined leaves it as it is. */
export type ValueOf = (name: string) => string | undefined;

/** The largest request that the API server reads, in bytes. */
const largestRequest = 3 * 1024 * 1024;

/**
 * How much the values in one object's texts may come to, in characters. A small text with many places and a large value
 * would fill the memory, and the API server reads no object that is larger than this. Where there is no room left the
 * places after it stay as they are: the object is too large by then, and is refused as such.
 */
export class ValuesRoom {
  #left = largestRequest;

  get isFull(): boolean {
    return this.#left < 0;
  }

  /** Takes a value, also one that fills the room. */
  take(value: string): string {
    this.#left -= value.length;
    return value;
  }
}

/**
 * Text with values in their places, for a field in which Kubernetes expands variables. As with variables,
 * `$$(item.file)` is not a place but stands for the text `$(item.file)`.
 *
 * @param room shared by the texts of one object
 * @param written how a value is written, so that Kubernetes makes of it what it is
 */
export function filledIn(
  text: string,
  valueOf: ValueOf,
  room: ValuesRoom,
  written: (value: string) => string = escaped,
): string {
  const parentheses = new Parentheses(text, valueOf);
  let [result, at] = ['', 0];
  for (let next = text.indexOf('$'); next >= 0 && !room.isFull; next = text.indexOf('$', at)) {
    result += text.slice(at, next);
    const end = text[next + 1] === '(' ? parentheses.closeAfter(next) : -1;
    const value = end < 0 ? undefined : valueAt(text, next, end, valueOf);
    if (value !== undefined) {
      result += room.take(written(value));
      at = end + 1;
    } else if (end >= 0 && parentheses.innermostPlace(end) > next) {
      // `$(cat $(item.file))` is a shell's: to Kubernetes it would be a variable whose name the value makes up.
      result += '$$';
      at = next + 1;
    } else {
      at = end < 0 ? next + 2 : end + 1;
      result += text.slice(next, at);
    }
  }
  return result + text.slice(at);
}

/** Longer than the name of any place, so that a text of a million open parentheses is read in one go. */
const longestName = 1_000;

function valueAt(text: string, open: number, close: number, valueOf: ValueOf): string | undefined {
  return close - open > longestName ? undefined : valueOf(text.slice(open + 2, close));
}

/** Finds closing parentheses from left to right, each once. */
class Parentheses {
  readonly #text: string;
  readonly #valueOf: ValueOf;
  #close: number;
  #place: { readonly close: number; readonly open: number } | undefined;

  constructor(text: string, valueOf: ValueOf) {
    this.#text = text;
    this.#valueOf = valueOf;
    this.#close = text.indexOf(')');
  }

  /** -1 if there is none. Later calls ask for later ones. */
  closeAfter(from: number): number {
    if (this.#close >= 0 && this.#close < from) this.#close = this.#text.indexOf(')', from);
    return this.#close;
  }

  /** Where the place begins that ends with this parenthesis; -1 if none does. */
  innermostPlace(close: number): number {
    if (this.#place?.close !== close) this.#place = { close, open: this.#findPlace(close) };
    return this.#place.open;
  }

  #findPlace(close: number): number {
    const open = this.#text.lastIndexOf('$(', close);
    let first = open;
    while (first > 0 && this.#text[first - 1] === '$') first -= 1;
    const isEscaped = (open - first) % 2 === 1;
    return open < 0 || isEscaped || valueAt(this.#text, open, close, this.#valueOf) === undefined ? -1 : open;
  }
}

/** Each `$` doubled, also where Kubernetes would read it alone: before a letter beyond ASCII that breaks the letter. */
export function escaped(value: string): string {
  return value.replaceAll('$', '$$$$');
}

/** The names of the places in a text, or in the JSON of an object, that begin so: `item.`, `steps.` or `params.`. */
export function placesIn(text: string, beginning: string): readonly string[] {
  if (!text.includes(`$(${beginning}`)) return [];
  return [...text.matchAll(place)].map(([, name = '']) => name).filter((name) => name.startsWith(beginning));
}

const place = /(?<!\$)(?:\$\$)*\$\(([^()]+)\)/g;
