import { useMemo } from 'preact/hooks';
import { cutText, differencesOf, shownOf } from './differences.ts';

interface Props {
  readonly title: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly names: readonly [string, string];
}

const words = { changed: 'changed', added: 'only in the second', removed: 'only in the first' } as const;

/** The fields in which two values differ, side by side. */
export function DifferencesTable({ title, before, after, names }: Props) {
  const { shown, more } = useMemo(() => shownOf(differencesOf(before, after)), [before, after]);
  return (
    <section>
      <h2>{title}</h2>
      {shown.length === 0 ? (
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
            {shown.map(({ path, kind, before: first, after: second }) => (
              <tr key={path}>
                <th scope="row" class="two-lines">
                  <code>{path}</code>
                  <span class="faint">{words[kind]}</span>
                </th>
                <td>
                  {first === undefined ? <span class="faint">–</span> : <code class="removed">{cutText(first)}</code>}
                </td>
                <td>
                  {second === undefined ? <span class="faint">–</span> : <code class="added">{cutText(second)}</code>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {more > 0 && <p class="faint">{`and ${more} more`}</p>}
    </section>
  );
}
