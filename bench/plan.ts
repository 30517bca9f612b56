import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startRender } from '../controller/src/cli/plan/cue-render.ts';
import { partFiles, readParts } from '../controller/src/cli/plan/parts.ts';
import { readApplications } from '../controller/src/plan/application.ts';
import { contextOf } from '../controller/src/plan/deployment.ts';
import { planApplications, startsRuns } from '../controller/src/plan/plan.ts';
import { median, row, type Row } from './report.ts';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../dist/cli/', import.meta.url));
const example = fileURLToPath(new URL('../examples/app-worker.yaml', import.meta.url));
const coldRounds = 9;
const warmRounds = 60;
/** A node that unpacks and compiles CUE, and does nothing with it. */
const rawStart = `const { gunzipSync } = require('node:zlib'); const { readFileSync } = require('node:fs'); WebAssembly.compile(gunzipSync(readFileSync('${folder}${partFiles.wasm}')));`;

/** A plan as a process and within one, beside what no plan can do without. Asks no cluster. */
export async function plan(): Promise<Row[]> {
  return [...(await cold()), ...(await warm())];
}

async function cold(): Promise<Row[]> {
  const plans: number[] = [];
  const raws: number[] = [];
  const versions: number[] = [];
  const starts: number[] = [];
  for (let round = 0; round < coldRounds; round += 1) {
    plans.push(await milliseconds([`${folder}task-runs.js`, 'plan', '-f', example]));
    raws.push(await milliseconds(['-e', rawStart]));
    versions.push(await milliseconds([`${folder}task-runs.js`, 'version']));
    starts.push(await milliseconds(['-e', '0']));
  }
  return [
    row({
      name: 'Plan of an Application, as a process',
      value: median(plans),
      unit: 'ms',
      limit: median(raws),
      aim: 1_000,
      peer: 'a node that unpacks and compiles CUE, and does nothing with it',
    }),
    row({
      name: 'Start of the command line (version)',
      value: median(versions),
      unit: 'ms',
      limit: median(starts),
      aim: 150,
      peer: 'node -e 0',
    }),
  ];
}

async function milliseconds(args: readonly string[]): Promise<number> {
  const began = performance.now();
  await run(process.execPath, args);
  return performance.now() - began;
}

/** Each with another command, so that nothing is answered out of what is known. */
async function warm(): Promise<Row[]> {
  const render = await startRender(() => readParts(folder));
  try {
    const text = await readFile(example, 'utf8');
    const namespace = 'default';
    const plans: number[] = [];
    const raws: number[] = [];
    for (let round = 0; round <= warmRounds; round += 1) {
      const version = text.replace('"30"', `"${round}"`);
      const [application] = readApplications(text, 'app.yaml', render.componentTypes).applications;
      const [component] = application?.components ?? [];
      if (!application || !component) throw new Error(`${example} has no component`);
      plans.push(await planTime(version, render));
      const began = performance.now();
      await render.component(component.type, {
        parameter: { ...component.properties, cmd: ['raw', String(round)] },
        context: contextOf(
          { application: { ...application, namespace }, namespace, revisionName: `${application.name}-v1` },
          component,
        ),
      });
      raws.push(performance.now() - began);
    }
    return [
      row({
        name: 'Plan of an Application, the second and later in a process',
        value: median(plans.slice(1)),
        unit: 'ms',
        limit: median(raws.slice(1)),
        aim: 20,
        peer: "CUE's rendering of the component alone",
      }),
    ];
  } finally {
    await render.close();
  }
}

async function planTime(text: string, render: Awaited<ReturnType<typeof startRender>>): Promise<number> {
  const began = performance.now();
  const { applications } = readApplications(text, 'app.yaml', render.componentTypes);
  const result = await planApplications({
    applications,
    render,
    namespace: 'default',
    now: new Date(),
    before: () => Promise.resolve(undefined),
  });
  const time = performance.now() - began;
  if (!startsRuns(result.plan) || result.problems.length > 0)
    throw new Error(`the plan of ${example} starts no run: ${JSON.stringify(result.problems)}`);
  return time;
}
