import type { RunDetail } from '../../../controller/src/api/schemas.ts';
import { Empty } from '../components/empty.tsx';
import { JsonText } from '../components/json-text.tsx';

/** What ran, as it was when the run was asked for. */
export function RunSnapshot({ run: { snapshot, overrides } }: { readonly run: RunDetail }) {
  return (
    <>
      {overrides === undefined || Object.keys(overrides).length === 0 ? null : (
        <section>
          <h2>Overridden for this run</h2>
          <JsonText value={overrides} label="Overrides of this run" />
        </section>
      )}
      <section>
        <h2>What ran</h2>
        {snapshot === undefined ? (
          <Empty title="This run has no snapshot on record." />
        ) : (
          <JsonText value={snapshot} label="Snapshot of what ran" />
        )}
      </section>
    </>
  );
}
