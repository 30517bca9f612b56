import { Heading } from '../components/heading.tsx';
import { Loaded } from '../components/loaded.tsx';
import { useConsole, useRoute } from '../context.ts';
import { useLive } from '../hooks.ts';
import { loadTasks, type Tasks } from '../tasks/load-tasks.ts';
import type { Upcoming } from './geometry.ts';
import { loadRuns, type LoadedRuns } from './load-runs.ts';
import { rangeOf } from './range.ts';
import { RangeChooser } from './range-chooser.tsx';
import { RunsTimeline } from './runs-timeline.tsx';

/** Next times are asked for seldom: they are known long before. */
const upcomingMs = 30_000;

/** Who ran when, for all tasks of a namespace, or of all. */
export function TimelineView({ namespace }: { readonly namespace: string | undefined }) {
  const { api } = useConsole();
  const range = rangeOf(useRoute().query['range']);
  const live = useLive<LoadedRuns>(range.key, (signal, progress) =>
    loadRuns(api, { namespace, from: Date.now() - range.ms }, signal, progress),
  );
  const tasks = useLive<Tasks>('tasks', (signal, progress) => loadTasks(api, namespace, signal, progress), upcomingMs);
  const upcoming = (tasks.value?.items ?? []).flatMap(({ namespace: of, name, nextScheduleTime }): Upcoming[] =>
    nextScheduleTime === undefined ? [] : [{ namespace: of, task: name, time: nextScheduleTime }],
  );
  return (
    <>
      <Heading title={namespace === undefined ? 'Timeline' : `Timeline of ${namespace}`} />
      <div class="bar">
        <RangeChooser />
      </div>
      <Loaded live={live} what="runs">
        {(loaded) => (
          <RunsTimeline loaded={loaded} upcoming={upcoming} range={range} namespaces={namespace === undefined} />
        )}
      </Loaded>
    </>
  );
}
