/**
 * One run of a flow in memory: the controller around `decide`, which may die between any two actions, and Jobs that end
 * as they are told. It checks at every Job what always holds of flows, and throws with the rule that was broken.
 */
import type { Task, TaskRun, TaskTemplateSpec } from '../../resources/index.ts';
import { carryOut, type Outside, quietOutside } from '../carry-out.ts';
import { decide } from '../decide.ts';
import { compact } from '../lang/compact.ts';
import type { Action, ActionKind, ActionOf, JobManifest } from '../model/actions.ts';
import type { FlowStep } from '../model/flow.ts';
import { emptyMemory, type TakenNames } from '../model/memory.ts';
import type { Job, Node } from '../model/objects.ts';
import { isFinished } from '../model/phase.ts';
import { remembered } from '../model/remembered-run.ts';
import { type Cluster, emptyState, type TaskState, withCluster, withMemory } from '../model/state.ts';
import { mostAtOnce } from '../policies/max-parallel.ts';
import { retrySpec } from '../policies/retry-of.ts';
import { aRefusal, aTask, noon } from './builders.ts';
import { mustBeValid } from './crd-schema.ts';
import { attemptOf, mustHold } from './rules.ts';

export type Outcome = 'Succeeded' | 'Failed';
interface StepJob {
  readonly job: Job;
  readonly step: string;
  readonly attempt: number;
  readonly manifest: JobManifest;
}

/** More passes than any flow of these tests needs to come to rest. */
const mostPasses = 200;

export class FlowWorld {
  now = noon.getTime();
  /** Everything that was ever created, in order. */
  readonly created: StepJob[] = [];
  /** How each Job ended, by its UID. */
  readonly outcomes = new Map<string, Outcome>();
  readonly events: string[] = [];
  /** The cluster's nodes, by name. */
  readonly nodes = new Map<string, Node>();
  /** The namespace's templates, by name. */
  readonly templates = new Map<string, TaskTemplateSpec>();
  /** Names of claims that somebody else has. */
  readonly othersClaims = new Set<string>();
  /** Whether a quota lets no Job be created for now. */
  isFull = false;
  runStatusWrites = 0;
  /** When the controller would look again though nothing changes. */
  wakeAt: number | undefined;
  readonly #texts = new Map<string, string>();
  #state: TaskState;
  #uid = 0;

  /** Without steps it is of the items of `spec`. */
  constructor(steps: readonly FlowStep[], spec: Partial<Task['spec']> = {}) {
    const { template: _template, ...rest } = aTask().build().spec;
    const ofSteps = steps.length > 0 && { steps: [...steps] };
    this.#state = emptyState({ ...aTask().build(), spec: { ...rest, ...ofSteps, ...spec } });
  }

  get task(): Task {
    return this.#state.task;
  }

  get run(): TaskRun | undefined {
    return this.#state.cluster.runs[0];
  }

