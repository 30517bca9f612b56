import { isStepFinished } from '../../../controller/src/vela/workflow.ts';
import type {
  ApplicationSpec,
  StepPhase,
  StepStatus,
  WorkflowPhase,
  WorkflowStatus,
  WorkflowStep,
} from './application.ts';
import { timestamp } from './apply.ts';
import { holds, missingInput, withInputs, type StepOutputs, type StepVariables } from './step-data.ts';
import { messageOf } from './tracker.ts';
import { fillingOf, runStep, type StepOutcome, type StepWorld } from './workflow-steps.ts';

/** An error is retried this often before the workflow fails. */
const maxFailures = 10;

/**
 * What is remembered of an Application's steps between two reconciles; it is lost with the process, where KubeVela
 * keeps outputs.
 */
export class StepMemory {
  /** The outputs of its steps. */
  readonly variables: StepVariables = new Map();
  readonly #steps = new Map<string, { message: string; waits: number; failures: number }>();

  /** Counts a wait; another message starts again. */
  waited(id: string, message: string): void {
    const known = this.#steps.get(id);
    const again = known?.message === message;
    this.#steps.set(id, { message, waits: again ? known.waits + 1 : 1, failures: known?.failures ?? 0 });
  }

  failed(id: string): number {
    const known = this.#steps.get(id) ?? { message: '', waits: 0, failures: 0 };
    this.#steps.set(id, { ...known, failures: known.failures + 1 });
    return known.failures + 1;
  }

  forget(id: string): void {
    this.#steps.delete(id);
  }

  clear(): void {
    this.#steps.clear();
    this.variables.clear();
  }

