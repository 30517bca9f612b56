import type { ApplicationSpec, StepStatus, WorkflowPhase, WorkflowStatus, WorkflowStep } from './application.ts';
import { timestamp } from './apply.ts';
import { runStep, type StepOutcome, type StepWorld } from './workflow-steps.ts';

/** An error is tried so often before the workflow fails. */
const maxFailures = 10;

/** What is remembered of an Application's steps between two reconciles; it is lost with the process, as in KubeVela. */
export class StepMemory {
  readonly #steps = new Map<string, { message: string; waits: number; failures: number }>();

  /** Counts a wait; another message begins anew. */
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
  if (topologies.length > 0) return topologies.map(({ name = '' }) => ({ name: `deploy-${name}`, type: 'deploy', properties: { policies: [name] } }));
  return spec.components.map(({ name }) => ({ name, type: 'apply-component', properties: { component: name } }));
}

/** The status of a workflow that has not begun. */
export function newWorkflow(spec: ApplicationSpec, appRevision: string, now: Date): WorkflowStatus {
  const steps = (spec.workflow?.steps ?? []).length > 0 ? (spec.workflow?.mode?.steps ?? 'StepByStep') : 'DAG';
  return { appRevision, mode: `${steps}-DAG`, finished: false, suspend: false, terminated: false, startTime: timestamp(now) };
}

export interface WorkflowRun {
  readonly world: StepWorld;
  readonly memory: StepMemory;
  readonly newId: () => string;
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
  const done = known.every((step) => step !== undefined && isFinished(step));
  if (workflow.terminated && (done || workflow.finished)) return known.some((step) => step?.reason === 'Terminate') ? 'terminated' : 'failed';
  if (workflow.suspend) return 'suspending';
  return done ? 'succeeded' : 'executing';
}

const statusOf = (workflow: WorkflowStatus, name: string): StepStatus | undefined => workflow.steps?.find((step) => step.name === name);

function isFinished({ phase, reason }: StepStatus): boolean {
  return phase === 'succeeded' || phase === 'skipped' || (phase === 'failed' && reason !== undefined && reason !== 'Execute');
}

/** Runs what depends on nothing unfinished; then, once these ran, what waited for them. */
async function runAsDag(run: WorkflowRun, workflow: WorkflowStatus, steps: readonly WorkflowStep[], notePending: boolean): Promise<void> {
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
      await execute(run, workflow, step, failedBefore);
      if (!finished(workflow, step.name)) return;
    }
    failedBefore ||= statusOf(workflow, step.name)?.phase === 'failed';
  }
}

const finished = (workflow: WorkflowStatus, name: string): boolean => {
  const status = statusOf(workflow, name);
  return status !== undefined && isFinished(status);
};

/** What a step depends on: its own dependsOn, and that of the component which it applies. */
function dependencies({ world }: WorkflowRun, step: WorkflowStep): string[] {
  const component = step.type === 'apply-component' ? world.spec.components.find(({ name }) => name === step.properties?.['component']) : undefined;
  return [...(step.dependsOn ?? []), ...(component?.dependsOn ?? [])];
}

function blocker(run: WorkflowRun, workflow: WorkflowStatus, step: WorkflowStep): string | undefined {
  return dependencies(run, step).find((name) => !finished(workflow, name));
}

function dependencyFailed(run: WorkflowRun, workflow: WorkflowStatus, step: WorkflowStep): boolean {
  return dependencies(run, step).some((name) => ['failed', 'skipped'].includes(statusOf(workflow, name)?.phase ?? ''));
}

function pend(run: WorkflowRun, workflow: WorkflowStatus, step: WorkflowStep, waitsFor: string): void {
  const type = step.type === 'apply-component' ? 'builtin-apply-component' : step.type;
  const id = statusOf(workflow, step.name)?.id ?? run.newId();
  run.memory.waited(id, '');
  save(run, workflow, { id, name: step.name, type, phase: 'pending', message: `Pending on DependsOn: ${waitsFor}` });
}

async function execute(run: WorkflowRun, workflow: WorkflowStatus, step: WorkflowStep, failedBefore: boolean): Promise<void> {
  const before = statusOf(workflow, step.name);
  const base = { id: before?.id ?? run.newId(), name: step.name, type: step.type };
  if (failedBefore && step.if !== 'always') return save(run, workflow, { ...base, phase: 'skipped', reason: 'Skip' });
  if (before && timedOut(run, step, before)) {
    workflow.terminated = true;
    return save(run, workflow, { ...base, phase: 'failed', reason: 'Timeout' });
  }
  settle(run, workflow, base, await runStep(run.world, step, base.id));
}

/** Notes down how a step went, and what it means for the workflow. */
function settle({ memory, ...run }: WorkflowRun, workflow: WorkflowStatus, base: { id: string; name: string; type: string }, outcome: StepOutcome): void {
  const note = (fields: Partial<StepStatus>) => save({ memory, ...run }, workflow, { ...base, phase: outcome.phase, ...fields });
  switch (outcome.phase) {
    case 'succeeded':
      memory.forget(base.id);
      return note({});
    case 'running':
      memory.waited(base.id, outcome.message ?? '');
      return note({ reason: 'Wait', ...messageOf(outcome) });
    case 'suspending':
      workflow.suspend = true;
      return note({ reason: 'Suspend', ...messageOf(outcome) });
    case 'failed':
      memory.waited(base.id, outcome.message);
      return note({ message: outcome.message, reason: failure(memory, workflow, base.id, outcome.reason) });
  }
}

/** A step's own failure ends the workflow at once, an error after so many tries. */
function failure(memory: StepMemory, workflow: WorkflowStatus, id: string, reason: 'Execute' | 'Action'): string {
  const givenUp = reason === 'Execute' && memory.failed(id) >= maxFailures;
  if (givenUp || reason === 'Action') workflow.terminated = true;
  return givenUp ? 'FailedAfterRetries' : reason;
}

const messageOf = ({ message }: { message?: string }): { message?: string } => (message === undefined ? {} : { message });

function save({ world }: WorkflowRun, workflow: WorkflowStatus, step: Omit<StepStatus, 'firstExecuteTime' | 'lastExecuteTime'>): void {
  const now = timestamp(world.now);
  const before = statusOf(workflow, step.name);
  const next: StepStatus = { ...step, firstExecuteTime: before?.firstExecuteTime ?? now, lastExecuteTime: now };
  workflow.steps = before ? (workflow.steps ?? []).map((each) => (each === before ? next : each)) : [...(workflow.steps ?? []), next];
}

const units = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

function timedOut({ world }: WorkflowRun, { timeout }: WorkflowStep, { firstExecuteTime }: StepStatus): boolean {
  if (timeout === undefined) return false;
  const parts = [...timeout.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)];
  const limit = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * units[unit as keyof typeof units], 0);
  return world.now.getTime() > Date.parse(firstExecuteTime) + limit;
}
