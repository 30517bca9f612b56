/**
 * templateRef: a run takes what its TaskTemplates say as it starts, and keeps it, whatever becomes of them. The copies
 * are in its spec beside the snapshot, which says what of them is used and how.
 */
import { canonicalJson, hexHash } from '../lang/canonical-json.ts';
import { memo } from '../lang/memo.ts';
import type { Snapshot, Task, TaskRun, TaskTemplateSpec } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { isFinished } from '../model/phase.ts';
import type { Templates } from '../model/state.ts';
import { withOverridden } from '../pods/override.ts';
import { filledTemplate, parametersProblem, valuesOf } from './template-parameters.ts';

type TemplateRef = NonNullable<Snapshot['templateRef']>;

/** Whether the run is to be given copies of the templates that it names. */
export function lacksTemplates({ spec, status }: Pick<TaskRun, 'spec' | 'status'>): boolean {
  return spec.templates === undefined && !isFinished(status?.phase) && templateNames(spec.snapshot).length > 0;
}

type User = Pick<Snapshot, 'templateRef' | 'steps'>;

/** The names of the templates that a run or a Task uses. */
export function templateNames(user: User | undefined): readonly string[] {
  return user ? namesOf(user) : [];
}

/** Remembered: every decision asks it of every run, and there may be a thousand steps. */
const namesOf = memo((user: User): readonly string[] => [...new Set(refsOf(user).map(([, { name }]) => name))]);

/**
 * A hash of what the templates say that a Task names, and of which of them do not exist; undefined where it names none.
 */
export function templatesHash({ spec }: Pick<Task, 'spec'>, templates: Templates): string | undefined {
  const names = templateNames(spec);
  if (names.length === 0) return undefined;
  const hashes = names.map((name) => {
    const template = templates.get(name);
    return [name, template ? hashOf(template) : 'missing'];
  });
  return hexHash(canonicalJson(hashes), 16);
}

/** Remembered: every decision asks for it. */
const hashOf = memo((template: TaskTemplateSpec): string => hexHash(canonicalJson(template), 16));

/** Copies of those of the templates that exist, as runs have them. */
export function copiesOf(names: readonly string[], templates: Templates): Readonly<Record<string, object>> {
  return Object.fromEntries(names.flatMap((name) => (templates.has(name) ? [[name, { ...templates.get(name) }]] : [])));
}

/** Each use of a template, with the step that uses it. */
function refsOf({ templateRef, steps = [] }: Partial<Snapshot> = {}): readonly (readonly [
  step: string | undefined,
  TemplateRef,
])[] {
  const ofSteps = steps.flatMap((step) => (step.templateRef ? [[step.name, step.templateRef] as const] : []));
  return templateRef ? [[undefined, templateRef], ...ofSteps] : ofSteps;
}

/** The templates that a run waits for. */
export function missingTemplates({ spec }: TaskRun, templates: Templates): readonly string[] {
  return spec.templates ? [] : templateNames(spec.snapshot).filter((name) => !templates.has(name));
}

/** What is wrong with how a run uses its templates, in a sentence with the remedy; undefined where nothing is. */
export function templatesProblem({ spec }: Pick<TaskRun, 'spec'>): string | undefined {
  const { snapshot, templates = {} } = spec;
  const bytes = bytesOfUses(spec);
  if (bytes > mostBytesOfUses)
    return `what the run takes from TaskTemplates comes to ${(bytes / 1024 / 1024).toFixed(1)} MiB, and may come to ${mostBytesOfUses / 1024 / 1024} MiB, each use counted: use smaller templates or fewer steps`;
  for (const [step, { name, parameters }] of refsOf(snapshot)) {
    const template = templates[name] as unknown as TaskTemplateSpec | undefined;
    const problem = template && parametersProblem(name, template, parameters);
    if (problem !== undefined) return step === undefined ? problem : `step ${step}: ${problem}`;
  }
  return undefined;
}

/** As the JSON of the templates: a few bytes in each of a thousand steps may take over a megabyte. */
const mostBytesOfUses = 4 * 1024 * 1024;

function bytesOfUses({ snapshot, templates = {} }: TaskRun['spec']): number {
  return refsOf(snapshot).reduce((sum, [, { name }]) => sum + bytesOf(templates[name] ?? {}), 0);
}

/** Remembered: each decision asks it for each use. */
const bytesOf = memo((template: object): number => JSON.stringify(template).length);

/** The run as though it had said itself what its templates say: what it does say counts. The same where it has none. */
export function withTemplates(run: TaskRun): TaskRun {
  return run.spec.snapshot && run.spec.templates ? resolved(run) : run;
}

/** Remembered: all that is computed from a run's steps is remembered by this very object. */
const resolved = memo((run: TaskRun): TaskRun => {
  const { snapshot, templates } = run.spec;
  if (!snapshot || bytesOfUses(run.spec) > mostBytesOfUses) return run;
  const ofTemplates = templates as unknown as Readonly<Record<string, TaskTemplateSpec>>;
  return { ...run, spec: { ...run.spec, snapshot: resolveSnapshot(snapshot, ofTemplates) } };
});

type Resolvable = Partial<Pick<Snapshot, 'template' | 'templateRef' | 'job' | 'retry' | 'timeoutSeconds' | 'outputs'>>;

function resolveSnapshot(snapshot: Snapshot, templates: Readonly<Record<string, TaskTemplateSpec>>): Snapshot {
  const { steps, ...rest } = snapshot;
  return { ...resolve(rest, templates), ...(steps && { steps: steps.map((step) => resolve(step, templates)) }) };
}

function resolve<T extends Resolvable>(user: T, templates: Readonly<Record<string, TaskTemplateSpec>>): T {
  const { templateRef: ref } = user;
  const spec = ref && templates[ref.name];
  if (!ref || !spec) return user;
  const values = valuesOf(spec, ref.parameters);
  const { args, env } = ref;
  const { retry, timeoutSeconds, outputs } = spec;
  const { template, job } = filledTemplate(spec, values);
  const said = compact({ job, retry, timeoutSeconds, outputs });
  return { ...said, ...user, template: withOverridden(template, compact({ args, env })) };
}
