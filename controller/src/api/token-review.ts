/** Whose a token is, and what it is for: the cluster answers (TokenReview). */
import type { Client } from '../kube/client.ts';
import { resourceType, type KubeObject } from '../kube/objects.ts';

interface TokenReview extends KubeObject {
  spec: { token: string; audiences?: string[] };
  status?: { authenticated?: boolean; user?: UserInfo; audiences?: string[]; error?: string };
}

export interface UserInfo {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: string[];
  readonly extra?: Record<string, string[]>;
}

const tokenReviews = resourceType<TokenReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'tokenreviews',
  kind: 'TokenReview',
  namespaced: false,
});

/** A token that the cluster accepts. */
export interface Reviewed {
  readonly user: UserInfo & { readonly username: string };
  /** Set for a token that only reads: the audience that it is for, which is not the API server's. */
  readonly readingAudience: string | undefined;
}

/**
 * Asks first whether the API server itself accepts the token, as a token may be for both.
 * @param audience that of tokens for reading; without it there are none
 * @returns undefined if the cluster does not accept it for one or the other
 * @throws ApiError if the cluster cannot be reached
 */
export async function reviewToken(
  client: Pick<Client, 'create'>,
  token: string,
  audience: string | undefined,
): Promise<Reviewed | undefined> {
  const user = await userOf(client, token);
  if (user) return { user, readingAudience: undefined };
  const reader = audience === undefined ? undefined : await userOf(client, token, audience);
  return reader && { user: reader, readingAudience: audience };
}

/**
 * Whether that audience is one of the API server's own, so that a token for it is not only for reading. The
 * controller's own token, which the API server accepts, tells.
 * @throws ApiError if the cluster cannot be reached
 */
export async function isAudienceOfApiServer(
  client: Pick<Client, 'create' | 'bearerToken'>,
  audience: string,
): Promise<boolean> {
  const own = await client.bearerToken();
  // Who shows a certificate has no token to compare.
  return own !== undefined && (await userOf(client, own, audience)) !== undefined;
}

/** @param audience whom the token must be for; the API server when left out */
async function userOf(
  client: Pick<Client, 'create'>,
  token: string,
  audience?: string,
): Promise<Reviewed['user'] | undefined> {
  const spec = { token, ...(audience !== undefined && { audiences: [audience] }) };
  const { authenticated, user, audiences = [] } = (await client.create(tokenReviews, { spec })).status ?? {};
  if (authenticated !== true || user?.username === undefined) return undefined;
  // An authenticator that knows no audiences accepts the token and names none: then it is for the API server.
  if (audience !== undefined && !audiences.includes(audience)) return undefined;
  return { ...user, username: user.username };
}
