import type { Browser } from 'playwright-core';
import type { RunSummary } from '../controller/src/api/schemas.ts';
import { bundleConsole } from '../scripts/console-bundle.ts';
import { startFakeApi } from '../test/console/fake-api.ts';
import { ago, fakeRun, fakeTask, type FakeData } from '../test/console/fake-data.ts';
import { chromiumPath, launchChromium } from '../test/support/chromium.ts';
import type { Bench } from './bench.ts';
import { median, row, type Row } from './report.ts';

const taskCount = 5_000;
const runsOfEach = 20;
const loads = 5;
const weekMinutes = 10_080;

/** How long it takes until something is seen, and the same JSON alone; in milliseconds. */
interface Measured {
  readonly first: number;
  readonly firstAlone: number;
  readonly all: number;
  readonly allAlone: number;
  readonly timeline: number;
  readonly timelineAlone: number;
}

/**
 * How soon the console shows something in Chromium, beside 5,000 tasks and 100,000 runs that an API in memory serves.
 */
export async function consoleViews({ signal }: Pick<Bench, 'signal'>): Promise<Row[]> {
  await bundleConsole();
  const fake = await startFakeApi(largeData(), { remember: true });
  const browser = await launchChromium(await chromiumPath());
  const stop = () => void browser.close();
  signal.addEventListener('abort', stop);
  try {
    // The first load is the API's: it remembers its answers from then on.
    await measure(browser, fake.url);
    const measured: Measured[] = [];
    for (let load = 0; load < loads; load += 1) measured.push(await measure(browser, fake.url));
    const of = (field: keyof Measured) => median(measured.map((one) => one[field]));
    const alone = 'the same JSON fetched and parsed alone, one after the other';
    return [
      row({
        name: `console, ${taskCount} tasks: until the first 100 are shown`,
        value: of('first'),
        limit: of('firstAlone'),
        unit: 'ms',
        peer: alone,
        aim: 1_000,
      }),
      row({
        name: `console, ${taskCount} tasks: until all can be filtered`,
        value: of('all'),
        limit: of('allAlone'),
        unit: 'ms',
        peer: alone,
        aim: null,
      }),
      row({
        name: `console, ${taskCount * runsOfEach} runs: until the newest 500 are on the timeline of a week`,
        value: of('timeline'),
        limit: of('timelineAlone'),
        unit: 'ms',
        peer: alone,
        aim: 1_000,
      }),
    ];
  } finally {
    signal.removeEventListener('abort', stop);
    await browser.close();
    await fake.close();
  }
}

/** Runs over a week, a hundredth of them failed. */
function largeData(): FakeData {
  const runs = Array.from({ length: taskCount * runsOfEach }, (_, index) => {
    const task = `task-${index % taskCount}`;
    const failed = index % 100 === 7;
    return fakeRun(namespaceOf(index % taskCount), task, `${task}-v${Math.floor(index / taskCount)}`, {
      startedAgo: 1 + (index * weekMinutes) / (taskCount * runsOfEach),
      phase: failed ? 'Failed' : 'Succeeded',
      ...(failed ? { reason: 'BackoffLimitExceeded', message: 'main exited with 1' } : {}),
    });
  });
  const summaries = (index: number): RunSummary[] =>
    Array.from({ length: 10 }, (_, age) => runs[index + age * taskCount]).flatMap((run) =>
      run === undefined
        ? []
        : [
            {
              name: run.name,
              phase: run.phase,
              startTime: run.startTime,
              completionTime: run.completionTime,
              durationSeconds: run.durationSeconds,
            },
          ],
    );
  const tasks = Array.from({ length: taskCount }, (_, index) =>
    fakeTask(namespaceOf(index), `task-${index}`, [], {
      phase: 'Succeeded',
      message: `task-${index}-v0 Succeeded · 3 kept`,
      lastRuns: summaries(index),
      schedule: { crons: ['0 * * * *'] },
      nextScheduleTime: ago(-30),
    }),
  );
  return { tasks, runs, logs: new Map() };
}

function namespaceOf(task: number): string {
  return `team-${task % 50}`;
}

/** One load of each view by a browser that knows nothing yet, and of the same JSON by a page without a console. */
async function measure(browser: Browser, url: string): Promise<Measured> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  try {
    const tasks = await context.newPage();
    await tasks.goto(`${url}/#/tasks`);
    await tasks.getByText(/^5,000 tasks$/).waitFor();
    // The last mark is made just after that was painted.
    await tasks.waitForTimeout(200);
    const marks = await tasks.evaluate<number[]>(
      "performance.getEntriesByName('tasks-shown').map(({ startTime }) => startTime)",
    );
    const timeline = await context.newPage();
    await timeline.goto(`${url}/#/timeline?range=7d`);
    await timeline.getByRole('group', { name: 'Timeline of runs' }).waitFor();
    await timeline.getByText(/^The newest 2,000 runs are shown/).waitFor();
    const drawn = await timeline.evaluate<number[]>(
      "performance.getEntriesByName('timeline-shown').map(({ startTime }) => startTime)",
    );
    const bare = await context.newPage();
    await bare.goto(`${url}/icon.svg`);
    const alone = (paths: readonly string[]) =>
      bare.evaluate<number>(
        `(async (paths) => { const began = performance.now(); for (const path of paths) await (await fetch(path, { cache: 'no-store' })).json(); return performance.now() - began; })(${JSON.stringify(paths)})`,
      );
    const asked = (entries: readonly string[], from: string) => entries.filter((entry) => entry.includes(from));
    const entries = (page: typeof tasks) =>
      page.evaluate<string[]>(
        "performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => name.includes('/api/v1/'))",
      );
    const [ofTasks, ofTimeline] = [await entries(tasks), await entries(timeline)];
    const lists = asked(ofTasks, '/tasks');
    return {
      first: marks[0] ?? NaN,
      firstAlone: await alone([...asked(ofTasks, '/access'), ...lists.slice(0, 1)]),
      all: marks.at(-1) ?? NaN,
      allAlone: await alone([...asked(ofTasks, '/access'), ...lists]),
      timeline: drawn[0] ?? NaN,
      timelineAlone: await alone([...asked(ofTimeline, '/access'), ...asked(ofTimeline, '/runs').slice(0, 2)]),
    };
  } finally {
    await context.close();
  }
}
