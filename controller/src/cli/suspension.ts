/** What `suspend` and `resume` do. */
import { tasks } from '../cluster/resource-types.ts';
import { velaLabels } from '../resources/index.ts';
import { exitCodes } from './errors.ts';
import { findTask, type StoredTask } from './find.ts';
import type { Session } from './session.ts';

/** Sets `spec.suspend`, and says what may undo it. */
export async function setSuspend(session: Session, text: string, suspend: boolean): Promise<number> {
  const { client, io } = session;
  const task = await findTask(session, text);
  const { name, namespace } = task.metadata;
  const word = suspend ? 'suspended' : 'resumed';
  if ((task.spec.suspend ?? false) === suspend) {
    await io.out.write(`task ${name} is ${suspend ? 'suspended' : 'not suspended'} already\n`);
  } else {
    await client.patch(tasks, { namespace, name }, { spec: { suspend } }, { fieldManager: 'task-runs-cli' });
    await io.out.write(`task ${name} is ${word}${suspend ? ': new runs wait, and active ones go on' : ''}\n`);
  }
  const remark = contradiction(task, suspend);
  if (remark !== undefined) await io.err.write(`${remark}\n`);
  return exitCodes.ok;
}

/** KubeVela's copy of what it rendered. */
const lastApplied = 'app.oam.dev/last-applied-configuration';

/**
 * KubeVela puts back, within minutes, each field that the Application's properties set to something else.
 *
 * @returns what to do about it; undefined where nothing speaks against it
 */
export function contradiction(
  { metadata: { labels = {}, annotations = {} } }: Pick<StoredTask, 'metadata'>,
  suspend: boolean,
): string | undefined {
  const { [velaLabels.application]: application, [velaLabels.component]: component } = labels;
  if (application === undefined) return undefined;
  const rendered = renderedSuspend(annotations[lastApplied]);
  if (rendered === suspend || rendered === 'unset') return undefined;
  const remedy = `write suspend: ${suspend} into the properties of component ${component ?? ''} and deploy it`;
  return rendered === 'unknown'
    ? `should Application ${application} say suspend: ${!suspend}, KubeVela puts that back: ${remedy}, then`
    : `but Application ${application} says suspend: ${!suspend}, and KubeVela puts that back within minutes: ${remedy}`;
}

/**
 * What the Application says: `unset` where it leaves the field to others, `unknown` where KubeVela keeps no copy to
 * look at.
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
