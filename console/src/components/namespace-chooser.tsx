import { useConsole, useRoute } from '../context.ts';
import type { Route } from '../route.ts';

const all = '*';

/** Chooses the namespace whose tasks and runs are shown. */
export function NamespaceChooser() {
  const { access, router } = useConsole();
  const route = useRoute();
  const names = new Set(access?.namespaces);
  if (route.namespace !== undefined) names.add(route.namespace);
  const choose = (chosen: string) => router.go(inNamespace(route, chosen === all ? undefined : chosen));
  return (
    <label class="chooser">
      <span>Namespace</span>
      <select value={route.namespace ?? all} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {access?.allNamespaces === false ? null : <option value={all}>All namespaces</option>}
        {[...names].sort().map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
        {access?.moreNamespaces === true ? <option disabled>Others: write them into the address</option> : null}
      </select>
    </label>
  );
}

/** Filters hold in another namespace, too; a task or a run does not exist there. */
function inNamespace({ view, query }: Route, namespace: string | undefined): Route {
  const stays = view === 'tasks' || view === 'timeline';
  const { range = '' } = query;
  return {
    view: stays ? view : 'tasks',
    ...(namespace === undefined ? {} : { namespace }),
    query: view === 'timeline' ? { range } : stays ? query : {},
  };
}
