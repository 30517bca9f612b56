/** When KubeVela makes a revision of an Application, and how the revision is called. As KubeVela 1.10. */
import { sameJson } from '../domain/lang/same-json.ts';
import { velaAnnotations, type ApplicationMeta } from './labels.ts';

/** A version of an Application: one that is deployed, or one that is about to be. */
export interface ApplicationVersion {
  readonly spec: unknown;
  /** How the Application calls this version; undefined where it does not. */
  readonly publishVersion: string | undefined;
}

/** The version under which an Application asks to be published; undefined where the annotation is missing. */
export function publishVersionOf({ annotations }: Pick<ApplicationMeta, 'annotations'>): string | undefined {
  return annotations?.[velaAnnotations.publishVersion];
}

/**
 * Whether an Application keeps its latest revision. While its publishVersion stays the same, a changed spec is not
 * deployed at all; without one, a changed spec is a new revision.
 */
export function keepsRevision(latest: ApplicationVersion, wanted: ApplicationVersion): boolean {
  if (wanted.publishVersion !== undefined && wanted.publishVersion === latest.publishVersion) return true;
  return samePublishVersion(latest, wanted) && sameJson(latest.spec, wanted.spec);
}

/** To KubeVela an empty publishVersion names no version. */
export function samePublishVersion(
  a: Pick<ApplicationVersion, 'publishVersion'>,
  b: Pick<ApplicationVersion, 'publishVersion'>,
): boolean {
  return (a.publishVersion ?? '') === (b.publishVersion ?? '');
}

/**
 * How a revision is called. KubeVela takes the number after the latest revision's. After a roll-back the latest one is
 * an old one, so a name can come back for another spec.
 */
export function revisionName(application: string, number: number): string {
  return `${application}-v${number}`;
}

/** The number at the end of a revision's name; 0 where it has none. */
export function revisionNumber(name: string): number {
  return Number(/-v(\d+)$/.exec(name)?.[1] ?? 0);
}

/** KubeVela writes a revision's name into a label of everything that it applies. */
const mostRevisionName = 63;

/** Why nothing of the revision can be applied, if so. */
export function revisionProblem(name: string): string | undefined {
  return name.length <= mostRevisionName
    ? undefined
    : `the revision's name ${name} has ${name.length} characters, and KubeVela writes it into a label, which has at most ${mostRevisionName}: choose a shorter name`;
}
