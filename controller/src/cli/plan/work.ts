/** What `plan` does: read, render, forecast, print. */
import { print, printJson } from '../../plan/kubectl-yaml.ts';
import { messageOf } from '../../domain/lang/words.ts';
import { readApplications, type Application, type ApplicationFile } from '../../plan/application.ts';
import type { Deployed } from '../../plan/deployment.ts';
import type { Plan } from '../../plan/document.ts';
import {
  applicationKey,
  planApplications,
  startsRuns,
  type PlanRequest,
  type PlanResult,
  type Where,
} from '../../plan/plan.ts';
import { inOrder, sentenceOf, type Problem } from '../../plan/positions.ts';
import type { Render } from '../../plan/render.ts';
import { exitCodes, UsageError } from '../errors.ts';
import type { Io } from '../io.ts';
import type { OutputOptions } from '../output.ts';
import type { GlobalOptions, Session } from '../session.ts';
import { remark } from '../remark.ts';
import { paintFor } from '../style.ts';
import { renderPlan } from '../views/plan-view.ts';
import { startRender } from './cue-render.ts';
import { readDeployed, readSurroundings } from './live.ts';
import type { LoadParts } from './parts.ts';

export interface PlanOptions extends OutputOptions, GlobalOptions {
  readonly filename: string;
  readonly against?: string;
  readonly live?: boolean;
  readonly revision?: number;
  readonly detailedExitcode?: boolean;
}

/** Plans without a cluster: as if nothing were deployed, or the Applications of `--against`. @returns the exit code */
export async function planFromFiles(io: Io, options: PlanOptions, loadParts: LoadParts): Promise<number> {
  return plan(io, options, options.namespace ?? 'default', loadParts, (render) => fromFiles(io, options, render));
}

/** Plans on top of what is in the cluster. @returns the exit code @throws ApiError if the cluster cannot be reached */
export async function planFromCluster(session: Session, options: PlanOptions, loadParts: LoadParts): Promise<number> {
  return plan(session.io, options, session.namespace, loadParts, () => Promise.resolve(fromCluster(session)));
}

/** The state that a plan starts from. */
type Basis = Pick<PlanRequest, 'before' | 'surroundings'> & { readonly problems: readonly Problem[] };

async function plan(
  io: Io,
  options: PlanOptions,
  namespace: string,
  loadParts: LoadParts,
  basisOf: (render: Render) => Promise<Basis>,
): Promise<number> {
  const text = await read(io, options.filename);
  const render = await startRender(loadParts);
  try {
    const file = readApplications(text, nameOf(options.filename), render.componentTypes);
    const { problems, ...basis } = await basisOf(render);
    const result = await planApplications({
      applications: file.applications,
      render,
      namespace,
      now: io.now(),
      revision: options.revision,
      ...basis,
    });
    return await tell(io, options, file, {
      ...result,
      problems: inOrder([...problems, ...file.problems, ...result.problems]),
    });
  } finally {
    await render.close();
  }
}

async function tell(
  io: Io,
  { output, detailedExitcode }: PlanOptions,
  { remarks }: ApplicationFile,
  result: PlanResult,
): Promise<number> {
  for (const problem of result.problems) await remark(io, 'red', 'error:', sentenceOf(problem));
  for (const one of [...remarks, ...result.remarks]) await remark(io, 'yellow', 'remark:', one);
  if (result.problems.length > 0) return exitCodes.failed;
  await io.out.write(shown(result.plan, output, io));
  return detailedExitcode === true && startsRuns(result.plan) ? exitCodes.runsStart : exitCodes.ok;
}

function shown(result: Plan, output: OutputOptions['output'], io: Io): string {
  if (output === 'json') return printJson(result);
  if (output === 'yaml') return print(result);
  return renderPlan(result, { wide: output === 'wide', paint: paintFor(io, io.out), columns: io.out.columns });
}

async function fromFiles(io: Io, { against, namespace = 'default' }: PlanOptions, render: Render): Promise<Basis> {
  if (against === undefined) return { before: () => Promise.resolve(undefined), problems: [] };
  const file = readApplications(await read(io, against), nameOf(against), render.componentTypes);
  const { deployed, problems } = await planApplications({
    applications: file.applications,
    render,
    namespace,
    now: io.now(),
    before: () => Promise.resolve(undefined),
  });
  return {
    before: (application: Application, { namespace: at }: Where): Promise<Deployed | undefined> =>
      Promise.resolve(deployed.get(applicationKey(at, application.name))),
    problems: [...file.problems, ...problems],
  };
}

function fromCluster(session: Session): Basis {
  const now = session.io.now();
  return {
    before: (application, where) => readDeployed(session, application, where, now),
    surroundings: (namespace) => readSurroundings(session, namespace),
    problems: [],
  };
}

async function read(io: Io, filename: string): Promise<string> {
  return io.read(filename).catch((error: unknown) => {
    throw new UsageError(
      `${filename} cannot be read: ${messageOf(error)}; name another file, or - for standard input`,
      { cause: error },
    );
  });
}

function nameOf(filename: string): string {
  return filename === '-' ? 'standard input' : filename;
}
