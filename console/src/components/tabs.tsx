import { useRoute } from '../context.ts';
import { hrefOf } from '../route.ts';

/** One part of a view: its word in the address, and its title. */
export type Tab = readonly [key: string, title: string];

/** The parts of a view as links, since each has an address. Only the tab is kept of the query. */
export function Tabs({ tabs, label }: { readonly tabs: readonly Tab[]; readonly label: string }) {
  const route = useRoute();
  const shown = tabOf(tabs, route.query['tab']);
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(([key, title]) => (
        <a key={key} href={hrefOf({ ...route, query: { tab: key } })} aria-current={key === shown ? 'page' : undefined}>
          {title}
        </a>
      ))}
    </nav>
  );
}

/** The tab that the address asks for, else the first. */
export function tabOf(tabs: readonly Tab[], wanted: string | undefined): string {
  return (tabs.find(([key]) => key === wanted) ?? tabs[0])?.[0] ?? '';
}
