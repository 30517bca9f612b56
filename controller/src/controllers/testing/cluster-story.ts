/**
 * A cluster in memory around the controller as it runs: its work queue, its caches, its calls. People deploy, ask and
 * cancel; Jobs and pods go on; processes die; and somebody changes what is the controller's, also between two calls of
 * one reconcile.
 */
import { pino } from 'pino';
import { ApiError, type Verb } from '../../kube/api-error.ts';
import { FakeClock } from '../../kube/testing/fake-clock.ts';
import { resourceName } from '../../kube/objects.ts';
import { taskRuns, tasks, taskTemplates } from '../../cluster/resource-types.ts';
import type { KueueWatch } from '../../cluster/kueue-watch.ts';
import { jobs, persistentVolumeClaims } from '../../kube/resources.ts';
import { isOwnedBy } from '../../domain/model/objects.ts';
import { isFinished } from '../../domain/model/phase.ts';
import { aTask, noon } from '../../domain/testing/builders.ts';
import { mustHold, RuleBroken } from '../../domain/testing/rules.ts';
import { apiVersion, labels, type Task, type TaskRun } from '../../resources/index.ts';
import { TaskController } from '../task-controller.ts';
import { hasEnded, JobController, waits } from './job-controller.ts';
import { Ledger } from './ledger.ts';
import { MemoryApi, type Whole } from './memory-api.ts';
import { Somebody } from './somebody.ts';
import { pod, type Shape, shapes, type Step } from './story-steps.ts';
import { Watches } from './watches.ts';

const types = [tasks, taskRuns, taskTemplates, jobs, persistentVolumeClaims];
/** More than any story needs until nothing moves any more. */
const mostRounds = 80;
const taskName = 'app-worker-mytask';

/** Nothing but Jobs is known of Kueue. */
const kueue = {
  queueingOf: () => ({
    installed: true,
    workloads: new Map(),
    clusterQueues: new Map([['q', 'cq']]),
    priorityClasses: new Set(),
  }),
  onChange: () => undefined,
  want: () => undefined,
} as unknown as KueueWatch;

interface Process {
  readonly controller: TaskController;
  readonly watches: Watches;
  isAlive: boolean;
}

export class ClusterStory {
  readonly clock = new FakeClock(noon);
  readonly api = new MemoryApi(() => this.clock.now());
  readonly #ledger = new Ledger(this.api);
  readonly #jobController = new JobController(this.api, () => this.clock.now());
  readonly #somebody = new Somebody(this.api, this.#ledger, () => `${taskName}-v${this.#revision + 1}`);
  /** Rules, by what broke them, and errors that nothing explains. */
  readonly #broken: Error[] = [];
  #due: { after: number; readonly act: () => void }[] = [];
  #refusals: { readonly of: string; readonly status: number; calls: number }[] = [];
  #process: Process | undefined;
  /** A Job that is refused as invalid fails its step or run. */
  #wereJobsRefused = false;
  #lag = 0;
  #mayWait = false;
  #revision = 0;
  #asked = 0;

  constructor() {
    this.api.beforeCall = (verb, plural, name) => this.#beforeCall(verb, plural, name);
    this.api.onCreate = (plural, object) => {
      const broken = plural === 'jobs' ? this.#ledger.created(object) : undefined;
      if (broken !== undefined) this.#broken.push(new RuleBroken(broken));
    };
    for (const name of ['eu', 'us']) this.api.create('nodes', { kind: 'Node', metadata: { name } });
    this.#putTemplate();
  }

  /** What somebody did, in words. */
  get deeds(): readonly string[] {
    return this.#somebody.deeds;
  }

  async play(steps: readonly Step[]): Promise<this> {
    for (const next of steps) {
      this.#do(next);
      const before = this.api.calls;
      if (next.do === 'advance') await this.clock.advance(next.seconds * 1000);
      await this.#settle();
      const most = 200 + (next.do === 'advance' ? next.seconds : 0);
      mustHold(
        'no Task keeps the API server busy',
        this.api.calls - before <= most,
        `${this.api.calls - before} calls`,
      );
    }
    return this;
  }

