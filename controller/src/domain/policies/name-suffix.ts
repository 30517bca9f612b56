/**
 * executionPolicy.nameSuffix: how a run is named after its component.
 *
 * Revision and UUID give the same name for the same Task and generation (see names.ts). Timestamp does so for the first
 * version, which is as old as the Task; a later one gets the time at which it was first seen, because nothing in it
 * tells its age: KubeVela's annotation last-applied-time keeps the time of the first version.
 */
import { type Task, velaLabels } from '../../resources/index.ts';
import { hexHash } from '../lang/canonical-json.ts';
import { joinName, namesOf } from '../lang/names.ts';
import { policyOf } from '../model/execution-policy.ts';
import { minuteSuffix } from '../schedule/cron.ts';

/**
 * The names that a run of this version may take, the wanted one first. The others are for when it is taken: by a run of
 * a revision whose name came back after a roll-back, by another Application's component of the same name, or by
 * somebody who does not want the run and may create TaskRuns.
 */
export function runNames(version: Task, seenAt: Date): readonly string[] {
  const name = joinName(componentName(version), suffix(version, seenAt));
  return namesOf(name, identity(version));
}

/** The names of a run that the schedule asks for; they carry its time, in UTC, whatever nameSuffix says. */
export function scheduledRunNames(task: Task, time: Date): readonly string[] {
  const name = joinName(componentName(task), minuteSuffix(time));
  return namesOf(name, `${task.metadata.uid}/${time.toISOString()}`);
}

/** What runs are named after: the Application's component, or the Task itself where there is none. */
export function componentName({ metadata }: Task): string {
  return metadata.labels?.[velaLabels.component] || metadata.name;
}

function identity({ metadata }: Task): string {
  return `${metadata.uid}/${metadata.generation ?? 0}`;
}

function suffix(version: Task, seenAt: Date): string {
  switch (policyOf(version).nameSuffix) {
    case 'Revision':
      return revisionSuffix(version);
    case 'Timestamp':
      return timestampSuffix(version, seenAt);
    case 'UUID':
      return uuidSuffix(version);
  }
}

/** v3 of app-worker-v3; an id's own text; else the Task's generation. */
function revisionSuffix({ metadata, spec }: Task): string {
  const { appRevision = '', id = '' } = spec.trigger ?? {};
  const idPart = id
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '')
    .slice(0, 16);
  return idPart || /-(v\d{1,10})$/.exec(appRevision)?.[1] || `g${metadata.generation ?? 0}`;
}

/** UTC minutes: 202503201230. */
function timestampSuffix({ metadata }: Task, seenAt: Date): string {
  const time = metadata.generation === 1 ? new Date(metadata.creationTimestamp) : seenAt;
  return minuteSuffix(time);
}

/** A UUID of version 8 (RFC 9562: its bits are ours to choose), made of a hash instead of randomness. */
function uuidSuffix(version: Task): string {
  const hex = hexHash(identity(version), 32);
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20)].join('-');
}