  /** Those that are there, by name. */
  get jobs(): ReadonlyMap<string, Job> {
    return new Map(this.#state.cluster.jobs.map((job) => [job.metadata.name, job]));
  }

  /** The names of the workspaces that are there. */
  get claims(): readonly string[] {
    return this.#state.cluster.claims.map(({ metadata }) => metadata.name);
  }

  get steps(): readonly FlowStep[] {
    return (this.task.spec.steps ?? []) as FlowStep[];
  }

  /** Each step with its phase, in their order. */
  get phases(): string {
    return (this.run?.status?.jobs ?? []).map(({ step, phase }) => `${step} ${phase}`).join(', ');
  }

  /** The names of the Jobs that have not ended. */
  get active(): string[] {
    return [...this.jobs.values()]
      .filter(({ metadata }) => !this.outcomes.has(metadata.uid))
      .map(({ metadata }) => metadata.name);
  }

  /**
   * Decide and apply until nothing is left but to wait; a process that dies after so many actions forgets what it knew.
   */
  reconcile(diesAfter = Infinity): this {
    let left = diesAfter;
    for (let pass = 0; pass < mostPasses; pass += 1) {
      const actions = this.#decide();
      this.wakeAt = actions.find((action) => action.kind === 'wakeAt')?.at;
      if (actions.every(({ kind }) => kind === 'wakeAt')) return this;
      for (const action of actions) {
        if (left <= 0) return this.#die();
        left -= 1;
        if (this.#isTaken(action)) break;
        if (!this.#isRefused(action)) this.#apply(action);
      }
    }
    throw new Error(`no rest within ${mostPasses} passes: ${JSON.stringify(this.#decide())}`);
  }

  advance(seconds: number): this {
    this.now += seconds * 1000;
    return this;
  }

  /** The Job's container ends, after it wrote something to its termination message. */
  finish(name: string, outcome: Outcome = 'Succeeded', text?: string): this {
    const job = this.#job(name);
    if (!job || this.outcomes.has(job.metadata.uid)) throw new Error(`Job ${name} is not active`);
    this.outcomes.set(job.metadata.uid, outcome);
    if (text !== undefined) this.#texts.set(job.metadata.uid, text);
    const at = new Date(this.now).toISOString();
    const condition =
      outcome === 'Succeeded'
        ? { type: 'Complete', status: 'True', lastTransitionTime: at }
        : { type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: '', lastTransitionTime: at };
    const startTime = job.status?.startTime ?? at;
    return this.#change({
      ...job,
      status: { ...job.status, startTime, completionTime: at, conditions: [condition], active: 0 },
    });
  }

  start(name: string): this {
    const job = this.#job(name);
    const startTime = new Date(this.now).toISOString();
    return job ? this.#change({ ...job, status: { startTime, active: 1, ready: 1 } }) : this;
  }

  /** Kueue lets a Job start. */
  admit(name: string): this {
    const job = this.#job(name);
    if (job) this.#change({ ...job, spec: { ...job.spec, suspend: false } });
    return this.start(name);
  }

  /** Somebody deletes a Job, and the controller may be there to see it. */
  remove(name: string, isSeen: boolean): this {
    const job = this.#job(name);
    this.#hasNow({ jobs: this.#state.cluster.jobs.filter((other) => other !== job) });
    const { deletedJobs } = this.#state.memory;
    if (job && isSeen && !isFinished(this.run?.status?.phase))
      this.#state = withMemory(this.#state, { deletedJobs: [...deletedJobs, job] });
    return this;
  }

  /** A person sets spec.resume. */
  resume(): this {
    return this.#ask({ resume: true });
  }

  /** The run that takes this one up, alone on record. */
  retry(): this {
    const { run } = this;
    const again = run && retrySpec(run, undefined);
    mustHold(
      'only what ended badly is retried',
      run?.status?.phase === 'Failed' || run?.status?.phase === 'Cancelled',
      this.phases,
    );
    if (!run || !again) return this;
    const { cancel: _cancel, resume: _resume, ...spec } = run.spec;
    const retry: TaskRun = {
      metadata: {
        ...run.metadata,
        name: 'again',
        uid: 'again-uid',
        creationTimestamp: new Date(this.now).toISOString(),
      },
      spec: { ...spec, trigger: { type: 'Retry', value: run.metadata.name }, retryOf: run.metadata.name, ...again },
      status: { phase: 'Pending' },
    };
    mustBeValid.taskRunSpec(retry.spec);
    this.#hasNow({ runs: [retry], jobs: [] });
    this.created.length = 0;
    return this.reconcile();
  }

  join(name: string, more: Omit<Node, 'metadata'> & { readonly labels?: Readonly<Record<string, string>> } = {}): this {
    const { labels: nodeLabels = {}, ...rest } = more;
    this.nodes.set(name, { ...rest, metadata: { name, labels: nodeLabels } });
    return this;
  }

  leave(name: string): this {
    this.nodes.delete(name);
    return this;
  }

  cancel(): this {
    return isFinished(this.run?.status?.phase) ? this : this.#ask({ cancel: true });
  }

  /** Somebody deletes the workspaces. */
  removeClaims(): this {
    this.#hasNow({ claims: [] });
    return this;
  }

  /** A person changes the run's spec. */
  #ask(spec: Partial<TaskRun['spec']>): this {
    const runs = this.#state.cluster.runs.map((run) => ({ ...run, spec: { ...run.spec, ...spec } }));
    this.#hasNow({ runs });
    return this;
  }

