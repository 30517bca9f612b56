import type { RunDetail } from '../../../controller/src/api/schemas.ts';
import { Empty } from '../components/empty.tsx';
import { JsonText } from '../components/json-text.tsx';

/** What ran, as it was when the run was asked for. */
export function RunSnapshot({ run: { snapshot, overrides } }: { readonly run: RunDetail }) {
  return (
    <>
      {overrides === undefined || Object.keys(overrides).length === 0 ? null : (
        <section>
          <h2>Replaced for this run</h2>
          <JsonText value={overrides} label="What was replaced for this run" />
        </section>
      )}
      <section>
        <h2>What ran</h2>
        {snapshot === undefined ? (
          <Empty title="No snapshot was kept of this run." />
        ) : (
          <JsonText value={snapshot} label="Snapshot of what ran" />
        )}
      </section>
    </>
  );
}
