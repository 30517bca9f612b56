import type { Application, StepStatus } from './application.ts';
import { coreApiVersion } from '../../../controller/src/vela/labels.ts';
import { refOf } from './objects.ts';
import type { ObjectStore } from './store.ts';

async function readApplication(store: ObjectStore, namespace: string, name: string): Promise<Application> {
  const app = await store.get({ apiVersion: coreApiVersion, kind: 'Application', namespace, name });
  if (!app) throw new Error(`there is no Application ${namespace}/${name}`);
  return app as Application;
}

/** What `vela workflow restart` does: the workflow's status is deleted, so it starts again. */
export async function restartWorkflow(store: ObjectStore, namespace: string, name: string): Promise<void> {
  const app = await readApplication(store, namespace, name);
  await store.patchStatus(refOf(app), { workflow: null });
}

/** What `vela workflow terminate` does: what runs has failed, and nothing more begins. */
export async function terminateWorkflow(store: ObjectStore, namespace: string, name: string): Promise<void> {
  const app = await readApplication(store, namespace, name);
  const stopped = (step: StepStatus): StepStatus => ({
    ...step,
    ...(isUnderWay(step) ? { phase: 'failed' as const, reason: 'Terminate' } : {}),
    ...(step.subSteps ? { subSteps: step.subSteps.map(stopped) } : {}),
  });
  const steps = (app.status?.workflow?.steps ?? []).map(stopped);
  await store.patchStatus(refOf(app), { workflow: { terminated: true, suspend: false, steps } });
}

const isUnderWay = ({ phase }: StepStatus): boolean => phase === 'running' || phase === 'suspending';