  #job(name: string): Job | undefined {
    return this.#state.cluster.jobs.find(({ metadata }) => metadata.name === name);
  }

  #change(job: Job): this {
    const { uid } = job.metadata;
    this.#hasNow({ jobs: this.#state.cluster.jobs.map((other) => (other.metadata.uid === uid ? job : other)) });
    return this;
  }

  #hasNow(changes: Partial<Cluster>): void {
    this.#state = withCluster(this.#state, changes);
  }

  #decide(): readonly Action[] {
    this.#hasNow({ nodes: [...this.nodes.values()], templates: new Map(this.templates) });
    const known = withCluster(this.#state, {
      runs: this.#state.cluster.runs.map(remembered),
    });
    return decide(known, new Date(this.now));
  }

  #die(): this {
    this.#state = { ...this.#state, memory: emptyMemory };
    return this;
  }

  /** Whether somebody else has the claim's name, or another step that of the Job, which the process then knows. */
  #isTaken(action: Action): boolean {
    const { taken } = this.#state.memory;
    if (action.kind === 'createClaim' && this.othersClaims.has(action.claim.metadata.name))
      return this.#notes({ ...taken, claims: new Set([...taken.claims, action.claim.metadata.name]) });
    if (action.kind === 'createJob' && this.jobs.has(action.job.metadata.name))
      return this.#notes({ ...taken, jobs: new Set([...taken.jobs, action.job.metadata.name]) });
    return false;
  }

  #notes(taken: TakenNames): true {
    this.#state = withMemory(this.#state, { taken });
    return true;
  }

  /** Whether a Job does not come about, which the process then knows. */
  #isRefused(action: Action): boolean {
    if (action.kind !== 'createJob' || !this.isFull) return false;
    const { run, step } = action;
    const refusal = { ...aRefusal({ run, retryAt: this.now + 2_000 }), step };
    const others = this.#state.memory.refusals.filter((one) => one.run !== run || one.step !== step);
    this.#state = withMemory(this.#state, { refusals: [...others, refusal] });
    return true;
  }

  #apply(action: Action): void {
    const check = this.#checks[action.kind] as ((action: Action) => void) | undefined;
    check?.(action);
    this.#state = carryOut(this.#state, action, this.#outside);
    if (action.kind === 'createJob') this.#note(action);
  }

  get #outside(): Outside {
    return {
      now: this.now,
      newUid: (kind) => `${kind}-${(this.#uid += 1)}`,
      hasJob: (uid) => this.#state.cluster.jobs.some(({ metadata }) => metadata.uid === uid),
      terminationMessage: (uid) => compact({ text: this.#texts.get(uid), nodeName: 'node-a' }),
      lookAtStep: quietOutside.lookAtStep,
    };
  }

  /** What must hold before an action is carried out. */
  readonly #checks: { readonly [K in ActionKind]?: (action: ActionOf<K>) => void } = {
    createRun: ({ run }) => mustBeValid.taskRunSpec(run.spec),
    fillTemplates: ({ templates }) => {
      const isFirst = this.run?.spec.templates === undefined;
      mustHold('what templates said is taken once', isFirst, Object.keys(templates).join());
      mustBeValid.taskRunSpec({ ...this.run?.spec, templates });
    },
    createClaim: ({ claim: { metadata } }) =>
      mustHold(
        'a run has one workspace, from before its first Job',
        !this.claims.includes(metadata.name) && this.created.length === 0,
        metadata.name,
      ),
    deleteClaim: ({ name }) =>
      mustHold('no workspace goes before its run has ended', isFinished(this.run?.status?.phase), name),
    createJob: ({ job, step = '' }) => this.#checkStart(step, attemptOf(job), job.metadata.name),
    writeRunStatus: ({ status }) => {
      mustBeValid.taskRunStatus(status);
      mustHold('an outcome is final', !isFinished(this.run?.status?.phase), this.phases);
      this.runStatusWrites += 1;
    },
    deleteJob: ({ name }) => {
      const row = this.run?.status?.jobs?.find((one) => one.name === name);
      mustHold(
        'no Job is deleted before its outcome is on record',
        isFinished(this.run?.status?.phase) || isFinished(row?.phase),
        name,
      );
    },
    writeTaskStatus: ({ status }) => mustBeValid.taskStatus(status),
    event: ({ message }) => void this.events.push(message),
  };

  #note({ job: manifest, step = '' }: ActionOf<'createJob'>): void {
    const job = this.#state.cluster.jobs.at(-1);
    if (job) this.created.push({ job, step, attempt: attemptOf(manifest), manifest });
  }

  /** On record, in this run or in the one that it is a retry of. */
  get #rows() {
    return this.run?.status?.jobs ?? this.run?.spec.snapshot?.kept ?? [];
  }

  #checkStart(name: string, attempt: number, jobName: string): void {
    const before = this.created.filter(({ step }) => step === name);
    mustHold(
      'each attempt of a step has one Job',
      before.every((one) => one.attempt < attempt) && before.length === attempt,
      jobName,
    );
    mustHold(
      'another attempt follows a failure',
      attempt === 0 || this.outcomes.get(before.at(-1)?.job.metadata.uid ?? '') === 'Failed',
      jobName,
    );
    const rows = this.#rows;
    mustHold(
      'no more steps at once than maxParallel',
      this.active.length < mostAtOnce(this.task.spec, Math.max(rows.length, this.nodes.size)),
      `${jobName} beside ${this.active.join()}`,
    );
    mustHold('a cancelled run starts nothing', this.run?.spec.cancel !== true, jobName);
    const needed = this.steps.find((one) => one.name === name)?.dependsOn ?? [];
    const open = needed.filter((other) => !isFinished(rows.find((row) => row.step === other)?.phase));
    mustHold(
      'no step starts before what it depends on has ended, on record',
      open.length === 0,
      `${jobName} before ${open.join()}`,
    );
  }
}
