/**
 * Copies of their TaskTemplates for the runs that name them.
 */
import type { Action } from '../model/actions.ts';
import type { TaskView } from '../model/view.ts';
import { copiesOf, lacksTemplates, missingTemplates, templateNames } from '../shape/templates.ts';

/** Copies of their templates for the runs that lack them, once all are there. */
export function fillTemplates({ active, state }: TaskView): readonly Action[] {
  return active.flatMap(({ record: run, refusal }): readonly Action[] => {
    if (refusal || !lacksTemplates(run) || missingTemplates(run, state.cluster.templates).length > 0) return [];
    const templates = copiesOf(templateNames(run.spec.snapshot), state.cluster.templates);
    const { name, uid } = run.metadata;
    return [{ kind: 'fillTemplates', name, uid, templates }];
  });
}
