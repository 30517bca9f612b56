/** Finds the Tasks and runs that people name. */
import { taskRuns, tasks, type TaskObject, type TaskRunObject } from '../cluster/resource-types.ts';
import { labelValue } from '../domain/lang/names.ts';
import { isForbidden, isNotFound } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import type { Stored } from '../kube/objects.ts';
import { namespaces } from '../kube/resources.ts';
import { listAll } from '../kube/list-all.ts';
import { newestFirst } from '../requests/prune-runs.ts';
import { labels, velaLabels } from '../resources/index.ts';
import { CliError, isKindMissing } from './errors.ts';
import type { Session } from './session.ts';

export type StoredTask = Stored<TaskObject>;
export type StoredRun = Stored<TaskRunObject>;

/**
 * The Task with this name: its own name, `<application>/<component>`, or its component's name if that is unique.
 * @throws CliError if there is none, or more than one
 */
export async function findTask(session: Session, text: string): Promise<StoredTask> {
  const task = await lookUpTask(session, text);
  if (task) return task;
  await requireNamespace(session);
  throw new CliError(
    `task ${text} does not exist in namespace ${session.namespace}: see \`${session.program} list\`, or -A for all namespaces`,
  );
}

async function lookUpTask({ client, namespace }: Session, text: string): Promise<StoredTask | undefined> {
  const [first = '', component] = text.split('/');
  if (component !== undefined) {
    const found = await listAll(client, tasks, {
      namespace,
      labelSelector: `${velaLabels.application}=${first},${velaLabels.component}=${component}`,
    });
    return only(found, text);
  }
  const named = await existing(client.get(tasks, { namespace, name: text }));
  // A label's value has at most 63 characters, so a longer name cannot be a component's.
  return (
    named ??
    (text.length > 63
      ? undefined
      : only(await listAll(client, tasks, { namespace, labelSelector: `${velaLabels.component}=${text}` }), text))
  );
}

function only(found: readonly StoredTask[], text: string): StoredTask | undefined {
  if (found.length <= 1) return found[0];
  const names = found.slice(0, 5).map(({ metadata }) => metadata.name);
  throw new CliError(
    `${found.length} tasks match ${text}: write one of ${names.join(', ')}${found.length > 5 ? ', ...' : ''}`,
  );
}

/** @throws CliError if there is none */
export async function findRun(session: Session, name: string): Promise<StoredRun> {
  const run = await existing(session.client.get(taskRuns, { namespace: session.namespace, name }));
  if (run) return run;
  await requireNamespace(session);
  throw new CliError(
    `run ${name} does not exist in namespace ${session.namespace}: see \`${session.program} runs TASK\``,
  );
}

/** The run with that name, or else the task. A name with a slash is a task's. */
export async function findRunOrTask(
  session: Session,
  text: string,
): Promise<{ readonly run: StoredRun } | { readonly task: StoredTask }> {
  const { client, namespace, program } = session;
  const run = text.includes('/') ? undefined : await existing(client.get(taskRuns, { namespace, name: text }));
  if (run) return { run };
  const task = await lookUpTask(session, text);
  if (task) return { task };
  await requireNamespace(session);
  throw new CliError(
    `there is neither a run nor a task ${text} in namespace ${namespace}: see \`${program} list\` and \`${program} runs TASK\``,
  );
}

/** All runs of a Task, newest first. */
export async function runsOf(client: Client, { metadata: { name, namespace } }: StoredTask): Promise<StoredRun[]> {
  // A run that a person created gets the label only when the controller adopts it.
  const all = await listAll(client, taskRuns, { namespace });
  return all.filter(({ spec }) => spec.taskRef.name === name).sort(newestFirst);
}

/** For label selectors. */
export const ofTask = (task: string): string => `${labels.task}=${labelValue(task)}`;

/** @throws CliError if the namespace does not exist; not if the person may not read namespaces */
export async function requireNamespace({ client, namespace }: Session): Promise<void> {
  const found = await existing(client.get(namespaces, { name: namespace })).catch((error: unknown) => {
    if (isForbidden(error)) return true;
    throw error;
  });
  if (found === undefined) throw new CliError(`namespace ${namespace} does not exist: name another with -n`);
}

async function existing<T>(reading: Promise<T>): Promise<T | undefined> {
  return reading.catch((error: unknown) => {
    if (isNotFound(error) && !isKindMissing(error)) return undefined;
    throw error;
  });
}
