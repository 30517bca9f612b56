import type { RunDetail } from '../../../controller/src/api/schemas.ts';
import { pathOf } from '../api/client.ts';
import { Breadcrumbs } from '../components/breadcrumbs.tsx';
import { Empty } from '../components/empty.tsx';
import { Heading } from '../components/heading.tsx';
import { Loaded } from '../components/loaded.tsx';
import { useConsole, useRoute } from '../context.ts';
import { useLive } from '../hooks.ts';
import { hrefOf } from '../route.ts';
import { CompareFacts } from './compare-facts.tsx';
import { DifferencesTable } from './differences-table.tsx';

/** Two runs beside each other. */
export function CompareView({ namespace }: { readonly namespace: string }) {
  const { a, b } = useRoute().query;
  const complete = a !== undefined && b !== undefined;
  return (
    <>
      <Breadcrumbs
        links={[
          ['Tasks', hrefOf({ view: 'tasks', query: {} })],
          [namespace, hrefOf({ view: 'tasks', namespace, query: {} })],
        ]}
      />
      <Heading title="Compare runs" />
      {complete ? (
        <Comparison key={`${a} ${b}`} namespace={namespace} a={a} b={b} />
      ) : (
        <Empty title="Nothing to compare.">Choose two runs in the list of a task.</Empty>
      )}
    </>
  );
}

function Comparison({ namespace, a, b }: { readonly namespace: string; readonly a: string; readonly b: string }) {
  const { api } = useConsole();
  const live = useLive('compare', (signal) => {
    const get = (name: string) => api.get<RunDetail>(pathOf('namespaces', namespace, 'runs', name), {}, signal);
    return Promise.all([get(a), get(b)]);
  });
  return (
    <Loaded live={live} what="both runs">
      {([before, after]) => (
        <>
          <CompareFacts before={before} after={after} />
          <DifferencesTable title="What ran" before={before.snapshot} after={after.snapshot} names={[a, b]} />
          <DifferencesTable
            title="Overridden for the run"
            before={before.overrides ?? {}}
            after={after.overrides ?? {}}
            names={[a, b]}
          />
          <DifferencesTable title="Outputs" before={before.outputs ?? {}} after={after.outputs ?? {}} names={[a, b]} />
        </>
      )}
    </Loaded>
  );
}