  /** Seconds until the next try: 0.05 * 2^n of the step that waited least often, at least 1. */
  backoffSeconds(limit: number): number {
    const waits = Math.min(...[...this.#steps.values()].map((step) => step.waits));
    return Math.min(Math.max(0.05 * 2 ** (Number.isFinite(waits) ? waits : 0), 1), limit);
  }
}

/** The steps of an Application: its own, or one a component. */
export function stepsOf(spec: ApplicationSpec): WorkflowStep[] {
  const own = spec.workflow?.steps ?? [];
  if (own.length > 0) return own;
  const topologies = (spec.policies ?? []).filter(({ type }) => type === 'topology');
  if (topologies.length > 0)
    return topologies.map(({ name = '' }) => ({
      name: `deploy-${name}`,
      type: 'deploy',
      properties: { policies: [name] },
    }));
  return spec.components.map(({ name }) => ({ name, type: 'apply-component', properties: { component: name } }));
}

/** The status of a workflow that has not begun. */
export function newWorkflow(spec: ApplicationSpec, appRevision: string, now: Date): WorkflowStatus {
  const steps = (spec.workflow?.steps ?? []).length > 0 ? (spec.workflow?.mode?.steps ?? 'StepByStep') : 'DAG';
  return {
    appRevision,
    mode: `${steps}-DAG`,
    finished: false,
    suspend: false,
    terminated: false,
    startTime: timestamp(now),
  };
}

export interface WorkflowRun {
  readonly world: StepWorld;
  readonly memory: StepMemory;
  readonly newId: () => string;
  /** The step-group whose steps these are. */
  readonly group?: string;
}

/** Runs the steps that can run; changes the workflow's status and returns its phase. */
export async function runWorkflow(run: WorkflowRun, workflow: WorkflowStatus): Promise<WorkflowPhase> {
  const steps = stepsOf(run.world.spec);
  const before = phaseOf(workflow, steps);
  if (before !== 'executing') return before;
  await (workflow.mode.startsWith('DAG') ? runAsDag(run, workflow, steps, false) : runInOrder(run, workflow, steps));
  return phaseOf(workflow, steps);
}

function phaseOf(workflow: WorkflowStatus, steps: readonly WorkflowStep[]): WorkflowPhase {
  const known = steps.map(({ name }) => statusOf(workflow, name));
  const done = known.every((step) => step !== undefined && isStepFinished(step));
  if (workflow.terminated && (done || workflow.finished))
    return known.some((step) => step?.reason === 'Terminate') ? 'terminated' : 'failed';
  if (workflow.suspend) return 'suspending';
  return done ? 'succeeded' : 'executing';
}

const allSteps = ({ steps = [] }: WorkflowStatus): StepStatus[] =>
  steps.flatMap((step) => [step, ...(step.subSteps ?? [])]);
const statusOf = (workflow: WorkflowStatus, name: string): StepStatus | undefined =>
  allSteps(workflow).find((step) => step.name === name);

/** Runs what depends on nothing unfinished; then, once these ran, what waited for them. */
async function runAsDag(
  run: WorkflowRun,
  workflow: WorkflowStatus,
  steps: readonly WorkflowStep[],
  notePending: boolean,
): Promise<void> {
  const pending: WorkflowStep[] = [];
  const ready: WorkflowStep[] = [];
  for (const step of steps.filter(({ name }) => !finished(workflow, name))) {
    const waitsFor = blocker(run, workflow, step);
    if (waitsFor === undefined) ready.push(step);
    else {
      if (notePending) pend(run, workflow, step, waitsFor);
      pending.push(step);
    }
  }
  if (ready.length === 0) return;
  for (const step of ready) await execute(run, workflow, step, dependencyFailed(run, workflow, step));
  if (pending.length > 0) await runAsDag(run, workflow, pending, true);
}

async function runInOrder(run: WorkflowRun, workflow: WorkflowStatus, steps: readonly WorkflowStep[]): Promise<void> {
  let failedBefore = false;
  for (const step of steps) {
    if (!finished(workflow, step.name)) {
      const waitsFor = blocker(run, workflow, step);
      if (waitsFor !== undefined) return pend(run, workflow, step, waitsFor);
      await execute(
        run,
        workflow,
        step,
        dependencies(run, step).length > 0 ? dependencyFailed(run, workflow, step) : failedBefore,
      );
      if (!finished(workflow, step.name)) return;
    }
    failedBefore ||= statusOf(workflow, step.name)?.phase === 'failed';
  }
}

const finished = (workflow: WorkflowStatus, name: string): boolean => {
  const status = statusOf(workflow, name);
  return status !== undefined && isStepFinished(status);
};

/** What a step depends on: its own dependsOn, and that of the component which it applies. */
function dependencies({ world }: WorkflowRun, step: WorkflowStep): string[] {
  const component =
    step.type === 'apply-component'
      ? world.spec.components.find(({ name }) => name === step.properties?.['component'])
      : undefined;
  return [...(step.dependsOn ?? []), ...(component?.dependsOn ?? [])];
}

/** What a step waits for, as its message says it. */
function blocker(run: WorkflowRun, workflow: WorkflowStatus, step: WorkflowStep): string | undefined {
  const name = dependencies(run, step).find((each) => !finished(workflow, each));
  if (name !== undefined) return `DependsOn: ${name}`;
  const input = missingInput(step, run.memory.variables);
  return input === undefined ? undefined : `Input: ${input}`;
}

function dependencyFailed(run: WorkflowRun, workflow: WorkflowStatus, step: WorkflowStep): boolean {
  return dependencies(run, step).some((name) => ['failed', 'skipped'].includes(statusOf(workflow, name)?.phase ?? ''));
}

function pend(run: WorkflowRun, workflow: WorkflowStatus, step: WorkflowStep, waitsFor: string): void {
  const type = step.type === 'apply-component' ? 'builtin-apply-component' : step.type;
  const id = statusOf(workflow, step.name)?.id ?? run.newId();
  run.memory.waited(id, '');
  save(run, workflow, { id, name: step.name, type, phase: 'pending', message: `Pending on ${waitsFor}` });
}

async function execute(
  run: WorkflowRun,
  workflow: WorkflowStatus,
  step: WorkflowStep,
  failedBefore: boolean,
): Promise<void> {
  const base = { id: statusOf(workflow, step.name)?.id ?? run.newId(), name: step.name, type: step.type };
  const skipped = await skipOf(run, workflow, step, base.id, failedBefore);
  const isOver = skipped !== undefined || timedOut(run, workflow, step);
  if (skipped) skip(run, workflow, step, base, skipped);
  else if (isOver) timeOut(run, workflow, base);
  if (step.subSteps) await executeGroup(run, workflow, base, step.subSteps);
  else if (!isOver)
    settle(run, workflow, base, await runStep(run.world, withInputs(step, run.memory.variables), base.id));
}

type StepBase = Pick<StepStatus, 'id' | 'name' | 'type'>;

function skip(
  run: WorkflowRun,
  workflow: WorkflowStatus,
  { outputs = [] }: WorkflowStep,
  base: StepBase,
  said: { message?: string },
): void {
  for (const { name } of outputs) run.memory.variables.set(name, null);
  save(run, workflow, { ...base, phase: 'skipped', reason: 'Skip', ...said });
}

function timeOut(run: WorkflowRun, workflow: WorkflowStatus, base: StepBase): void {
  workflow.terminated = true;
  save(run, workflow, { ...base, phase: 'failed', reason: 'Timeout' });
}

/** A step that is skipped, with its message. Steps after a failure are skipped, unless their `if` says otherwise. */
async function skipOf(
  { world, memory, group }: WorkflowRun,
  workflow: WorkflowStatus,
  step: WorkflowStep,
  id: string,
  failedBefore: boolean,
): Promise<{ message?: string } | undefined> {
  if (statusOf(workflow, group ?? '')?.phase === 'skipped') return {};
  if (step.if === undefined || step.if === 'always') return failedBefore && step.if === undefined ? {} : undefined;
  try {
    return (await holds(step.if, world.templates, fillingOf(world, step, id), allSteps(workflow), memory.variables))
      ? undefined
      : {};
  } catch (error) {
    return { message: `pre check error: ${messageOf(error)}` };
  }
}

/** Runs the steps of a group, which are a DAG unless the workflow says otherwise, and sums them up. */
async function executeGroup(
  run: WorkflowRun,
  workflow: WorkflowStatus,
  base: StepBase,
  steps: readonly WorkflowStep[],
): Promise<void> {
  const known = statusOf(workflow, base.name);
  const ended = known && isStepFinished(known) ? known : undefined;
  if (!ended) save(run, workflow, { ...base, phase: 'running' });
  const inside = { ...run, group: base.name };
  const inOrder = run.world.spec.workflow?.mode?.subSteps === 'StepByStep';
  await (inOrder ? runInOrder(inside, workflow, steps) : runAsDag(inside, workflow, steps, false));
  if (!ended) save(run, workflow, { ...base, ...sumOf(statusOf(workflow, base.name)?.subSteps ?? [], steps.length) });
}

function sumOf(steps: readonly StepStatus[], count: number): Pick<StepStatus, 'phase' | 'reason'> {
  const has = (phase: StepPhase) => steps.some((step) => step.phase === phase);
  if (has('suspending')) return { phase: 'suspending' };
  if (steps.length < count || has('running')) return { phase: 'running' };
  if (has('pending')) return { phase: 'pending' };
  const reason = ['FailedAfterRetries', 'Timeout', 'Action', 'Terminate'].find((each) =>
    steps.some((step) => step.reason === each),
  );
  if (has('failed')) return { phase: 'failed', ...(reason === undefined ? {} : { reason }) };
  return steps.every(({ phase }) => phase === 'skipped')
    ? { phase: 'skipped', reason: 'Skip' }
    : { phase: 'succeeded' };
}

/** Notes down how a step went, and what it means for the workflow. */
function settle({ memory, ...run }: WorkflowRun, workflow: WorkflowStatus, base: StepBase, outcome: StepOutcome): void {
  const note = (fields: Partial<StepStatus>) =>
    save({ memory, ...run }, workflow, { ...base, phase: outcome.phase, ...fields });
  switch (outcome.phase) {
    case 'succeeded':
      memory.forget(base.id);
      return note({ ...messageOfOutcome(outcome), ...handOn(memory, outcome.outputs) });
    case 'running':
      memory.waited(base.id, outcome.message ?? '');
      return note({ reason: 'Wait', ...messageOfOutcome(outcome) });
    case 'suspending':
      workflow.suspend = true;
      return note({ reason: 'Suspend', ...messageOfOutcome(outcome) });
    case 'failed':
      memory.waited(base.id, outcome.message);
      return note({
        message: outcome.message,
        reason: failure(memory, workflow, base.id, outcome.reason),
        ...handOn(memory, outcome.outputs),
      });
  }
}

function handOn({ variables }: StepMemory, outputs: StepOutputs | undefined): { message?: string } {
  for (const [name, value] of outputs?.values ?? []) variables.set(name, value);
  return outputs?.problem ? { message: outputs.problem } : {};
}

/** A step's own failure ends the workflow at once, an error after so many tries. */
function failure(memory: StepMemory, workflow: WorkflowStatus, id: string, reason: 'Execute' | 'Action'): string {
  const givenUp = reason === 'Execute' && memory.failed(id) >= maxFailures;
  if (givenUp || reason === 'Action') workflow.terminated = true;
  return givenUp ? 'FailedAfterRetries' : reason;
}

const messageOfOutcome = ({ message }: { message?: string }): { message?: string } =>
  message === undefined ? {} : { message };

function save(
  { world, group }: WorkflowRun,
  workflow: WorkflowStatus,
  step: Omit<StepStatus, 'firstExecuteTime' | 'lastExecuteTime'>,
): void {
  const now = timestamp(world.now);
  const list = stepsIn((group !== undefined && statusOf(workflow, group)) || workflow);
  const index = list.findIndex(({ name }) => name === step.name);
  const { firstExecuteTime = now, subSteps } = list[index] ?? {};
  const next: StepStatus = { ...step, firstExecuteTime, lastExecuteTime: now, ...(subSteps && { subSteps }) };
  list.splice(index < 0 ? list.length : index, 1, next);
}

const stepsIn = (parent: WorkflowStatus | StepStatus): StepStatus[] =>
  'appRevision' in parent ? (parent.steps ??= []) : (parent.subSteps ??= []);

const units = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

function timedOut(
  { world, group = '' }: WorkflowRun,
  workflow: WorkflowStatus,
  { name, timeout }: WorkflowStep,
): boolean {
  const around = statusOf(workflow, group);
  if (around?.phase === 'failed' && around.reason === 'Timeout') return true;
  const begun = statusOf(workflow, name)?.firstExecuteTime;
  if (timeout === undefined || begun === undefined) return false;
  const parts = [...timeout.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)];
  const limit = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * units[unit as keyof typeof units], 0);
  return world.now.getTime() > Date.parse(begun) + limit;
}
