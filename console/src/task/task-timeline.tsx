import type { TaskDetail } from '../../../controller/src/api/schemas.ts';
import { Loaded } from '../components/loaded.tsx';
import { useConsole, useRoute } from '../context.ts';
import { useLive } from '../hooks.ts';
import { loadRuns, type LoadedRuns } from '../timeline/load-runs.ts';
import { rangeOf } from '../timeline/range.ts';
import { RangeChooser } from '../timeline/range-chooser.tsx';
import { RunsTimeline } from '../timeline/runs-timeline.tsx';

/** When the runs of a task ran, and when the next ones will. */
export function TaskTimeline({ task: { namespace, name, nextScheduleTimes } }: { readonly task: TaskDetail }) {
  const { api } = useConsole();
  const range = rangeOf(useRoute().query['range']);
  const live = useLive<LoadedRuns>(range.key, (signal, progress) =>
    loadRuns(api, { namespace, task: name, from: Date.now() - range.ms }, signal, progress),
  );
  const upcoming = nextScheduleTimes.map((time) => ({ namespace, task: name, time }));
  return (
    <section aria-label="Timeline">
      <div class="bar">
        <RangeChooser />
      </div>
      <Loaded live={live} what="runs">
        {(loaded) => <RunsTimeline loaded={loaded} upcoming={upcoming} range={range} namespaces={false} />}
      </Loaded>
    </section>
  );
}
