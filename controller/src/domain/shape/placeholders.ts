/**
 * `$(item.file)`, `$(steps.build.outputs.image)`, `$(params.size)`: places in texts that values take. Kubernetes reads
 * the same texts afterwards, and puts a container's variables into its command, args, env and a few more: `$(NAME)` is
 * a variable, `$$` a plain `$` (k8s.io/kubernetes/third_party/forked/golang/expansion). So a value that comes from
 * outside, as what a program printed does, must not be read a second time.
 */

/** The value of a place by the name in its parentheses; undefined leaves it as it is. */
export type ValueOf = (name: string) => string | undefined;

/**
 * Text with values in their places, for a field in which Kubernetes expands variables. As with variables,
 * `$$(item.file)` is not a place but stands for the text `$(item.file)`.
 *
 * @param written how a value is written, so that Kubernetes makes of it what it is
 */
export function filledIn(text: string, valueOf: ValueOf, written: (value: string) => string = escaped): string {
  let [result, at] = ['', 0];
  for (let next = text.indexOf('$'); next >= 0; next = text.indexOf('$', at)) {
    result += text.slice(at, next);
    const end = text[next + 1] === '(' ? text.indexOf(')', next) : -1;
    const name = end < 0 ? undefined : text.slice(next + 2, end);
    const value = name === undefined ? undefined : valueOf(name);
    if (value !== undefined) {
      result += written(value);
      at = end + 1;
    } else if (name !== undefined && endsInPlace(name, valueOf)) {
      // `$(cat $(item.file))` is a shell's: to Kubernetes it would be a variable whose name the value makes up.
      result += '$$';
      at = next + 1;
    } else {
      at = name === undefined ? next + 2 : end + 1;
      result += text.slice(next, at);
    }
  }
  return result + text.slice(at);
}

/** Each `$` doubled, also where Kubernetes would read it alone: before a letter beyond ASCII that breaks the letter. */
export function escaped(value: string): string {
  return value.replaceAll('$', '$$$$');
}

/** Text up to a closing parenthesis, which belongs to a place in it. */
function endsInPlace(text: string, valueOf: ValueOf): boolean {
  const [, name] = /(?<!\$)(?:\$\$)*\$\(([^()]*)$/.exec(text) ?? [];
  return name !== undefined && valueOf(name) !== undefined;
}

/** The names of the places in a text, or in the JSON of an object, that begin so: `item.`, `steps.` or `params.`. */
export function placesIn(text: string, beginning: string): readonly string[] {
  if (!text.includes(`$(${beginning}`)) return [];
  return [...text.matchAll(place)].map(([, name = '']) => name).filter((name) => name.startsWith(beginning));
}

const place = /(?<!\$)(?:\$\$)*\$\(([^()]+)\)/g;
