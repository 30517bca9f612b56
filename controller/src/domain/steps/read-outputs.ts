/**
 * The outputs of each Job that is complete, before its run is called finished.
 */
import type { Action } from '../model/actions.ts';
import { conditionOf } from '../model/objects.ts';
import type { TaskState } from '../model/state.ts';
import { partsOf, type PartView, type TaskView } from '../model/view.ts';
import { awaitsNode } from '../shape/same-node.ts';
import { lacksOutputs } from '../status/job.ts';

/** The outputs of each Job that is complete, before its run is called finished. */
export function readOutputs(view: TaskView): readonly Action[] {
  return view.active.flatMap((run) =>
    partsOf(run).flatMap((part): readonly Action[] => {
      if (
        !part.job ||
        part.finished ||
        !(lacksOutputs(part, view.state) || (awaitsNode(run.record) && lacksNode(part, view.state)))
      )
        return [];
      return [
        {
          kind: 'readTermination',
          job: part.job.metadata.name,
          uid: part.job.metadata.uid,
          container: firstContainer(part.record.spec.snapshot?.template),
        },
      ];
    }),
  );
}

/** Whether it is to be asked where the pod ran, which is known no more once it succeeded. */
function lacksNode({ job, pods }: PartView, { memory: { terminationMessages } }: TaskState): boolean {
  return (
    job !== undefined &&
    conditionOf(job, 'Complete') !== undefined &&
    !terminationMessages.has(job.metadata.uid) &&
    pods.every(({ nodeName }) => nodeName === undefined)
  );
}

function firstContainer(template: object | undefined): string | undefined {
  const { spec } = (template ?? {}) as {
    readonly spec?: { readonly containers?: readonly { readonly name?: string }[] };
  };
  return spec?.containers?.[0]?.name;
}
