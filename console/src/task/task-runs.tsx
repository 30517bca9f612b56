import type { RunPage, TaskDetail } from '../../../controller/src/api/schemas.ts';
import { pathOf } from '../api/client.ts';
import { Empty } from '../components/empty.tsx';
import { Loaded } from '../components/loaded.tsx';
import { useConsole, useRoute } from '../context.ts';
import { counted } from '../format.ts';
import { useLive } from '../hooks.ts';
import { runPhases } from '../../../controller/src/domain/model/phase.ts';
import { lookOf } from '../phase.ts';
import { hrefOf, withQuery } from '../route.ts';
import { CompareChoice, CompareLink } from './compare-choice.tsx';
import { RunsTable } from './runs-table.tsx';

const perPage = 50;

/** The runs of a task, newest first, a page at a time; filter and page are in the address. */
export function TaskRuns({ task: { namespace, name } }: { readonly task: TaskDetail }) {
  const { api } = useConsole();
  const { query } = useRoute();
  const { phase, cursor } = query;
  const live = useLive(`runs ${phase ?? ''} ${cursor ?? ''}`, (signal) =>
    api.get<RunPage>(pathOf('namespaces', namespace, 'runs'), { task: name, phase, cursor, limit: perPage }, signal),
  );
  return (
    <section aria-label="Runs">
      <Loaded live={live} what="runs">
        {(page) => <RunsPage page={page} name={name} />}
      </Loaded>
    </section>
  );
}

function RunsPage({ page, name }: { readonly page: RunPage; readonly name: string }) {
  const { items, total, totalIsLeast } = page;
  return (
    <>
      <div class="bar">
        <PhaseFilter />
        <p class="count" role="status">
          {totalIsLeast ? `more than ${counted(total, 'run')}` : counted(total, 'run')}
        </p>
        <CompareLink />
      </div>
      {items.length === 0 ? (
        <Empty title="No runs match." />
      ) : (
        <RunsTable runs={items} caption={`Runs of ${name}`} choose={(run) => <CompareChoice run={run.name} />} />
      )}
      <Pages next={page.nextCursor} />
    </>
  );
}

function PhaseFilter() {
  const { router } = useConsole();
  const route = useRoute();
  return (
    <label>
      <span class="hidden">State</span>
      <select
        value={route.query['phase'] ?? ''}
        onChange={({ currentTarget }) => router.go(withQuery(route, { phase: currentTarget.value, cursor: '' }))}
      >
        <option value="">Every state</option>
        {runPhases.map((phase) => (
          <option key={phase} value={phase}>
            {lookOf(phase).word}
          </option>
        ))}
      </select>
    </label>
  );
}

/**
 * Pages follow one another by cursors, so there is a way on and a way to the start; "back" of the browser leads back.
 */
function Pages({ next }: { readonly next: string | undefined }) {
  const route = useRoute();
  const later = route.query['cursor'] !== undefined;
  return (
    <nav class="pages" aria-label="Pages">
      {later ? <a href={hrefOf(withQuery(route, { cursor: '' }))}>Newest runs</a> : null}
      {next === undefined ? null : <a href={hrefOf(withQuery(route, { cursor: next }))}>Older runs</a>}
    </nav>
  );
}
