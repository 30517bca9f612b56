/**
 * Somebody of the namespace who changes, deletes and makes up objects of ours, as if no admission policy were there:
 * what the API server's own validation lets anybody write who may write the object.
 */
import fc from 'fast-check';
import { apiVersion, type OwnerReference, type TaskRun } from '../../resources/index.ts';
import type { Job } from '../model/objects.ts';
import { isAnswered, isRecorded } from './rules.ts';
import type { World } from './world.ts';

/** What is changed of which object; `pick` chooses it. */
export type Tampering =
  | { readonly of: 'TaskRun'; readonly how: RunChange; readonly pick: number }
  | { readonly of: 'Job'; readonly how: JobChange; readonly pick: number }
  | { readonly of: 'Pod'; readonly how: PodChange; readonly pick: number }
  | { readonly of: 'nothing'; readonly how: LookAlike; readonly pick: number };

/** `hold`: with a finalizer that nobody takes off; the object stays however often it is deleted. */
type RunChange = 'disown' | 'giveToEvil' | 'addOwner' | 'relabel' | 'hold' | 'delete';
type JobChange =
  'disown' | 'giveToEvil' | 'giveToOther' | 'countAttempts' | 'leaveQueue' | 'suspend' | 'hold' | 'delete';
type PodChange = 'disown' | 'delete' | 'fail';
type LookAlike = 'snapshot' | 'evilOwner' | 'ourOwner' | 'scheduled' | 'earlierTask' | 'job' | 'jobOfRun';

const pick = fc.nat(20);
const change = <K extends Tampering['of'], H extends string>(of: K, ...how: H[]) =>
  fc.record({ of: fc.constant(of), how: fc.constantFrom(...how), pick });

export const tampering: fc.Arbitrary<Tampering> = fc.oneof(
  { weight: 4, arbitrary: change('TaskRun', 'disown', 'giveToEvil', 'addOwner', 'relabel', 'hold', 'delete') },
  {
    weight: 4,
    arbitrary: change(
      'Job',
      'disown',
      'giveToEvil',
      'giveToOther',
      'countAttempts',
      'leaveQueue',
      'suspend',
      'hold',
      'delete',
    ),
  },
  { weight: 1, arbitrary: change('Pod', 'disown', 'delete', 'fail') },
  {
    weight: 3,
    arbitrary: change('nothing', 'snapshot', 'evilOwner', 'ourOwner', 'scheduled', 'earlierTask', 'job', 'jobOfRun'),
  },
);

/** An owner that the garbage collector cannot look up, so that the object stays. */
function evil(uid: string): OwnerReference {
  return { apiVersion: 'task.oam.dev.evil/v1', kind: 'Task', name: 'evil', uid, controller: true };
}

/** Tampers with objects of a World. Those, and what belongs to them, it notes in `world.spoiled`. */
export class Tamperer {
  readonly #world: World;
  #made = 0;

  constructor(world: World) {
    this.#world = world;
  }

