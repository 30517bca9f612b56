import { useRoute } from '../context.ts';
import { hrefOf, withQuery } from '../route.ts';
import { rangeOf, ranges } from './range.ts';

/** How much of the past is shown. */
export function RangeChooser() {
  const route = useRoute();
  const shown = rangeOf(route.query['range']);
  return (
    <nav class="ranges" aria-label="Range">
      {ranges.map(({ key, title }) => (
        <a
          key={key}
          href={hrefOf(withQuery(route, { range: key }))}
          aria-current={key === shown.key ? 'true' : undefined}
        >
          {title}
        </a>
      ))}
    </nav>
  );
}
