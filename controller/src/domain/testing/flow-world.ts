/**
 * One run of a flow in memory: the controller around `decide`, which may die between any two actions, and Jobs that end
 * as they are told. It checks at every Job what always holds of flows, and throws with the rule that was broken.
 */
import { labels, queueLabels, type Task, type TaskRun, type TaskTemplateSpec } from '../../resources/index.ts';
import { decide } from '../decide.ts';
import { compact } from '../lang/compact.ts';
import type { Action, ActionKind, ActionOf, JobManifest } from '../model/actions.ts';
import type { FlowStep } from '../model/flow.ts';
import type { TerminationMessage } from '../model/memory.ts';
import type { Claim, Job, Node } from '../model/objects.ts';
import { isFinished } from '../model/phase.ts';
import { mostAtOnce } from '../policies/max-parallel.ts';
import { retrySpec } from '../policies/retry-of.ts';
import { aState, aTask, noon } from './builders.ts';
import { mustBeValid } from './crd-schema.ts';
import { mustHold } from './rules.ts';

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
  task: Task;
  run: TaskRun | undefined;
  /** Those that are there, by name. */
  readonly jobs = new Map<string, Job>();
  /** Everything that was ever created, in order. */
  readonly created: StepJob[] = [];
  /** How each Job ended, by its UID. */
  readonly outcomes = new Map<string, Outcome>();
  readonly events: string[] = [];
  /** Of the cluster, by name. */
  readonly nodes = new Map<string, Node>();
  /** The workspaces that are there, by name. */
  readonly claims = new Map<string, Claim>();
  /** Of the namespace, by name. */
  readonly templates = new Map<string, TaskTemplateSpec>();
  runStatusWrites = 0;
  /** When the controller would look again though nothing changes. */
  wakeAt: number | undefined;
  readonly #texts = new Map<string, string>();
  #written = new Map<string, number>();
  #messages = new Map<string, TerminationMessage>();
  #gone = new Set<string>();
  #deletedJobs: Job[] = [];
  #version = 1;
  #nudged: string | undefined;

  /** Without steps it is of the items of `spec`. */
  constructor(steps: readonly FlowStep[], spec: Partial<Task['spec']> = {}) {
    const { template: _template, ...rest } = aTask().build().spec;
    this.task = { ...aTask().build(), spec: { ...rest, ...(steps.length > 0 && { steps: [...steps] }), ...spec } };
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
        this.#apply(action);
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
    const job = this.jobs.get(name);
    if (!job || this.outcomes.has(job.metadata.uid)) throw new Error(`Job ${name} is not active`);
    this.outcomes.set(job.metadata.uid, outcome);
    if (text !== undefined) this.#texts.set(job.metadata.uid, text);
    const at = new Date(this.now).toISOString();
    const condition =
      outcome === 'Succeeded'
        ? { type: 'Complete', status: 'True', lastTransitionTime: at }
        : { type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: '', lastTransitionTime: at };
    this.jobs.set(name, {
      ...job,
      status: {
        ...job.status,
        startTime: job.status?.startTime ?? at,
        completionTime: at,
        conditions: [condition],
        active: 0,
      },
    });
    return this;
  }

  start(name: string): this {
    const job = this.jobs.get(name);
    if (job)
      this.jobs.set(name, { ...job, status: { startTime: new Date(this.now).toISOString(), active: 1, ready: 1 } });
    return this;
  }

  /** Kueue lets a Job start. */
  admit(name: string): this {
    const job = this.jobs.get(name);
    if (job) this.jobs.set(name, { ...job, spec: { ...job.spec, suspend: false } });
    return this.start(name);
  }

  /** Somebody deletes a Job, and the controller may be there to see it. */
  remove(name: string, isSeen: boolean): this {
    const job = this.jobs.get(name);
    this.jobs.delete(name);
    if (job && isSeen && !isFinished(this.run?.status?.phase)) this.#deletedJobs.push(job);
    return this;
  }

  /** A person sets spec.resume. */
  resume(): this {
    if (this.run) this.run = { ...this.run, spec: { ...this.run.spec, resume: true } };
    return this;
  }

  /** The run that takes this one up, alone on record. */
  retry(): this {
    const { run } = this;
    const again = run && retrySpec(run);
    mustHold(
      'only what ended badly is taken up',
      run?.status?.phase === 'Failed' || run?.status?.phase === 'Cancelled',
      this.phases,
    );
    if (!run || !again) return this;
    const { cancel: _cancel, resume: _resume, ...spec } = run.spec;
    this.run = {
      metadata: {
        ...run.metadata,
        name: 'again',
        uid: 'again-uid',
        creationTimestamp: new Date(this.now).toISOString(),
      },
      spec: { ...spec, trigger: { type: 'Retry', value: run.metadata.name }, retryOf: run.metadata.name, ...again },
      status: { phase: 'Pending' },
    };
    mustBeValid.taskRunSpec(this.run.spec);
    this.jobs.clear();
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
    if (this.run && !isFinished(this.run.status?.phase))
      this.run = { ...this.run, spec: { ...this.run.spec, cancel: true } };
    return this;
  }

  #decide(): readonly Action[] {
    const state = aState({ build: () => this.task })
      .cluster({
        runs: this.run ? [this.run] : [],
        nodes: [...this.nodes.values()],
        claims: [...this.claims.values()],
        templates: new Map(this.templates),
        jobs: [...this.jobs.values()],
      })
      .memory({
        deletedJobs: [...this.#deletedJobs],
        goneJobs: new Set(this.#gone),
        terminationMessages: new Map(this.#messages),
        written: new Map(this.#written),
        nudged: this.#nudged,
      });
    return decide(state.build(), new Date(this.now));
  }

  #die(): this {
    this.#messages = new Map();
    this.#gone = new Set();
    this.#written = new Map();
    this.#deletedJobs = [];
    return this;
  }

  #apply(action: Action): void {
    const handle = this.#handlers[action.kind] as ((action: Action) => void) | undefined;
    handle?.(action); // the rest changes nothing here
  }

  readonly #handlers: { readonly [K in ActionKind]?: (action: ActionOf<K>) => void } = {
    createRun: ({ run }) => {
      mustBeValid.taskRunSpec(run.spec);
      this.run = {
        metadata: { ...run.metadata, uid: 'run-uid', creationTimestamp: new Date(this.now).toISOString() },
        spec: run.spec,
        status: { phase: 'Pending' },
      };
    },
    fillTemplates: ({ templates }) => {
      mustHold(
        'what templates said is taken once',
        this.run?.spec.templates === undefined,
        Object.keys(templates).join(),
      );
      if (this.run)
        this.run = {
          ...this.run,
          spec: {
            ...this.run.spec,
            templates: structuredClone(templates) as NonNullable<TaskRun['spec']['templates']>,
          },
        };
      mustBeValid.taskRunSpec(this.run?.spec);
    },
    createClaim: ({ claim: { metadata } }) => {
      mustHold(
        'a run has one workspace, from before its first Job',
        !this.claims.has(metadata.name) && this.created.length === 0,
        metadata.name,
      );
      this.claims.set(metadata.name, {
        metadata: { ...metadata, uid: `${metadata.name}-uid`, creationTimestamp: new Date(this.now).toISOString() },
      });
    },
    deleteClaim: ({ name }) => {
      mustHold('no workspace goes before its run has ended', isFinished(this.run?.status?.phase), name);
      this.claims.delete(name);
    },
    createJob: (action) => this.#createJob(action),
    checkJob: ({ name, uid }) => {
      if (this.jobs.get(name)?.metadata.uid !== uid) this.#gone.add(uid);
    },
    readTermination: ({ uid }) => this.#messages.set(uid, compact({ text: this.#texts.get(uid) })),
    writeRunStatus: ({ name, status }) => {
      mustBeValid.taskRunStatus(status);
      mustHold('an outcome is final', !isFinished(this.run?.status?.phase), this.phases);
      this.runStatusWrites += 1;
      this.#written.set(name, this.now);
      if (this.run) this.run = { ...this.run, status };
    },
    deleteJob: ({ name }) => {
      const row = this.run?.status?.jobs?.find((one) => one.name === name);
      mustHold(
        'no Job is deleted before its outcome is on record',
        isFinished(this.run?.status?.phase) || isFinished(row?.phase),
        name,
      );
      this.jobs.delete(name);
    },
    writeTaskStatus: ({ status }) => {
      mustBeValid.taskStatus(status);
      this.task = { ...this.task, status };
    },
    event: ({ message }) => this.events.push(message),
    expectLook: ({ value }) => {
      this.#nudged = value;
    },
    nudge: ({ value }) => {
      this.#nudged = value;
    },
  };

  #createJob({ job: manifest, step = '' }: ActionOf<'createJob'>): void {
    const { name, labels: jobLabels } = manifest.metadata;
    if (this.jobs.has(name)) return; // created before it died
    const attempt = Number(jobLabels[labels.attempt] ?? 0);
    this.#checkStart(step, attempt, name);
    this.#version += 1;
    const job: Job = compact({
      metadata: {
        ...manifest.metadata,
        uid: `job-${this.#version}`,
        creationTimestamp: new Date(this.now).toISOString(),
      },
      attempt: attempt === 0 ? undefined : attempt,
      step,
      queue: jobLabels[queueLabels.queue],
      spec: manifest.spec,
    });
    this.jobs.set(name, job);
    this.created.push({ job, step, attempt, manifest });
  }

  /** On record, be it in the run that this one is a retry of. */
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
