import { expect, it } from 'vitest';
import type { Archive } from './archive/archive.ts';
import type { Archiver } from './archive/archiver.ts';
import { Archiving } from './archiving.ts';
import type { Caches } from './cluster/caches.ts';

const phases: Readonly<Record<string, string>> = { active: 'Running', ending: 'Failed', archived: 'Succeeded' };
const runOf = (uid: string) => ({ metadata: { uid }, status: { phase: phases[uid] } });
const owned = (uid: string, kind: string, owner: string) => ({
  nodeName: 'node-a',
  metadata: {
    uid,
    deletionTimestamp: '2026-01-01T00:00:00Z',
    ownerReferences: [
      { apiVersion: kind === 'Job' ? 'batch/v1' : 'task.oam.dev/v1alpha1', kind, uid: owner, controller: true },
    ],
  },
});

/** An archive that awaits the run `ending`, with one Job for each run. */
function scene() {
  const [calls, tellers] = [[] as unknown[], new Map<string, (event: unknown) => void>()];
  const archiver = {
    awaits: (run: string) => run === 'ending',
    podEnds: (run: string, { uid }: { readonly uid: string }) => calls.push(['podEnds', run, uid]),
    runGoes: (run: string) => calls.push(['runGoes', run]),
    start: () => undefined,
  };
  const resource = (kind: string, byUid: (uid: string) => unknown) => ({
    onEvent: (tell: (event: unknown) => void) => tellers.set(kind, tell),
    cache: { byUid },
  });
  const caches = {
    runs: resource('runs', (uid) => (uid in phases ? runOf(uid) : undefined)),
    jobs: resource('jobs', (uid) => owned(uid, 'TaskRun', uid.replace('job-of-', ''))),
    pods: resource('pods', () => undefined),
  };
  new Archiving({} as Archive, archiver as unknown as Archiver).start(caches as unknown as Caches);
  return { calls, tell: (kind: string, event: unknown) => tellers.get(kind)?.(event) };
}

it('takes no log of pods that are deleted after their run was archived, or with a run that is unknown', () => {
  const { calls, tell } = scene();
  for (const run of ['active', 'ending', 'archived', 'gone'])
    tell('pods', { type: 'updated', object: owned(`pod-of-${run}`, 'Job', `job-of-${run}`) });
  expect(calls).toEqual([
    ['podEnds', 'active', 'pod-of-active'],
    ['podEnds', 'ending', 'pod-of-ending'],
  ]);
});

it('takes no log of pods that waited for a node when they were deleted', () => {
  const { calls, tell } = scene();
  const { metadata } = owned('pod-of-active', 'Job', 'job-of-active');
  tell('pods', { type: 'updated', object: { metadata } });
  expect(calls).toEqual([]);
});

it('gives up the logs of a run that is deleted', () => {
  const { calls, tell } = scene();
  tell('runs', { type: 'deleted', object: runOf('active') });
  expect(calls).toEqual([['runGoes', 'active']]);
});
