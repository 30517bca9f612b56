import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import { readApplications, type Application, type ApplicationFile } from '../../plan/application.ts';
import type { Deployed } from '../../plan/deployment.ts';
import type { Plan } from '../../plan/document.ts';
import { applicationKey, planApplications, startsRuns, type PlanRequest, type PlanResult } from '../../plan/plan.ts';
import { inOrder, sentenceOf, type Problem } from '../../plan/positions.ts';
import type { Render } from '../../plan/render.ts';
import { countArgument } from '../arguments.ts';
import { exitCodes, UsageError } from '../errors.ts';
import type { Io } from '../io.ts';
import { outputOption, type OutputOptions } from '../output.ts';
import type { GlobalOptions, Session, Start } from '../session.ts';
import { paintFor } from '../style.ts';
import { renderPlan } from '../views/plan-view.ts';

interface PlanOptions extends OutputOptions, GlobalOptions {
  readonly filename: string;
  readonly against?: string;
  readonly live?: boolean;
  readonly revision?: number;
  readonly detailedExitcode?: boolean;
}

const exitCodesHelp = `
Exit codes: 0 the plan is fine, 1 something is wrong with the Application, 2 wrong usage;
with --detailed-exitcode: 3 the plan is fine, and at least one run would start.
Traits are not evaluated, and rules in CEL are left to the API server.`;

/** @param setExitCode for a plan that asks no cluster */
export function planCommand(start: Start, io: Io, setExitCode: (code: number) => void): Command {
  return new Command('plan')
    .description('what deploying an Application would do: which runs and Jobs start, wait or go, and when the schedule is next; changes nothing')
    .requiredOption('-f, --filename <file>', 'the Applications, as YAML or JSON; - for standard input')
    .option('--against <file>', 'plan the change from the Applications in this file, as though they were deployed and had succeeded')
    .addOption(new Option('--live', 'plan the change from what the cluster has').conflicts('against'))
    .option('--revision <number>', "the number of the new revision; the one after the latest when left out", countArgument)
    .option('--detailed-exitcode', 'exit with 3 where at least one run would start')
    .addOption(outputOption())
    .addHelpText('after', exitCodesHelp)
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<PlanOptions>();
      if (options.live === true) await start<PlanOptions>(command, (session) => plan(io, options, session.namespace, () => liveRequest(session, io.now())));
      else setExitCode(await plan(io, options, options.namespace ?? 'default', (render) => offlineRequest(io, options, render)));
    });
}

/** What a plan starts from. */
type Basis = Pick<PlanRequest, 'before' | 'surroundings'> & { readonly problems: readonly Problem[] };

async function plan(io: Io, options: PlanOptions, namespace: string, basisOf: (render: Render) => Promise<Basis>): Promise<number> {
  const text = await read(io, options.filename);
  // CUE takes half a second to start: whoever does not plan does not wait for it.
  const { startRender } = await import('../plan/cue-render.ts');
  const render = await startRender();
  try {
    const file = readApplications(text, nameOf(options.filename), render.componentTypes);
    const { problems, ...basis } = await basisOf(render);
    const result = await planApplications({ applications: file.applications, render, namespace, now: io.now(), revision: options.revision, ...basis });
    return await tell(io, options, file, { ...result, problems: inOrder([...problems, ...file.problems, ...result.problems]) });
  } finally {
    await render.close();
  }
}

async function tell(io: Io, { output, detailedExitcode }: PlanOptions, { remarks }: ApplicationFile, result: PlanResult): Promise<number> {
  const paint = paintFor(io, io.err);
  for (const problem of result.problems) await io.err.write(`${paint('red', 'error:')} ${sentenceOf(problem)}\n`);
  for (const remark of [...remarks, ...result.remarks]) await io.err.write(`${paint('yellow', 'remark:')} ${remark}\n`);
  if (result.problems.length > 0) return exitCodes.failed;
  await io.out.write(shown(result.plan, output, io));
  return detailedExitcode === true && startsRuns(result.plan) ? exitCodes.runsStart : exitCodes.ok;
}

function shown(result: Plan, output: OutputOptions['output'], io: Io): string {
  if (output === 'json') return `${JSON.stringify(result, undefined, 2)}\n`;
  if (output === 'yaml') return stringify(result);
  return renderPlan(result, { wide: output === 'wide', paint: paintFor(io, io.out), columns: io.out.columns });
}

async function offlineRequest(io: Io, { against, namespace = 'default' }: PlanOptions, render: Render): Promise<Basis> {
  if (against === undefined) return { before: () => Promise.resolve(undefined), problems: [] };
  const file = readApplications(await read(io, against), nameOf(against), render.componentTypes);
  const { deployed, problems } = await planApplications({ applications: file.applications, render, namespace, now: io.now(), before: () => Promise.resolve(undefined) });
  return { before: (application: Application, at: string): Promise<Deployed | undefined> => Promise.resolve(deployed.get(applicationKey(at, application.name))), problems: [...file.problems, ...problems] };
}

async function liveRequest(session: Session, now: Date): Promise<Basis> {
  const { readDeployed, readSurroundings } = await import('../plan/live.ts');
  return {
    before: (application, namespace) => readDeployed(session, application, namespace, now),
    surroundings: (namespace) => readSurroundings(session, namespace),
    problems: [],
  };
}

async function read(io: Io, filename: string): Promise<string> {
  return io.read(filename).catch((error: unknown) => {
    throw new UsageError(`${filename} cannot be read: ${error instanceof Error ? error.message : String(error)}; name another file, or - for standard input`, { cause: error });
  });
}

function nameOf(filename: string): string {
  return filename === '-' ? 'standard input' : filename;
}
