import type { Snapshot } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import type { FlowStep } from '../model/flow.ts';

/** A step of the run's one template. Outputs that say nothing of where they come from are each step's own. */
export function templateStep(name: string, { template = {}, job, retry, outputs }: Snapshot): FlowStep {
  const own = outputs?.filter(({ valueFrom }) => valueFrom === undefined);
  return { ...compact({ name, job, retry, outputs: own && own.length > 0 ? own : undefined }), template };
}