  tamper({ of, how, pick: choice }: Tampering): void {
    switch (of) {
      case 'TaskRun':
        return at([...this.#world.runs.values()], choice, (run) => this.#changeRun(run, how));
      case 'Job':
        return at([...this.#world.jobs.values()], choice, (job) => this.#changeJob(job, how));
      case 'Pod':
        return this.#changePod(choice, how);
      case 'nothing':
        return this.#pretend(how);
    }
  }

  #changeRun(run: TaskRun, how: RunChange): void {
    const world = this.#world;
    const { uid, name } = run.metadata;
    const { ownerReferences: owners = [], ...rest } = run.metadata;
    // A run that is taken away before anything answers for it leaves no trace: its trigger looks new.
    if (!isAnswered(world, run)) return;
    world.spoiled.add(uid);
    switch (how) {
      case 'disown':
        return world.put('TaskRun', { ...run, metadata: rest });
      case 'giveToEvil':
        return world.put('TaskRun', {
          ...run,
          metadata: { ...rest, ownerReferences: [evil(world.task.metadata.uid)] },
        });
      case 'addOwner':
        return world.put('TaskRun', {
          ...run,
          metadata: {
            ...rest,
            ownerReferences: [...owners, { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: 'a' }],
          },
        });
      case 'relabel':
        return world.put('TaskRun', {
          ...run,
          metadata: { ...run.metadata, labels: { 'task.oam.dev/task': 'other' } },
        });
      case 'hold':
        return void world.held.add(uid);
      case 'delete':
        return world.removeRun(name);
    }
  }

  #changeJob(job: Job, how: JobChange): void {
    const world = this.#world;
    const { uid, name } = job.metadata;
    const { ownerReferences: _owners, ...rest } = job.metadata;
    const give = (...ownerReferences: OwnerReference[]) =>
      world.put('Job', { ...job, metadata: { ...rest, ...(ownerReferences.length > 0 && { ownerReferences }) } });
    // A Job that is not on record anywhere leaves no trace.
    if (!isRecorded(world, job)) return;
    world.spoiled.add(world.runOf(job)).add(uid);
    switch (how) {
      case 'disown':
        return give();
      case 'giveToEvil':
        return give({ ...evil(uid), kind: 'TaskRun' });
      case 'giveToOther':
        return at([...world.runs.values()], this.#made, (run) => {
          world.spoiled.add(run.metadata.uid);
          give({ apiVersion, kind: 'TaskRun', name: run.metadata.name, uid: run.metadata.uid, controller: true });
        });
      case 'countAttempts':
        return world.put('Job', { ...job, attempt: 7 });
      case 'leaveQueue': {
        const { queue: _queue, ...others } = job;
        return world.put('Job', others);
      }
      case 'suspend':
        return world.put('Job', { ...job, spec: { ...job.spec, suspend: true } });
      case 'hold':
        return void world.held.add(uid);
      case 'delete':
        return world.removeJob(name);
    }
  }

  #changePod(choice: number, how: PodChange): void {
    const world = this.#world;
    at(world.pods, choice, (pod) => {
      const job = [...world.jobs.values()].find(
        ({ metadata }) => metadata.uid === pod.metadata.ownerReferences?.[0]?.uid,
      );
      if (job) world.spoiled.add(world.runOf(job));
      const { ownerReferences: _owners, ...rest } = pod.metadata;
      const others = world.pods.filter((other) => other !== pod);
      if (how === 'delete') world.pods = others;
      else if (how === 'disown') world.pods = [...others, { ...pod, metadata: rest }];
      else world.pods = [...others, { ...pod, phase: 'Failed' }];
    });
  }

  #pretend(how: LookAlike): void {
    const world = this.#world;
    const { task } = world;
    const { uid } = task.metadata;
    const taskRef = { name: task.metadata.name };
    const ours = { apiVersion, kind: 'Task', name: task.metadata.name, uid, controller: true };
    const snapshot = { template: {}, hash: 'made-up' };
    switch (how) {
      case 'snapshot':
        return this.#makeRun({ spec: { taskRef, snapshot } });
      case 'evilOwner':
        return this.#makeRun({ spec: { taskRef }, owner: evil(uid) });
      case 'ourOwner':
        return this.#makeRun({ spec: { taskRef }, owner: ours });
      case 'scheduled':
        return this.#makeRun({
          spec: { taskRef, trigger: { type: 'Schedule', scheduledTime: '2126-03-20T12:00:00Z' } },
        });
      case 'earlierTask':
        return this.#makeRun({ spec: { taskRef: { ...taskRef, uid: 'before' } } });
      case 'job':
        return this.#makeJob(evil(uid));
      case 'jobOfRun':
        return at([...world.runs.values()], this.#made, (run) => {
          world.spoiled.add(run.metadata.uid);
          this.#makeJob({
            apiVersion,
            kind: 'TaskRun',
            name: run.metadata.name,
            uid: run.metadata.uid,
            controller: true,
          });
        });
    }
  }

  #makeRun({ spec, owner }: { readonly spec: TaskRun['spec']; readonly owner?: OwnerReference }): void {
    this.#world.putNew('TaskRun', { metadata: this.#newMeta(owner), spec, status: { phase: 'Pending' } });
  }

  #makeJob(owner: OwnerReference): void {
    this.#world.putNew('Job', { metadata: this.#newMeta(owner), spec: {} });
  }

  #newMeta(owner: OwnerReference | undefined) {
    this.#made += 1;
    const metadata = { name: `look-alike-${this.#made}`, namespace: 'default', generation: 1 };
    return owner ? { ...metadata, ownerReferences: [owner] } : metadata;
  }
}

function at<T>(list: readonly T[], choice: number, act: (item: T) => void): void {
  const item = list[choice % Math.max(1, list.length)];
  if (item !== undefined) act(item);
}
