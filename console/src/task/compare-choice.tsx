import { useConsole, useRoute } from '../context.ts';
import { hrefOf, withQuery } from '../route.ts';

/** The runs that were chosen: the last two. */
function chosenOf(query: Readonly<Record<string, string>>): readonly string[] {
  return (query['chosen'] ?? '').split(',').filter(Boolean).slice(-2);
}

/** Chooses a run for the comparison. A third choice takes the place of the first. */
export function CompareChoice({ run }: { readonly run: string }) {
  const { router } = useConsole();
  const route = useRoute();
  const chosen = chosenOf(route.query);
  const change = (checked: boolean) => {
    const others = chosen.filter((name) => name !== run);
    router.replace(withQuery(route, { chosen: (checked ? [...others, run] : others).slice(-2).join(',') }));
  };
  return (
    <input
      type="checkbox"
      aria-label={`Choose ${run} for a comparison`}
      checked={chosen.includes(run)}
      onChange={({ currentTarget }) => change(currentTarget.checked)}
    />
  );
}

/** Leads to the comparison once two runs are chosen. */
export function CompareLink() {
  const route = useRoute();
  const [a, b] = chosenOf(route.query);
  if (a === undefined || b === undefined || route.namespace === undefined)
    return <span class="faint">Choose two runs to compare them</span>;
  return (
    <a class="button" href={hrefOf({ view: 'compare', namespace: route.namespace, query: { a, b } })}>
      Compare {a} with {b}
    </a>
  );
}