  /** What somebody broke is cancelled, all else ends, and the Task runs again when it is asked to. */
  async end(): Promise<void> {
    this.#due = [];
    this.#refusals = [];
    this.#lag = 0;
    this.#process ??= this.#start();
    // A run may wait for the end of one that somebody broke.
    if (this.#mayWait) this.#cancelSpoiled();
    // What was put off is repeated within a minute.
    await this.#settle();
    await this.clock.advance(130_000);
    await this.#goOn(() => this.#soundRuns().some((run) => !isFinished(run.status?.phase)));
    for (const run of this.#soundRuns()) this.#mustHaveEndedAsItsJobs(run);
    const silent = this.#runs().filter((run) => this.#saysNothing(run));
    mustHold('a run that does not start says why', silent.length === 0, describe(silent));

    this.#putTemplate();
    this.#ledger.isTemplateSpoiled = false;
    this.#changeTask({ schedule: undefined, suspend: false });
    for (const run of this.#runs()) if (!isFinished(run.status?.phase)) this.#cancel(run.metadata.name);
    await this.#goOn(() => this.#runs().some(({ status }) => !isFinished(status?.phase)));
    const unfinished = this.#runs().filter(({ status }) => !isFinished(status?.phase));
    mustHold('what is cancelled ends', unfinished.length === 0, describe(unfinished));
    await this.#goOn(() => this.#leftJobs().length > 0, 10);
    mustHold('the Jobs of what was cancelled go', this.#leftJobs().length === 0, this.#leftJobs().join());

    this.#ask('witness');
    await this.#goOn(() => !isFinished(this.#run('witness')?.status?.phase));
    const { status } = this.#run('witness') ?? {};
    mustHold('the Task runs again', status?.phase === 'Succeeded', JSON.stringify(status));
    await this.#goOn(() => false);
  }

  /** What is on record of the run with that name. */
  statusOf(name: string): TaskRun['status'] {
    return this.#run(name)?.status;
  }

  /** How often the controller writes in the two hours after all has come to rest. */
  async writesAtRest(): Promise<number> {
    await this.clock.advance(2 * 3_600_000);
    await this.#settle();
    const before = this.api.writes;
    await this.clock.advance(2 * 3_600_000);
    await this.#settle();
    return this.api.writes - before;
  }

  #do(next: Step): void {
    switch (next.do) {
      case 'deploy':
        return this.#deploy(shapes[next.shape] ?? {}, next.policy);
      case 'ask':
      case 'cancel':
      case 'retry':
        return this.#person(next);
      case 'progress':
        return at(this.api.all('jobs'), next.pick, (job) => this.#jobController.progress(job, next.step));
      case 'tamper':
      case 'kill':
        return this.#soon(next);
      default:
        return this.#circumstances(next);
    }
  }

  #circumstances(next: Extract<Step, { readonly do: 'advance' | 'lag' | 'refuse' }>): void {
    if (next.do === 'lag') this.#lag = next.lag;
    if (next.do !== 'refuse') return;
    this.#refusals.push({ ...next });
    this.#wereJobsRefused ||= next.of === 'jobs';
  }

  #person(next: Extract<Step, { readonly do: 'ask' | 'cancel' | 'retry' }>): void {
    if (next.do === 'ask') return this.#ask(`asked-${(this.#asked += 1)}`);
    at(this.#runs(), next.pick, ({ metadata: { name } }) => {
      if (next.do === 'cancel') this.#cancel(name);
      else this.#ask(`again-${(this.#asked += 1)}`, { retryOf: name });
    });
  }

  #soon(next: Extract<Step, { readonly do: 'tamper' | 'kill' }>): void {
    const act = () => {
      if (next.do === 'kill') return this.#kill();
      this.#somebody.tamper(next.move);
      if (next.seen) this.#process?.watches.tell();
    };
    if (next.after === 0) act();
    else this.#due.push({ after: next.after, act });
  }

  // People, and KubeVela.

