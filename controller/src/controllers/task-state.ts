import { isFinished } from '../domain/classify.ts';
import type { TaskState } from '../domain/state.ts';
import { lastAnswered } from '../domain/trigger.ts';
import { refOf } from '../kube/objects.ts';
import type { Caches } from './caches.ts';
import type { TaskMemory } from './task-memory.ts';

/** All that is known of the Task with that key, `namespace/name`; undefined when there is none. */
export function readTaskState(key: string, caches: Caches, memory: TaskMemory): TaskState | undefined {
  const { namespace, name } = refOf(key);
  const task = caches.tasks.cache.get(namespace, name);
  if (!task) return undefined;
  const runs = caches.runs.cache.by('owner', task.metadata.uid);
  const jobs = runs.flatMap(({ metadata }) => caches.jobs.cache.by('owner', metadata.uid));
  const unfinished = runs
    .filter(({ status }) => !isFinished(status?.phase))
    .flatMap(({ metadata }) => caches.jobs.cache.by('owner', metadata.uid));
  memory.dropEarlier(lastAnswered(task, runs, memory.answered)?.generation ?? 0);
  return {
    task,
    earlier: memory.earlier,
    runs,
    jobs,
    deletedJobs: memory.deletedJobs,
    pods: unfinished.flatMap(({ metadata }) => caches.pods.cache.by('owner', metadata.uid)),
    podRefusals: unfinished.flatMap(({ metadata }) => caches.podRefusals.cache.by('job', metadata.uid)),
    refusals: memory.refusals,
    taken: { runs: memory.takenRuns, jobs: memory.takenJobs },
    goneJobs: memory.goneJobs,
    answered: memory.answered,
    seenAt: memory.seenAt,
    nudged: memory.nudged,
  };
}
