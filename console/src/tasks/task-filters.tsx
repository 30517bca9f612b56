import { useConsole, useRoute } from '../context.ts';
import { runPhases } from '../../../controller/src/domain/model/phase.ts';
import { lookOf } from '../phase.ts';
import { withQuery } from '../route.ts';

const choices = [...runPhases, 'Idle', 'Suspended'];

/** Text and phase by which tasks are chosen. Both are in the address. */
export function TaskFilters({ counts }: { readonly counts: ReadonlyMap<string, number> }) {
  const { router } = useConsole();
  const route = useRoute();
  const set = (change: Record<string, string>) => router.replace(withQuery(route, change));
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <label>
        <span class="hidden">Filter tasks</span>
        <input
          type="search"
          placeholder="Filter by name, namespace, message"
          value={route.query['q'] ?? ''}
          onInput={({ currentTarget }) => set({ q: currentTarget.value })}
        />
      </label>
      <label>
        <span class="hidden">State</span>
        <select
          value={route.query['phase'] ?? ''}
          onChange={({ currentTarget }) => set({ phase: currentTarget.value })}
        >
          <option value="">Every state</option>
          {choices.map((phase) => (
            <option key={phase} value={phase}>
              {`${lookOf(phase).word} (${counts.get(phase) ?? 0})`}
            </option>
          ))}
        </select>
      </label>
    </form>
  );
}
