/** What the API server would refuse in the Jobs of a Task or a TaskTemplate, whose own schema leaves it open. */
import { workspaceVolume } from '../../domain/shape/workspace.ts';
import type { SchemaProblem } from '../schema.ts';
import { jobProblems } from './job.ts';
import { Place } from './place.ts';
import { podTemplateProblems } from './pod.ts';

/** @param isWhole whether the object is as it will be applied: traits that are not evaluated add volumes and limits */
export function jobsProblems(object: unknown, isWhole: boolean): readonly SchemaProblem[] {
  const spec = new Place(object).at('spec');
  const globals = spec.at('globals');
  const shared = globals.at('volumes').items.flatMap((volume) => volume.at('name').text ?? []);
  const volumes = globals.at('workspace').isThere ? [...shared, workspaceVolume] : shared;
  return [...ofJob(spec, [], isWhole), ...spec.at('steps').items.flatMap((step) => ofJob(step, volumes, isWhole))];
}

function ofJob(place: Place, volumes: readonly string[], isWhole: boolean): readonly SchemaProblem[] {
  const template = place.at('template');
  if (!template.at('spec').isThere) return [];
  return [...podTemplateProblems(template, { volumes, isWhole }), ...jobProblems(place.at('job'), template)];
}
