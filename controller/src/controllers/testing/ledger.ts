/** What the controller created, and which runs somebody meddled with, so that they are judged less. */
import { labels, type TaskRun } from '../../resources/index.ts';
import { hasEnded } from './job-controller.ts';
import type { MemoryApi, Whole } from './memory-api.ts';

interface CreatedJob {
  /** The UID of the run. */
  readonly run: string;
  /** Its step and attempt. */
  readonly part: string;
}

export class Ledger {
  /** UIDs of runs that somebody tampered with, or with what is theirs. */
  readonly spoiled = new Set<string>();
  /** UIDs of runs of which nothing says any more which Jobs they had. */
  readonly traceless = new Set<string>();
  /** Somebody changed the template, and whoever needs it waits. */
  isTemplateSpoiled = false;
  readonly #api: MemoryApi;
  readonly #created = new Map<string, CreatedJob>();

  constructor(api: MemoryApi) {
    this.#api = api;
  }

  /** The UID of the run that the controller made the Job for. */
  runOf(jobUid: string): string | undefined {
    return this.#created.get(jobUid)?.run;
  }

  /** The UIDs of all Jobs that there ever were of a run. */
  jobsOf(run: string): readonly string[] {
    return [...this.#created].filter(([, one]) => one.run === run).map(([uid]) => uid);
  }

  /** Notes a Job that the controller has created. @returns the rule that it breaks */
  created(job: Whole): string | undefined {
    const { metadata } = job;
    const { run, part } = partOf(job);
    const same = this.jobsOf(run).filter((uid) => this.#created.get(uid)?.part === part);
    this.#created.set(metadata.uid, { run, part });
    const active = this.#api.all('jobs').filter((job) => same.includes(job.metadata.uid) && !hasEnded(job));
    if (active.length > 0 && !this.traceless.has(run))
      return `an attempt has one Job at a time: ${metadata.name}, ${part}`;
    return same.length > 0 && !this.spoiled.has(run) ? `an attempt has one Job: ${metadata.name}, ${part}` : undefined;
  }

  /** Notes which runs are no longer to be judged, because of this object of theirs. */
  spoil(of: string, { metadata }: Whole): void {
    const { uid, ownerReferences = [] } = metadata;
    this.isTemplateSpoiled ||= of === 'tasktemplates';
    switch (of) {
      case 'taskruns':
        return void this.spoiled.add(uid);
      case 'jobs':
        return this.#spoilByJob(uid, ownerReferences);
      case 'pods':
        for (const owner of ownerReferences) this.#spoilByJob(owner.uid, []);
        return;
      case 'persistentvolumeclaims':
      case 'tasktemplates':
        // Retries share a workspace.
        for (const run of this.#api.all('taskruns')) this.spoiled.add(run.metadata.uid);
    }
  }

  #spoilByJob(jobUid: string, owners: readonly { readonly uid: string }[]): void {
    for (const { uid } of owners) this.spoiled.add(uid);
    const run = this.runOf(jobUid);
    if (run === undefined) return;
    this.spoiled.add(run);
    const record = this.#api.all('taskruns').find(({ metadata }) => metadata.uid === run) as TaskRun | undefined;
    if (!record?.status?.jobs?.some(({ uid }) => uid === jobUid)) this.traceless.add(run);
  }
}

function partOf({ metadata: { ownerReferences, labels: given = {} } }: Whole): CreatedJob {
  const { [labels.step]: step = '', [labels.attempt]: attempt = '0' } = given;
  return { run: ownerReferences?.[0]?.uid ?? '', part: `${step} attempt ${attempt}` };
}
