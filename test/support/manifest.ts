import type { ResourceType } from '../../controller/src/kube/objects.ts';
import type { ServedTypes } from '../../sandbox/src/kubevela/served-types.ts';

/** An object as a test writes it, right or wrong. */
export interface Manifest extends Readonly<Record<string, unknown>> {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: object;
}

/** @throws Error where the API server has no such kind */
export async function typeOf(types: ServedTypes, { apiVersion = '', kind = '' }: Manifest): Promise<ResourceType> {
  const type = await types.find({ apiVersion, kind });
  if (!type) throw new Error(`the API server has no ${kind} of ${apiVersion}`);
  return type;
}