  #deploy(shape: Shape, executionPolicy: Extract<Step, { readonly do: 'deploy' }>['policy']): void {
    this.#revision += 1;
    this.#mayWait ||= executionPolicy.concurrencyPolicy !== 'Allow' || executionPolicy.unique === false;
    const { metadata, spec } = aTask().withoutApplication().build();
    const { template: _template, ...rest } = spec;
    const trigger = { appRevision: `app-worker-v${this.#revision}` };
    // A run by the clock beside those that are asked for.
    const wanted = {
      ...rest,
      ...shape,
      trigger,
      executionPolicy: { trigger: 'Revision' as const, ...executionPolicy },
    };
    const task = this.api.get('tasks', taskName);
    if (!task)
      this.api.create('tasks', {
        apiVersion,
        kind: 'Task',
        metadata: { name: metadata.name, labels: {} },
        spec: wanted,
      });
    else mustHold('a Task is valid', this.api.write('tasks', { ...task, spec: wanted }), JSON.stringify(wanted));
  }

  #changeTask(change: { readonly [K in keyof Task['spec']]?: Task['spec'][K] | undefined }): void {
    const task = this.api.get('tasks', taskName);
    if (!task) return;
    const spec = Object.fromEntries(
      Object.entries({ ...(task['spec'] as object), ...change }).filter(([, value]) => value !== undefined),
    );
    this.api.write('tasks', { ...task, spec });
  }

  #ask(name: string, more: object = {}): void {
    const spec = { taskRef: { name: taskName }, ...more };
    this.api.create('taskruns', { apiVersion, kind: 'TaskRun', metadata: { name }, spec });
  }

  #cancel(name: string): void {
    const run = this.api.get('taskruns', name);
    if (run && !isFinished((run as unknown as TaskRun).status?.phase))
      this.api.write('taskruns', { ...run, spec: { ...(run['spec'] as object), cancel: true } });
  }

  #putTemplate(): void {
    const spec = { template: pod };
    const metadata = { name: 'common' };
    const found = this.api.get('tasktemplates', 'common');
    if (found) {
      this.api.release('tasktemplates', found);
      this.api.delete('tasktemplates', 'common');
    }
    this.api.create('tasktemplates', { apiVersion, kind: 'TaskTemplate', metadata, spec });
  }

  // The controller.

  #start(): Process {
    const alive = { isAlive: true };
    const client = this.api.client(() => alive.isAlive);
    const watches = new Watches(this.api, client);
    const controller = new TaskController({
      client,
      caches: watches.caches,
      kueue,
      recorder: { record: () => undefined } as never,
      log: pino({ enabled: false }),
      workers: 2,
      clock: this.clock,
      observer: { failed: (_queue, _key, error) => this.#failed(error) },
    });
    const process = Object.assign(alive, { controller, watches });
    this.#process = process;
    controller.start(this.clock.now());
    return process;
  }

  #kill(): void {
    if (!this.#process) return;
    this.#process.isAlive = false;
    void this.#process.controller.stop();
    this.#process = undefined;
  }

  /** That the API server is busy is all that may stop a Task for a while. */
  #failed(error: unknown): void {
    if (error instanceof ApiError && [429, 503].includes(error.status)) return;
    this.#broken.push(error instanceof Error ? error : new Error(JSON.stringify(error)));
  }

  #beforeCall(verb: Verb, plural: string, name: string): void {
    for (const one of this.#due) one.after -= 1;
    const due = this.#due.filter(({ after }) => after <= 0);
    this.#due = this.#due.filter(({ after }) => after > 0);
    for (const { act } of due) act();
    const refusal =
      verb === 'get' || verb === 'list'
        ? undefined
        : this.#refusals.find(({ of, calls }) => of === plural && calls > 0);
    if (!refusal) return;
    refusal.calls -= 1;
    const type = types.find((one) => one.plural === plural);
    if (!type) return;
    const target = { verb, resource: resourceName(type), kind: type.kind, namespace: 'default', name };
    const { status } = refusal;
    throw new ApiError(target, { status, reason: status === 409 ? 'Conflict' : 'Some', message: 'refused for once' });
  }

  /** Until the controller has seen and done all that is to do now. */
  async #settle(): Promise<void> {
    for (let round = 0; round < mostRounds; round += 1) {
      this.#process ??= this.#start();
      this.api.collect();
      const { watches } = this.#process;
      const before = this.api.changes.length;
      watches.tell(this.#lag);
      await this.clock.advance(0);
      const [broken] = this.#broken;
      if (broken !== undefined) throw broken;
      if (
        this.#process?.watches === watches &&
        this.api.changes.length === before &&
        (this.#lag > 0 || !watches.isBehind)
      )
        return;
    }
    throw new RuleBroken('did not come to rest');
  }

  /** Jobs end as they should, and time passes, for as long as `isBusy`. */
  async #goOn(isBusy: () => boolean, rounds = mostRounds): Promise<void> {
    await this.#settle();
    for (let round = 0; round < rounds && isBusy(); round += 1) {
      for (const job of this.api.all('jobs').filter(waits)) this.#jobController.progress(job, 'admit');
      for (const job of this.api.all('jobs')) this.#jobController.progress(job, 'complete');
      await this.#settle();
      await this.clock.advance(61_000);
      await this.#settle();
    }
  }

  // What there is.

  #runs(): readonly (TaskRun & Whole)[] {
    return this.api.all('taskruns') as unknown as readonly (TaskRun & Whole)[];
  }

  #run(name: string): TaskRun | undefined {
    return this.#runs().find(({ metadata }) => metadata.name === name);
  }

  #soundRuns(): readonly TaskRun[] {
    return this.#runs().filter(
      ({ metadata, spec }) => !this.#ledger.spoiled.has(metadata.uid) && !this.#lacksTemplate(spec),
    );
  }

  /** It does not go on, as no Job of it does, and gives no reason. */
  #saysNothing({ metadata, status = {} }: TaskRun): boolean {
    if (isFinished(status.phase) || status.reason !== undefined || status.message !== undefined) return false;
    const ofRun = this.#ledger.jobsOf(metadata.uid);
    return !this.api.all('jobs').some((job) => ofRun.includes(job.metadata.uid) && !hasEnded(job));
  }

  #cancelSpoiled(): void {
    const sound = new Set(this.#soundRuns().map(({ metadata }) => metadata.uid));
    for (const { metadata } of this.#runs()) if (!sound.has(metadata.uid)) this.#cancel(metadata.name);
  }

  /** While the template is as somebody left it. */
  #lacksTemplate({ snapshot, templates }: TaskRun['spec']): boolean {
    return this.#ledger.isTemplateSpoiled && snapshot?.templateRef !== undefined && templates === undefined;
  }

  #mustHaveEndedAsItsJobs(run: TaskRun): void {
    const { name, uid } = run.metadata;
    const { phase, reason, message } = run.status ?? {};
    const said = `${name} is ${phase} (${reason}: ${message})`;
    mustHold('every run that is left alone ends', isFinished(phase), said);
    const ofRun = this.#ledger.jobsOf(uid).map((job) => this.#jobController.outcomes.get(job));
    const isWhole =
      !this.#wereJobsRefused &&
      run.spec.cancel !== true &&
      ofRun.length > 0 &&
      ofRun.every((outcome) => outcome === 'Succeeded');
    if (isWhole && phase === 'Failed')
      mustHold(
        'a run whose Jobs succeeded succeeds',
        ['Timeout', 'DeadlineExceeded', 'QueueTimeout', 'Replaced'].includes(reason ?? ''),
        said,
      );
  }

  /**
   * Jobs that the controller made for a run that was cancelled, except those that somebody holds, and those that only
   * admission policies keep for it: without our label nobody watches them, and a run of somebody else is not ours.
   */
  #leftJobs(): readonly string[] {
    const task = this.api.get('tasks', taskName)?.metadata.uid ?? '';
    const ours = this.#runs().filter((run) => run.status?.phase === 'Cancelled' && isOwnedBy(run, task));
    const cancelled = new Set(ours.map(({ metadata }) => metadata.uid));
    const left = this.api.all('jobs').filter(({ metadata }) => {
      const run = this.#ledger.runOf(metadata.uid) ?? '';
      return cancelled.has(run) && metadata.deletionTimestamp === undefined && !this.#ledger.traceless.has(run);
    });
    return left
      .filter(({ metadata }) => metadata.labels?.[labels.run] !== undefined)
      .map(({ metadata }) => metadata.name);
  }
}

function describe(runs: readonly TaskRun[]): string {
  return runs.map(({ metadata, status }) => `${metadata.name} ${JSON.stringify(status)}`).join('; ');
}

function at<T>(list: readonly T[], choice: number, act: (item: T) => void): void {
  const item = list[choice % Math.max(1, list.length)];
  if (item !== undefined) act(item);
}
