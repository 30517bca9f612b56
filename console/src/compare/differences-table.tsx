import { useMemo } from 'preact/hooks';
import { differencesOf } from './differences.ts';

interface Props {
  readonly title: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly names: readonly [string, string];
}

const words = { changed: 'changed', added: 'only in the second', removed: 'only in the first' } as const;
const mostLetters = 2_000;

/** The fields in which two values differ, side by side. */
export function DifferencesTable({ title, before, after, names }: Props) {
  const differences = useMemo(() => differencesOf(before, after), [before, after]);
  return (
    <section>
      <h2>{title}</h2>
      {differences.length === 0 ? (
        <p class="faint">No difference.</p>
      ) : (
        <table class="table compare">
          <caption class="hidden">{`${title}: the differences`}</caption>
          <thead>
            <tr>
              <th scope="col">Field</th>
              {names.map((name, index) => (
                <th key={index} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {differences.map(({ path, kind, before: first, after: second }) => (
              <tr key={path}>
                <th scope="row" class="two-lines">
                  <code>{path}</code>
                  <span class="faint">{words[kind]}</span>
                </th>
                <td>
                  {first === undefined ? (
                    <span class="faint">–</span>
                  ) : (
                    <code class="removed">{first.slice(0, mostLetters)}</code>
                  )}
                </td>
                <td>
                  {second === undefined ? (
                    <span class="faint">–</span>
                  ) : (
                    <code class="added">{second.slice(0, mostLetters)}</code>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
