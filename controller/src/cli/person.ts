import { ApiError } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import { resourceType, type KubeObject } from '../kube/objects.ts';

interface SelfSubjectReview extends KubeObject {
  status?: { userInfo?: { username?: string } };
}

const selfSubjectReviews = resourceType<SelfSubjectReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'selfsubjectreviews',
  kind: 'SelfSubjectReview',
  namespaced: false,
});

/** The name under which the API server knows the person; undefined if it does not say. */
export async function whoAmI(client: Client): Promise<string | undefined> {
  try {
    return (await client.create(selfSubjectReviews, {})).status?.userInfo?.username;
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}
