import type { RunDetail } from '../../../controller/src/api/schemas.ts';
import { Empty } from '../components/empty.tsx';
import { FlowChart } from './flow-chart.tsx';
import { JobsTable } from './jobs-table.tsx';

/** The Jobs of a run: of steps as a picture, too. */
export function RunJobs({ run }: { readonly run: RunDetail }) {
  if (run.jobs.length === 0) return <Empty title="This run has no Job yet." />;
  return (
    <>
      {run.shape === 'Steps' ? <FlowChart jobs={run.jobs} /> : null}
      <JobsTable run={run} />
    </>
  );
}
