/** What `suspend` and `resume` do. */
import { tasks } from '../cluster/resource-types.ts';
import { velaLabels } from '../resources/index.ts';
import { velaAnnotations } from '../vela/labels.ts';
import { exitCodes } from './errors.ts';
import { findTask, type StoredTask } from './find.ts';
import type { Session } from './session.ts';

/** Sets `spec.suspend`, and says whether KubeVela may revert it. */
export async function setSuspend(session: Session, text: string, suspend: boolean): Promise<number> {
  const { client, io } = session;
  const task = await findTask(session, text);
  const { name, namespace } = task.metadata;
  const word = suspend ? 'suspended' : 'resumed';
  if ((task.spec.suspend ?? false) === suspend) {
    await io.out.write(`task ${name} is already ${suspend ? 'suspended' : 'not suspended'}\n`);
  } else {
    await client.patch(tasks, { namespace, name }, { spec: { suspend } }, { fieldManager: 'task-runs-cli' });
    await io.out.write(`task ${name} is ${word}${suspend ? ': new runs wait, and active runs continue' : ''}\n`);
  }
  const remark = contradiction(task, suspend);
  if (remark !== undefined) await io.err.write(`${remark}\n`);
  return exitCodes.ok;
}

/**
 * KubeVela reverts, within minutes, each field that the Application's properties set to another value.
 *
 * @returns what to do about it; undefined if the change stays
 */
export function contradiction(
  { metadata: { labels = {}, annotations = {} } }: Pick<StoredTask, 'metadata'>,
  suspend: boolean,
): string | undefined {
  const { [velaLabels.application]: application, [velaLabels.component]: component } = labels;
  if (application === undefined) return undefined;
  const rendered = renderedSuspend(annotations[velaAnnotations.lastApplied]);
  if (rendered === suspend || rendered === 'unset') return undefined;
  const remedy = `write suspend: ${suspend} into the properties of component ${component ?? ''} and deploy it`;
  return rendered === 'unknown'
    ? `if Application ${application} says suspend: ${!suspend}, KubeVela reverts it; in that case ${remedy}`
    : `but Application ${application} says suspend: ${!suspend}, and KubeVela reverts it within minutes: ${remedy}`;
}

/**
 * What the Application says: `unset` if it does not set the field, `unknown` if KubeVela keeps no copy to compare with.
 */
function renderedSuspend(copy: string | undefined): boolean | 'unset' | 'unknown' {
  if (copy === undefined || copy === '-') return 'unknown';
  try {
    const { spec } = JSON.parse(copy) as { spec?: { suspend?: boolean } };
    return spec?.suspend ?? 'unset';
  } catch {
    return 'unknown'; // not what KubeVela writes
  }
}
