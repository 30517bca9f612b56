import { useConsole, useRoute } from '../context.ts';
import { hrefOf, type Route } from '../route.ts';
import { NamespaceChooser } from './namespace-chooser.tsx';

const views: readonly (readonly [Route['view'], string])[] = [
  ['tasks', 'Tasks'],
  ['timeline', 'Timeline'],
];

/** Where one may go. */
export function Header() {
  const { namespace, view } = useRoute();
  const { access } = useConsole();
  const here = namespace === undefined ? {} : { namespace };
  return (
    <header class="header">
      <a class="brand" href={hrefOf({ view: 'tasks', ...here, query: {} })}>
        task-runs
      </a>
      <nav aria-label="Views">
        {views.map(([key, title]) => (
          <a
            key={key}
            href={hrefOf({ view: key, ...here, query: {} })}
            aria-current={view === key ? 'page' : undefined}
          >
            {title}
          </a>
        ))}
      </nav>
      <NamespaceChooser />
      {access === undefined ? null : (
        <span class="user" title={access.onlyReads ? 'Who you are here; your token only reads' : 'Who you are here'}>
          {access.user}
          {access.onlyReads ? ' (only reads)' : ''}
        </span>
      )}
    </header>
  );
}
