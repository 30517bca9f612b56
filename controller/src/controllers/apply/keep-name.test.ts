import { describe, expect, it, vi } from 'vitest';
import type { ApplicationObject } from '../../cluster/workflow-step.ts';
import { ApiError } from '../../kube/api-error.ts';
import { velaLabels } from '../../resources/index.ts';
import { TaskMemory } from '../task-memory.ts';
import type { ApplyContext } from './context.ts';
import { keepName } from './keep-name.ts';

const application = { name: 'shop', namespace: 'shop' };
const action = { kind: 'keepName', application } as const;
const labels = { [velaLabels.application]: 'shop', [velaLabels.component]: 'eu-dump' };
const task = { metadata: { name: 'shop-eu-dump', namespace: 'shop', labels }, spec: {} };
const applied = (name: string) => ({ apiVersion: 'task.oam.dev/v1alpha1', kind: 'Task', name, namespace: 'shop' });
const applying = (names: readonly string[], annotations = {}): ApplicationObject => ({
  apiVersion: 'core.oam.dev/v1beta1',
  kind: 'Application',
  metadata: { ...application, annotations },
  status: { appliedResources: names.map(applied) },
});
const refused = (status: number) =>
  new ApiError(
    { verb: 'get', resource: 'applications.core.oam.dev', kind: 'Application' },
    { status, reason: 'Refused', message: 'refused' },
  );

/** A controller that finds that Application, or that error. */
function finding(found: ApplicationObject | ApiError) {
  const patch = vi.fn(() => Promise.resolve(found));
  const get = () => (found instanceof ApiError ? Promise.reject(found) : Promise.resolve(found));
  const memory = new TaskMemory();
  const log = { debug: vi.fn(), info: vi.fn() };
  return { context: { client: { get, patch }, memory, log, task } as unknown as ApplyContext, memory, patch };
}

describe('a Task that has the name of earlier versions', () => {
  it('keeps it: its Application says so from then on', async () => {
    const { context, memory, patch } = finding(applying(['shop-eu-dump']));
    await keepName(action, context);
    const annotations = { 'task.oam.dev/joined-by': '-' };
    expect(patch.mock.calls).toEqual([[expect.anything(), application, { metadata: { annotations } }]]);
    expect(memory.nameKept).toBe(true);
  });

  it.each([
    ['says so already', applying(['shop-eu-dump'], { 'task.oam.dev/joined-by': '-' })],
    ['does not say that it applied the Task: anybody can write labels', applying(['shop-else'])],
    ['has a Task of a later name, which would get another one', applying(['shop-eu-dump', 'shop--clean-up'])],
    ['is on the hub', refused(404)],
  ])('writes nothing where the Application %s', async (_why, found) => {
    const { context, memory, patch } = finding(found);
    await keepName(action, context);
    expect(patch).not.toHaveBeenCalled();
    expect(memory.nameKept).toBe(true);
  });

  it('tries again where the API server cannot be asked', async () => {
    const { context, memory } = finding(refused(500));
    await expect(keepName(action, context)).rejects.toThrow('refused');
    expect(memory.nameKept).toBeUndefined();
  });
});
